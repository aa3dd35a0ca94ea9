"""Which entries an export would take, and what of them: for the page that shows it and for the verb that does it.

Read-only, for the company entered. What is in a batch that stands is never taken again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import ColumnElement, distinct, exists, func, select

from accounting.exports.formats import FORMATS, ExportFormat, Limits
from accounting.exports.models import ExportBatchCancellation, ExportBatchItem
from accounting.exports.pieces import ExportOptions
from accounting.exports.settings import export_options
from accounting.exports.text import DoesNotFit, fitted_account, fitted_code
from accounting.models import Account, EntryLine, Journal, JournalEntry, JournalKind
from accounting.roles import ROLES, AccountRole
from core.database import db

MOST_SHOWN = 20
"""Codes that do not fit, shown on the page; there is one way to mend them all."""


@dataclass(frozen=True)
class ExportChoice:
    """What the accountant asks for; both days are included. `journals`: codes."""

    format: str
    starts_on: date
    ends_on: date
    journals: tuple[str, ...]

    @property
    def export_format(self) -> ExportFormat:
        """The format asked for."""
        return FORMATS[self.format]


@dataclass(frozen=True)
class JournalShare:
    """What one journal would give."""

    code: str
    label: str
    entry_count: int
    line_count: int
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True)
class ExportPreview:
    """What an export would take.

    Attributes:
        last_entry_id: the highest id among the entries; later ones are not part of what was seen.
        held_count: entries of the period and the journals that are in a batch already.
        misfits: accounts, codes and journals that the format has no room for; with any, nothing is exported.
    """

    choice: ExportChoice
    options: ExportOptions
    journals: tuple[JournalShare, ...]
    last_entry_id: int
    held_count: int
    misfits: tuple[str, ...]

    @property
    def entry_count(self) -> int:
        """Entries in all."""
        return sum(share.entry_count for share in self.journals)

    @property
    def line_count(self) -> int:
        """Lines in all."""
        return sum(share.line_count for share in self.journals)

    @property
    def debit_cents(self) -> int:
        """All debits."""
        return sum(share.debit_cents for share in self.journals)

    @property
    def credit_cents(self) -> int:
        """All credits: the same, or the books do not hold."""
        return sum(share.credit_cents for share in self.journals)

    @property
    def can_be_made(self) -> bool:
        """True when there is something and all of it fits."""
        return self.entry_count > 0 and not self.misfits

    @property
    def seen(self) -> str:
        """Changes when what the page showed has changed; the order carries it."""
        shown = [
            asdict(self.choice),
            asdict(self.options),
            self.last_entry_id,
            self.entry_count,
            self.debit_cents,
        ]
        return hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()


def exportable_journals() -> list[Journal]:
    """The company's journals, by code."""
    return list(db.session.scalars(select(Journal).order_by(Journal.code)))


def usual_journals() -> tuple[str, ...]:
    """What is exported unless chosen otherwise: all but the opening entries, which her software makes itself."""
    return tuple(journal.code for journal in exportable_journals() if journal.kind is not JournalKind.OPENING)


def is_held() -> ColumnElement[bool]:
    """SQL: the JournalEntry at hand is in a batch that was not cancelled."""
    cancelled = exists().where(ExportBatchCancellation.batch_id == ExportBatchItem.batch_id)
    return exists().where(ExportBatchItem.entry_id == JournalEntry.id, ~cancelled)


def chosen_entries(choice: ExportChoice) -> Sequence[ColumnElement[bool]]:
    """SQL: the JournalEntry at hand is of the period and of one of the journals."""
    of_journals = select(Journal.id).where(Journal.code.in_(choice.journals))
    return (
        JournalEntry.entry_date.between(choice.starts_on, choice.ends_on),
        JournalEntry.journal_id.in_(of_journals),
    )


def earliest_free_day(journals: Sequence[str]) -> date | None:
    """The day of the first entry of these journals that is in no batch; None when all are."""
    of_journals = select(Journal.id).where(Journal.code.in_(journals))
    return db.session.scalar(
        select(func.min(JournalEntry.entry_date)).where(JournalEntry.journal_id.in_(of_journals), ~is_held())
    )


def preview_export(choice: ExportChoice) -> ExportPreview:
    """What that choice would export now."""
    options = export_options()
    wanted = (*chosen_entries(choice), ~is_held())
    last_entry_id = db.session.scalar(select(func.max(JournalEntry.id)).where(*wanted)) or 0
    held = db.session.scalar(
        select(func.count()).select_from(JournalEntry).where(*chosen_entries(choice), is_held())
    )
    return ExportPreview(
        choice,
        options,
        tuple(_shares(wanted)),
        last_entry_id,
        held or 0,
        tuple(_misfits(choice, options, wanted)),
    )


def _shares(wanted: Sequence[ColumnElement[bool]]) -> Iterator[JournalShare]:
    rows = db.session.execute(
        select(
            Journal.code,
            Journal.label,
            func.count(distinct(JournalEntry.id)),
            func.count(EntryLine.id),
            func.sum(EntryLine.debit_cents),
            func.sum(EntryLine.credit_cents),
        )
        .select_from(JournalEntry)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .where(*wanted)
        .group_by(Journal.code, Journal.label)
        .order_by(Journal.code)
    )
    for code, label, entries, lines, debit, credit in rows:
        yield JournalShare(code, label, entries, lines, int(debit), int(credit))


def _misfits(
    choice: ExportChoice, options: ExportOptions, wanted: Sequence[ColumnElement[bool]]
) -> list[str]:
    limits = choice.export_format.limits
    pairs = db.session.execute(
        select(Account.number, Account.role, EntryLine.auxiliary_code)
        .select_from(JournalEntry)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(*wanted)
        .distinct()
        .order_by(Account.number, EntryLine.auxiliary_code)
    )
    found = [code for code in choice.journals if not _fits_code(code, limits.journal)]
    for number, role, code in pairs:
        party = party_code(number, role, code)
        misfit = _misfit(number, party, limits, options.account_length)
        if misfit and misfit not in found:
            found.append(misfit)
    return found[:MOST_SHOWN]


def party_code(number: str, role: str | None, code: str) -> str:
    """The code that stands for the third party of a line; empty where its account 411… is its own already.

    Deposits received (419) have none either: many formats write the code instead of the account, and what was received
    in advance would stand on the customer's own account.
    """
    is_own = role is None and number.startswith("411")
    return "" if is_own or is_deposits_account(number) else code


def is_deposits_account(number: str) -> bool:
    """Whether an account is of deposits received, whatever role it plays now."""
    return number.startswith(ROLES[AccountRole.DEPOSITS].prefix)


def _misfit(number: str, party: str, limits: Limits, length: int) -> str:
    if party and not _fits_code(party, limits.party):
        return party
    if party and limits.merges_parties:
        return ""
    try:
        fitted_account(number, length, limits.account)
    except DoesNotFit:
        return number
    return ""


def _fits_code(code: str, longest: int) -> bool:
    try:
        fitted_code(code, longest)
    except DoesNotFit:
        return False
    return True
