"""What the database itself refuses of export batches: any change of one, and a piece that another one holds.

On PostgreSQL two transactions do not see each other's items: there the unique (entry, turn) refuses the second.
"""

from __future__ import annotations

from core.triggers import freeze, register_check

for table in ("export_batch", "export_batch_item", "export_batch_cancellation"):
    freeze(table)

_HELD = (
    "EXISTS (SELECT 1 FROM export_batch_item AS other WHERE other.entry_id = NEW.entry_id AND NOT EXISTS "
    "(SELECT 1 FROM export_batch_cancellation AS cancel WHERE cancel.batch_id = other.batch_id))"
)
_MESSAGE = "entry is in an export batch already"

register_check(
    "checked_export_batch_item",
    "export_batch_item",
    "BEFORE INSERT",
    sqlite=f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}') WHERE {_HELD}; END",
    body=f"IF {_HELD} THEN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
    "RETURN NEW;",
)
