"""Books that were kept in another software go on here: its FEC is read, planned, shown, then opened once.

Money's way: `books` (balances and open pieces) → `open_items` (what each customer still owes, by invoice) →
`waiting_vat` → `plan` (accounts, customers, numbers, what stands against it) → `take_over` (one transaction), or
`undo_takeover`. The first three are read once by a long task (`read_file`); `tasks` has what the pages ask for.
"""
