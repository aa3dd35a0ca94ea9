"""Post one entry for good: number it, write its lines and then its row, seal it. The ledger's one door.

Called by `record` and `reverse_entry` inside the caller's transaction, after the documents' locks were taken.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, insert, select, update

from accounting.chart import Chart, read_chart
from accounting.drafts import EntryDraft, LineDraft
from accounting.errors import EntryRefused
from accounting.fiscal_years import open_year_for, year_to_open_with
from accounting.models import EntryCounter, JournalEntry
from accounting.roles import JournalCode
from accounting.sales_accounts import sales_account_id
from accounting.sealed_entry import payload_of_rows
from core.clock import utc_now
from core.database import Base, db, dialect_name, next_id_sql
from core.insert_missing import insert_missing
from core.seal import seal
from core.tenancy import COMPANY, current_company_id, execute_scoped, insert_row

LONGEST_LABEL = 255
LONGEST_PIECE_REF = 60


def post_entry(draft: EntryDraft) -> int:
    """Post the draft, on its day or on the first open day after it; its piece keeps the true date.

    The same source and purpose is posted once: the second time nothing is written.

    Returns:
        The id of its entry.

    Raises:
        EntryRefused: the draft is empty, has a zero line, or does not balance.
    """
    _check(draft)
    chart = read_chart()
    journal_id = _journal_id(chart, draft.journal)
    is_opening = draft.journal is JournalCode.OPENING
    year, day = year_to_open_with(draft.day) if is_opening else open_year_for(draft.day)
    counter = _locked_counter(journal_id, year.id)
    # The id and the instant are taken under the counter's lock, so both follow the numbers of the journal.
    posted_id, entry_id = _posted_and_next_id(draft)
    if posted_id is not None:
        return posted_id
    sequence = counter.last_number + 1
    place = {"journal_id": journal_id, "fiscal_year_id": year.id, "sequence": sequence, "entry_date": day}
    number = f"{chart.journal_code(journal_id)}{sequence:06d}"
    entry = {"id": entry_id, **place, "number": number, **_said(draft), "validated_at": utc_now()}
    _write(counter, entry, _line_rows(draft, chart, entry_id), chart)
    return entry_id


def _said(draft: EntryDraft) -> dict[str, Any]:
    """The columns of an entry that repeat its draft."""
    return {
        "piece_ref": draft.piece_ref[:LONGEST_PIECE_REF],
        "piece_date": draft.day,
        "label": draft.label[:LONGEST_LABEL],
        "source_kind": draft.source[0],
        "source_id": draft.source[1],
        "purpose": draft.purpose,
        "reverses_id": draft.reverses_id,
    }


def _write(counter: _Counter, entry: dict[str, Any], lines: list[dict[str, Any]], chart: Chart) -> None:
    connection = db.session.connection()
    connection.execute(_COUNT, {"counter_id": counter.id, "last_number": entry["sequence"]})
    # The row comes after its lines: the database checks them when it arrives, and takes no line later.
    connection.execute(_INSERT_LINES, lines)
    insert_row(_ENTRIES, **entry)
    seal("entry", entry["id"], payload_of_rows(entry, lines, chart))


def _check(draft: EntryDraft) -> None:
    if not draft.lines:
        raise EntryRefused(f"{draft.label}: an entry needs lines")
    if any(line.cents == 0 for line in draft.lines):
        raise EntryRefused(f"{draft.label}: a line of zero cents")
    difference = sum(line.cents for line in draft.lines)
    if difference:
        raise EntryRefused(f"{draft.label}: debits exceed credits by {difference} cents")


def _journal_id(chart: Chart, journal: JournalCode | int) -> int:
    return chart.journals[journal] if isinstance(journal, JournalCode) else journal


class _Counter(NamedTuple):
    """The last number of a journal and year, under lock."""

    id: int
    last_number: int


# Every posting passes here, so these go past the ORM and name the company themselves.
_COUNTERS, _ENTRIES = Base.metadata.tables["entry_counter"], Base.metadata.tables["journal_entry"]
_COUNTER = (
    select(_COUNTERS.c.id, _COUNTERS.c.last_number)
    .where(
        _COUNTERS.c.company_id == COMPANY,
        _COUNTERS.c.journal_id == bindparam("journal_id"),
        _COUNTERS.c.fiscal_year_id == bindparam("fiscal_year_id"),
    )
    .with_for_update()
)
_COUNT = (
    update(_COUNTERS)
    .where(_COUNTERS.c.id == bindparam("counter_id"))
    .values(last_number=bindparam("last_number"))
)
_INSERT_LINES = insert(Base.metadata.tables["entry_line"])


def _locked_counter(journal_id: int, year_id: int) -> _Counter:
    key = {"journal_id": journal_id, "fiscal_year_id": year_id}
    row = execute_scoped(_COUNTER, **key).one_or_none()
    if row is None:
        insert_missing(EntryCounter, company_id=current_company_id(), **key, last_number=0)
        row = execute_scoped(_COUNTER, **key).one()
    return _Counter(*row)


def _posted_and_next_id(draft: EntryDraft) -> tuple[int | None, int]:
    """The entry that the draft's fact has made already, or None, and the id that a new one takes."""
    kind, source_id = draft.source
    statement = _posted_and_next_id_statement(dialect_name())
    row = execute_scoped(statement, kind=kind, source_id=source_id, purpose=draft.purpose).one()
    return row[0], row[1]


@cache
def _posted_and_next_id_statement(dialect: str) -> Select[Any]:
    posted = select(_ENTRIES.c.id).where(
        _ENTRIES.c.company_id == COMPANY,
        _ENTRIES.c.source_kind == bindparam("kind"),
        _ENTRIES.c.source_id == bindparam("source_id"),
        _ENTRIES.c.purpose == bindparam("purpose"),
    )
    return select(posted.scalar_subquery(), next_id_sql(JournalEntry, dialect))


def _line_rows(draft: EntryDraft, chart: Chart, entry_id: int) -> list[dict[str, Any]]:
    company_id = current_company_id()
    return [
        {
            "company_id": company_id,
            "entry_id": entry_id,
            "position": position,
            "account_id": _account_id(chart, line),
            "auxiliary_code": line.third_party.code if line.third_party else "",
            "auxiliary_label": line.third_party.label[:LONGEST_LABEL] if line.third_party else "",
            "label": line.label[:LONGEST_LABEL],
            "debit_cents": max(line.cents, 0),
            "credit_cents": max(-line.cents, 0),
            "match_key": line.match_key,
            "vat_rate": line.vat_rate,
        }
        for position, line in enumerate(draft.lines, start=1)
    ]


def _account_id(chart: Chart, line: LineDraft) -> int:
    if line.sales_account:
        return sales_account_id(line.sales_account)
    if isinstance(line.account, int):
        return line.account
    return chart.account_id(line.account, line.vat_rate)
