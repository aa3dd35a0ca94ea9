"""PayPlug's accounting reports in the books: fees, payouts, disputes, and what else moved in the wallet.

`request_reports` (or a file uploaded by hand) → `report_reader` → `import_report` → `book_operations`; `wallet` compares.
"""
