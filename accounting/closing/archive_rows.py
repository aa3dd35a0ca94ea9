"""Which rows of the ledger and of the event log belong to the archive of a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from accounting.closing.archive_tables import ArchiveTable, Condition
from accounting.closing.checks import YearDays
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
from core.clock import paris_midnight
from core.event_log import Event
from core.tenancy import current_company_id


def booked_in_year(
    row_id: InstrumentedAttribute[int], day: InstrumentedAttribute[date], source_kind: str
) -> Condition:
    """Rows whose entry lies in the year; those without an entry by their day.

    Money keeps its day where the year of that day is closed, and is posted in a later one: it belongs to that one's
    archive. The closed year's may have been handed over, and says the same each time it is made.
    """

    def condition(year: YearDays) -> ColumnElement[bool]:
        dated = day.between(year.starts_on, year.ends_on)
        return row_id.in_(sources_in_year(year, source_kind)) | (dated & row_id.not_in(_sources(source_kind)))

    return condition


def sources_in_year(year: YearDays, source_kind: str) -> Select[int]:
    """SQL: the ids of what made an entry of the year."""
    return _sources(source_kind).where(JournalEntry.fiscal_year_id == year.id)


def sources_after_year(year: YearDays, source_kind: str) -> Select[int]:
    """SQL: the ids of what made an entry later than the year."""
    return _sources(source_kind).where(JournalEntry.entry_date > year.ends_on)


def since_until(at: InstrumentedAttribute[datetime], year: YearDays) -> ColumnElement[bool]:
    """SQL: the instant lies in the year, by the clocks of Paris."""
    return (at >= paris_midnight(year.starts_on)) & (at < paris_midnight(year.ends_on + timedelta(days=1)))


def _sources(source_kind: str) -> Select[int]:
    return select(JournalEntry.source_id).where(JournalEntry.source_kind == source_kind)


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
    return (Event.company_id == current_company_id()) & (Event.at >= paris_midnight(year.starts_on))


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
