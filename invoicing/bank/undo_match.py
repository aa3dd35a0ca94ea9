"""Takes a decision on a line of the bank back: what it booked is mirrored, and the line is open again."""

from __future__ import annotations

from flask_babel import gettext

from accounting.bank_facts import BankLineFact, PayoutArrivedFact
from accounting.bank_positions import position_of
from accounting.models import EntryLine, JournalEntry
from accounting.record_bank import record_bank
from core.clock import paris_today, utc_now
from core.database import db
from core.event_log import record_event
from invoicing.bank.banks import bank_of
from invoicing.bank.lines import live_parts, locked_line
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.cancel_payment import cancel_payment


def undo_match(line_id: int, *, pays: bool = True, actor_id: int | None = None) -> BankMatch | None:
    """Take back what holds on a line, all parts of it; nothing does: nothing is written.

    Args:
        pays: whether the person may take back a payment too; else one stays.

    Raises:
        NotFoundError: there is no such line.
        ConflictError: the payment it recorded cannot be cancelled, because money of it was given back.
    """
    line = locked_line(line_id)
    parts = live_parts(line_id)
    if not parts or (parts[0].kind is MatchKind.PAYMENT and not pays):
        return None
    now = utc_now()
    for match in parts:
        if match.kind is MatchKind.PAYMENT:
            assert match.payment_id is not None
            # Cancelled on its own page already, it is returned as it is.
            cancel_payment(match.payment_id, reason=gettext("Line of the bank undone"), actor_id=actor_id)
        elif match.kind in (MatchKind.PAYOUT, MatchKind.ACCOUNT):
            _mirror(line, match)
        match.undone_at = now
    db.session.flush()
    first = parts[0]
    record_event("bank.line_undone", actor_id=actor_id, subject=("bank_line", line.id), decision=first.kind)
    return first


def _mirror(line: BankLine, match: BankMatch) -> None:
    bank = bank_of(line.bank_account_id)
    assert bank is not None
    assert match.entry_id is not None
    entry = db.session.get_one(JournalEntry, match.entry_id)
    source, day = ("bank_match", match.id), max(paris_today(), line.booked_on)
    if match.kind is MatchKind.PAYOUT:
        record_bank(
            PayoutArrivedFact(source, day, entry.piece_ref, line.amount_cents, bank.place, is_taken_back=True)
        )
        return
    other = db.session.scalars(
        db.select(EntryLine.account_id).where(
            EntryLine.entry_id == entry.id, EntryLine.account_id != line.bank_account_id
        )
    ).one()
    position = position_of(line.bank_account_id, entry.id)
    assert position is not None, "what was booked for a line moves its bank account"
    record_bank(
        BankLineFact(
            source, day, entry.piece_ref, entry.label, position.cents, other, bank.place,
            is_taken_back=True,
        )
    )  # fmt: skip
