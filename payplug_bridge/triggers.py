"""What may never change among PayPlug's rows: what was received, the addresses notified, and what was asked for."""

from __future__ import annotations

from core import triggers

# An address given to PayPlug is valid for ever: payments made long ago still notify it.
triggers.freeze("payplug_endpoint")
# How a link may be paid is chosen anew by a new row.
triggers.freeze("payplug_link_terms")
triggers.freeze("payplug_decision")

_RECEIVED = ("company_id", "endpoint_id", "received_at", "body", "resource_id")
_ASKED = ("company_id", "document_id", "reference", "amount_cents", "mode", "way", "created_at")


def _same(columns: tuple[str, ...]) -> str:
    # Never NULL, unlike `=`, so that emptying a column is a change. Known to both engines (SQLite since 3.39).
    return " AND ".join(f"OLD.{column} IS NOT DISTINCT FROM NEW.{column}" for column in columns)


# How far a notification or an attempt has come changes; what it is does not, and none is deleted.
triggers.freeze("payplug_notification", allow=_same(_RECEIVED))
_ASKED_BACK = (
    "company_id", "attempt_id", "payment_id", "credit_note_id", "amount_cents", "reason", "reference", "request_key",
    "requested_by_id", "created_at",
)  # fmt: skip
# What PayPlug has given back stays given back.
triggers.freeze(
    "payplug_refund",
    allow=f"{_same(_ASKED_BACK)} AND (OLD.payplug_id IS NULL OR {_same(('payplug_id',))})"
    f" AND (OLD.refund_id IS NULL OR {_same(('refund_id',))})"
    " AND (OLD.state <> 'done' OR NEW.state = 'done')",
)
# Once known, the processor's id and the payment that was recorded stay; a paid attempt stays paid.
triggers.freeze(
    "payment_attempt",
    allow=f"{_same(_ASKED)} AND (OLD.payplug_id IS NULL OR {_same(('payplug_id',))})"
    f" AND (OLD.payment_id IS NULL OR {_same(('payment_id',))})"
    " AND (OLD.state <> 'paid' OR NEW.state = 'paid')",
)
