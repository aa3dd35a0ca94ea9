"""The lines of the bank: under lock for verbs, with what was decided on them for pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, select

from accounting.bank_positions import BankPosition, bank_positions, transfers_under_way
from accounting.models import JournalEntry
from core.database import db, lock
from core.errors import ConflictError
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.proposals import NEAR, Candidates, Line, Proposal, propose
from invoicing.errors import NotFoundError
from invoicing.open_invoices import all_open_invoices
from invoicing.payments import Payment

MOST_PROPOSED = 300
"""For how many lines at once proposals are made."""


FURTHER = timedelta(days=60)
"""How far a person may look for the movements that a line is (parameter: cheques and fees are recorded late)."""


class LineDecided(ConflictError):
    """Somebody was faster, in another window or at another desk."""

    default = _l("This line was decided on meanwhile. Look at it again.")


def locked_line(line_id: int) -> BankLine:
    """The line under lock: two that decide on it at once come one after the other.

    Raises:
        NotFoundError: the company has no such line.
    """
    line = lock(select(BankLine).where(BankLine.id == line_id))
    if line is None:
        raise NotFoundError
    return line


def open_line(line_id: int) -> BankLine:
    """The line under lock, on which nothing is decided.

    Raises:
        NotFoundError: the company has no such line.
        LineDecided: something is.
    """
    line = locked_line(line_id)
    if live_match(line_id) is not None:
        raise LineDecided
    return line


def lock_entries(entry_ids: Collection[int]) -> None:
    """Lock entries by id, so that two lines that want one come one after the other, after the lines' own locks."""
    for entry_id in sorted(entry_ids):
        lock(select(JournalEntry).where(JournalEntry.id == entry_id))


def entries_taken(entry_ids: Collection[int]) -> bool:
    """Whether a line of the bank is one of these entries."""
    theirs = select(BankMatch.id).where(BankMatch.entry_id.in_(entry_ids), BankMatch.undone_at.is_(None))
    return db.session.scalars(theirs.limit(1)).first() is not None


def live_match(line_id: int) -> BankMatch | None:
    """The decision that holds on a line, by its first part."""
    return next(iter(live_parts(line_id)), None)


def live_parts(line_id: int) -> list[BankMatch]:
    """All parts of the decision that holds on a line."""
    theirs = select(BankMatch).where(BankMatch.line_id == line_id, BankMatch.undone_at.is_(None))
    return list(db.session.scalars(theirs.order_by(BankMatch.part)))


def is_decided() -> ColumnElement[bool]:
    """SQL over `BankLine`: a decision holds on it."""
    return (
        select(BankMatch.id).where(BankMatch.line_id == BankLine.id, BankMatch.undone_at.is_(None)).exists()
    )


def is_matched() -> ColumnElement[bool]:
    """SQL over `JournalEntry`: a line of the bank is this entry."""
    return (
        select(BankMatch.id)
        .where(BankMatch.entry_id == JournalEntry.id, BankMatch.undone_at.is_(None))
        .exists()
    )


def is_awaited() -> ColumnElement[bool]:
    """SQL over `JournalEntry`: a line of the bank may still be this entry.

    What a decision booked that was taken back is not awaited: the bank's line that it was is open again.
    """
    undone = (
        select(BankMatch.id)
        .where(BankMatch.entry_id == JournalEntry.id, BankMatch.kind == MatchKind.PAYMENT)
        .exists()
    )
    return and_(JournalEntry.source_kind != "bank_match", ~is_matched(), ~undone)


@dataclass(frozen=True)
class LineFilter:
    """Which lines a page shows: of a bank account, only those without a decision, of some days."""

    bank_account_id: int
    only_open: bool = True

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as SQL."""
        found: list[ColumnElement[bool]] = [BankLine.bank_account_id == self.bank_account_id]
        return [*found, ~is_decided()] if self.only_open else found


def count_lines(wanted: LineFilter) -> int:
    """How many lines the filter finds."""
    return db.session.scalar(select(func.count()).select_from(BankLine).where(*wanted.conditions())) or 0


def find_lines(wanted: LineFilter, *, limit: int, offset: int = 0) -> list[BankLine]:
    """One page of the lines, the latest on top."""
    found = select(BankLine).where(*wanted.conditions())
    order = BankLine.booked_on.desc(), BankLine.id.desc()
    return list(db.session.scalars(found.order_by(*order).limit(limit).offset(offset)))


def matches_of(line_ids: Collection[int]) -> Mapping[int, BankMatch]:
    """The decisions that hold on these lines, by line, each by its first part."""
    found = select(BankMatch).where(
        BankMatch.line_id.in_(list(line_ids)), BankMatch.part == 0, BankMatch.undone_at.is_(None)
    )
    return {match.line_id: match for match in db.session.scalars(found)}


def proposals_of(bank_account_id: int, lines: Sequence[BankLine]) -> dict[int, list[Proposal]]:
    """What each of these open lines may be; the oldest are asked first, so that equal ones keep their order."""
    if not lines:
        return {}
    days = [line.booked_on for line in lines]
    candidates = _candidates(bank_account_id, min(days) - NEAR, max(days) + NEAR)
    customers = _customers_by_iban({line.iban for line in lines if line.iban})
    asked = [
        Line(
            line.id,
            line.booked_on,
            line.amount_cents,
            f"{line.wording} {line.party} {line.reference}",
            customers.get(line.iban),
        )
        for line in sorted(lines, key=lambda line: (line.booked_on, line.id))[:MOST_PROPOSED]
    ]
    return propose(asked, candidates)


def unmatched_near(line: BankLine) -> list[BankPosition]:
    """The movements of the books, near the line's day, that no line of the bank is: the nearest days first."""
    near = JournalEntry.piece_date.between(line.booked_on - FURTHER, line.booked_on + FURTHER)
    found = bank_positions(line.bank_account_id, near, is_awaited())
    return sorted(found, key=lambda position: abs(position.day - line.booked_on))


def _candidates(bank_account_id: int, first: date, last: date) -> Candidates:
    in_time = JournalEntry.piece_date.between(first, last)
    arrived = (
        select(BankMatch.id)
        .where(BankMatch.payout_entry_id == JournalEntry.id, BankMatch.undone_at.is_(None))
        .exists()
    )
    return Candidates(
        entries=bank_positions(bank_account_id, in_time, is_awaited()),
        payouts=transfers_under_way(in_time, ~arrived),
        invoices=all_open_invoices(),
    )


def _customers_by_iban(ibans: Collection[str]) -> dict[str, int]:
    """Who has paid from these accounts before, as lines that were confirmed say."""
    if not ibans:
        return {}
    rows = db.session.execute(
        select(BankLine.iban, Payment.customer_id)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .join(Payment, Payment.id == BankMatch.payment_id)
        .where(BankLine.iban.in_(list(ibans)), BankMatch.undone_at.is_(None))
        .order_by(BankMatch.id)
    )
    return {row[0]: row[1] for row in rows}
