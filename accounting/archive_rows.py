"""Which rows of the ledger and of the event log belong to the archive of a year."""

from __future__ import annotations

from datetime import datetime, time

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from accounting.archive_tables import ArchiveTable
from accounting.closing_checks import YearDays
from accounting.models import (
    Account,
    EntryLine,
    FiscalYear,
    Journal,
    JournalEntry,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from core.clock import PARIS
from core.event_log import Event
from core.tenancy import current_company_id


def _all(_year: YearDays) -> None:
    return None


def _entries(year: YearDays) -> ColumnElement[bool]:
    return JournalEntry.fiscal_year_id == year.id


def _lines(year: YearDays) -> ColumnElement[bool]:
    return EntryLine.entry_id.in_(select(JournalEntry.id).where(JournalEntry.fiscal_year_id == year.id))


def _lettering_lines(year: YearDays) -> ColumnElement[bool]:
    lines = select(EntryLine.id).join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
    return LetteringLine.line_id.in_(lines.where(JournalEntry.fiscal_year_id == year.id))


def _letterings(year: YearDays) -> ColumnElement[bool]:
    return Lettering.id.in_(select(LetteringLine.lettering_id).where(_lettering_lines(year)))


def _undone(year: YearDays) -> ColumnElement[bool]:
    return LetteringUndo.lettering_id.in_(select(LetteringLine.lettering_id).where(_lettering_lines(year)))


def _events(year: YearDays) -> ColumnElement[bool]:
    """From the first day of the year on: its closing and what was done to its documents after its end are among them.

    Events are of the installation too, so that the company is named here.
    """
    since = datetime.combine(year.starts_on, time(), PARIS)
    return (Event.company_id == current_company_id()) & (Event.at >= since)


TABLES = (
    ArchiveTable(Account, _l("chart of accounts"), _all, 10),
    ArchiveTable(Journal, _l("journals"), _all, 11),
    ArchiveTable(FiscalYear, _l("financial years"), _all, 12),
    ArchiveTable(JournalEntry, _l("entries"), _entries, 13),
    ArchiveTable(EntryLine, _l("lines of entries"), _lines, 14),
    ArchiveTable(Lettering, _l("letterings"), _letterings, 15),
    ArchiveTable(LetteringLine, _l("lines of letterings"), _lettering_lines, 16),
    ArchiveTable(LetteringUndo, _l("letterings undone"), _undone, 17),
    ArchiveTable(Event, _l("event log"), _events, 60),
)
