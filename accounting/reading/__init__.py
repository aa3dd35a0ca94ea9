"""Reading the books: journals, ledger, balances, ageing, VAT, and all of them as files. Writes nothing."""
