"""Writes down what was decided on a line of the bank. Called by the verbs that decide, which hold the line's lock."""

from __future__ import annotations

from core.database import db
from core.event_log import record_event
from invoicing.bank.models import BankLine, BankMatch, MatchKind


def note_match(
    line: BankLine,
    kind: MatchKind,
    *,
    part: int = 0,
    match_id: int | None = None,
    entry_id: int | None = None,
    payout_entry_id: int | None = None,
    payment_id: int | None = None,
    reason: str = "",
    actor_id: int | None = None,
) -> BankMatch:
    """Write a part of a decision and its event. The database takes one that holds per place and per entry."""
    match = BankMatch(
        id=match_id,
        line_id=line.id,
        part=part,
        kind=kind,
        entry_id=entry_id,
        payout_entry_id=payout_entry_id,
        payment_id=payment_id,
        reason=reason,
        decided_by_id=actor_id,
    )
    db.session.add(match)
    db.session.flush()
    record_event(
        "bank.line_decided", actor_id=actor_id, subject=("bank_line", line.id), decision=kind,
        entry_id=entry_id, reason=reason,
    )  # fmt: skip
    return match
