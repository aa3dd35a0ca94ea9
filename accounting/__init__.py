"""The ledger: journals, entries, lettering and exports; knows no invoice and no PayPlug."""
