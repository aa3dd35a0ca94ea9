"""What the database itself refuses about the bank: what a bank said never changes, what was decided ends once."""

from __future__ import annotations

from core import triggers


def _ends_once(table: str, kept: tuple[str, ...], ending: str) -> None:
    same = " AND ".join(
        f"OLD.{column} IS NOT DISTINCT FROM NEW.{column}" for column in ("id", "company_id", *kept)
    )
    triggers.freeze(table, allow=f"{same} AND OLD.{ending} IS NULL AND NEW.{ending} IS NOT NULL")


for frozen in ("bank_statement", "bank_line"):
    triggers.freeze(frozen)
_ends_once(
    "cheque_deposit",
    (
        "bank_account_id",
        "deposited_on",
        "cheque_count",
        "amount_cents",
        "request_key",
        "recorded_at",
        "recorded_by_id",
    ),
    "undone_on",
)
_ends_once("cheque_deposit_item", ("deposit_id", "payment_id", "amount_cents"), "returned_on")
_ends_once(
    "bank_match",
    (
        "line_id",
        "part",
        "kind",
        "entry_id",
        "payout_entry_id",
        "payment_id",
        "reason",
        "decided_at",
        "decided_by_id",
    ),
    "undone_at",
)
