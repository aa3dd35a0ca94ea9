"""Close a financial year for good: no entry is dated in it any more, and the next year begins with what it leaves.

Called by the page of the closings. Irreversible: the database itself refuses to open a closed year again.
What is decided here is written down in docs/decisions/0021-closing-a-year.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select

from accounting.chart import MissingRoleError
from accounting.closing.opening_entry import ClosingBalances, closing_balances, opening_draft
from accounting.errors import YearNotClosable, YearNotFound
from accounting.fiscal_years import count_entries_of, lock_all_years, year_after
from accounting.lettering.letter_lines import letter_lines
from accounting.lettering.undo_letterings import undo_letterings
from accounting.models import EntryLine, FiscalYear, JournalEntry, Lettering, LetteringLine, LetteringUndo
from accounting.post_entry import post_entry
from core.clock import paris_today, utc_now
from core.database import db
from core.event_log import record_event
from core.progress import Progress, silent, stretch

CLOSED = "year.closed"
"""The kind of the event."""


def close_year(
    year_id: int,
    *,
    today: date | None = None,
    actor_id: int | None = None,
    entries_seen: int | None = None,
    progress: Progress = silent,
) -> FiscalYear:
    """Close the year: opening entries of the next one, letterings that reach into it made anew there, then the lock.

    Everybody who posts meanwhile waits, and posts on the first open day. Done twice, nothing is done the second time.

    Args:
        year_id: the year.
        today: the business day; demo data and stories pass their own.
        actor_id: who closes it.
        entries_seen: how many entries the year had when it was looked at (`count_entries_of`): it is closed with these,
            which nobody changes, or not at all. None: it was not looked at.
        progress: told by the lettering that is undone and made again.

    Raises:
        YearNotFound: the company has no such year.
        YearNotClosable: it is not over, an earlier one is open, or entries came after it was looked at.
    """
    day = today or paris_today()
    year = next((found for found in lock_all_years(day) if found.id == year_id), None)
    if year is None:
        raise YearNotFound
    if year.closed_at is not None:
        return year
    _check(year, day)
    # All years are locked: nothing is posted between this look and the closing.
    if entries_seen is not None and count_entries_of(year.id) != entries_seen:
        raise YearNotClosable.changed()
    crossing = _undo_crossing(year, stretch(progress, 0, 50, 100))
    balances = closing_balances(year.id, {line: id_ for id_, each in crossing.items() for line in each.old})
    opening_id = _post_opening(year, balances)
    _letter_again(crossing, balances, opening_id, stretch(progress, 50, 100, 100))
    year.closed_at = utc_now()
    db.session.flush()
    record_event(
        CLOSED, actor_id=actor_id, subject=("fiscal_year", year.id), starts_on=year.starts_on, ends_on=year.ends_on,
        entries=count_entries_of(year.id), result_cents=-balances.result_cents, opening_entry=opening_id,
    )  # fmt: skip
    return year


def _check(year: FiscalYear, day: date) -> None:
    if year.ends_on >= day:
        raise YearNotClosable.not_over(year.ends_on)
    earlier = select(FiscalYear.ends_on).where(
        FiscalYear.ends_on < year.starts_on, FiscalYear.closed_at.is_(None)
    )
    first = db.session.scalars(earlier.order_by(FiscalYear.ends_on)).first()
    if first is not None:
        raise YearNotClosable.earlier_open(first)


class _Crossing(NamedTuple):
    """A lettering with lines of the year and of later years: the ids of each."""

    old: list[int]
    new: list[int]


def _undo_crossing(year: FiscalYear, progress: Progress) -> dict[int, _Crossing]:
    """Undo the letterings that reach into later years: their lines of this year are carried and lettered again there.

    Returns:
        What they held, by the id of the lettering.
    """
    undone = exists().where(LetteringUndo.lettering_id == Lettering.id)
    crossing = (
        select(Lettering.id)
        .where(~undone, _holds(JournalEntry.fiscal_year_id == year.id))
        .where(_holds(JournalEntry.entry_date > year.ends_on))
    )
    held = (
        select(LetteringLine.lettering_id, EntryLine.id, JournalEntry.fiscal_year_id)
        .join(EntryLine, EntryLine.id == LetteringLine.line_id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(LetteringLine.lettering_id.in_(crossing))
        .order_by(EntryLine.id)
    )
    found: dict[int, _Crossing] = defaultdict(lambda: _Crossing([], []))
    for lettering_id, line_id, year_id in db.session.execute(held):
        (found[lettering_id].old if year_id == year.id else found[lettering_id].new).append(line_id)
    for count, each in enumerate(found.values(), start=1):
        progress(count, len(found))
        undo_letterings(each.old[:1], reason=f"Clôture de l’exercice au {year.ends_on:%d/%m/%Y}")
        _letter_what_is_even(each.old)
    return dict(found)


def _letter_what_is_even(line_ids: Collection[int]) -> None:
    """Lines of one key that sum to zero within the year are lettered there: nothing of them is carried."""
    by_key: dict[str, list[EntryLine]] = defaultdict(list)
    for line in db.session.scalars(
        select(EntryLine).where(EntryLine.id.in_(line_ids)).order_by(EntryLine.id)
    ):
        by_key[line.match_key].append(line)
    for lines in by_key.values():
        if not sum(line.debit_cents - line.credit_cents for line in lines):
            letter_lines([line.id for line in lines])


def _holds(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQL: the Lettering at hand holds a line whose JournalEntry meets the condition."""
    return (
        exists()
        .where(LetteringLine.lettering_id == Lettering.id, EntryLine.id == LetteringLine.line_id)
        .where(JournalEntry.id == EntryLine.entry_id, condition)
        .correlate(Lettering)
    )


def _post_opening(year: FiscalYear, balances: ClosingBalances) -> int | None:
    following = year_after(year.ends_on)
    draft = opening_draft(year.id, following.starts_on, balances)
    if draft is None:
        return None
    try:
        return post_entry(draft)
    except MissingRoleError as missing:
        raise YearNotClosable.no_result_account() from missing


def _letter_again(
    crossing: Mapping[int, _Crossing], balances: ClosingBalances, opening_id: int | None, progress: Progress
) -> None:
    """Letter the later lines of each undone lettering with what was carried of its lines of the year."""
    carried: dict[int, list[int]] = defaultdict(list)
    for item, line_id in zip(balances.items, _opening_lines(opening_id, len(balances.items)), strict=True):
        if item.item.lettering_id is not None:
            carried[item.item.lettering_id].append(line_id)
    for count, (lettering_id, each) in enumerate(sorted(crossing.items()), start=1):
        progress(count, len(crossing))
        letter_lines([*each.new, *carried[lettering_id]])


def _opening_lines(opening_id: int | None, count: int) -> Sequence[int]:
    """The ids of the first lines of the opening entry: those of the items."""
    lines = select(EntryLine.id).where(EntryLine.entry_id == opening_id).order_by(EntryLine.position)
    return db.session.scalars(lines.limit(count)).all() if count else []
