"""What may never change: what a report said, what was booked of it, where the wallet began, and a report's file."""

from __future__ import annotations

from core import triggers

for table in ("payplug_operation", "payplug_booking", "payplug_wallet_opening"):
    triggers.freeze(table)

_ASKED = ("company_id", "origin", "request_key", "starts_on", "ends_on", "requested_at", "requested_by_id")
_SAME = " AND ".join(f"OLD.{column} IS NOT DISTINCT FROM NEW.{column}" for column in _ASKED)

# How far a report has come changes; what was asked for and the file that answered do not, and none is deleted.
triggers.freeze(
    "payplug_report",
    allow=f"{_SAME} AND (OLD.file_id IS NULL OR OLD.file_id = NEW.file_id)"
    " AND (OLD.state <> 'read' OR NEW.state = 'read')",
)
