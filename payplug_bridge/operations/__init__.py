"""PayPlug's accounting reports in the books: fees, payouts, disputes, and what else moved in the wallet.

`request_reports` (or `upload_report`) → `report_reader` → `import_report` → `book_operations` and `book_disputes`;
`wallet` compares PayPlug's balance with the books.
"""
