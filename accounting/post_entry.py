"""Post one entry for good: number it, write its lines and then its row, seal it. The ledger's one door.

Called by `record` and `reverse_entry` inside the caller's transaction, after the documents' locks were taken.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from accounting.chart import Chart, read_chart
from accounting.drafts import EntryDraft, LineDraft
from accounting.errors import EntryRefused
from accounting.fiscal_years import open_year_for
from accounting.insert_missing import insert_missing
from accounting.models import EntryCounter, EntryLine, JournalEntry
from accounting.roles import JournalCode
from accounting.standing import entry_of
from core.clock import utc_now
from core.database import db, lock, next_id
from core.seal import seal
from core.tenancy import current_company_id

LONGEST_LABEL = 255
LONGEST_PIECE_REF = 60


def post_entry(draft: EntryDraft) -> JournalEntry:
    """Post the draft, on its day or on the first open day after it; its piece keeps the true date.

    The same source and purpose is posted once: the second time the first entry is returned.

    Raises:
        EntryRefused: the draft is empty, has a zero line, or does not balance.
    """
    _check(draft)
    chart = read_chart()
    journal_id = _journal_id(chart, draft.journal)
    year, day = open_year_for(draft.day)
    counter = _locked_counter(journal_id, year.id)
    posted = entry_of(draft.source, draft.purpose)
    if posted is not None:
        return posted
    # The id and the instant are taken under the counter's lock, so both follow the numbers of the journal.
    entry_id, now = next_id(JournalEntry), utc_now()
    counter.last_number += 1
    one_statement = insert(EntryLine).execution_options(render_nulls=True)
    db.session.execute(one_statement, _line_rows(draft, chart, entry_id))
    entry = JournalEntry(
        id=entry_id,
        journal_id=journal_id,
        fiscal_year_id=year.id,
        sequence=counter.last_number,
        number=f"{_journal_code(chart, journal_id)}{counter.last_number:06d}",
        entry_date=day,
        piece_ref=draft.piece_ref[:LONGEST_PIECE_REF],
        piece_date=draft.day,
        label=draft.label[:LONGEST_LABEL],
        source_kind=draft.source[0],
        source_id=draft.source[1],
        purpose=draft.purpose,
        reverses_id=draft.reverses_id,
        validated_at=now,
    )
    # The row comes after its lines: the database checks them when it arrives, and takes no line later.
    db.session.add(entry)
    db.session.flush()
    seal("entry", entry_id)
    return entry


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


def _journal_code(chart: Chart, journal_id: int) -> str:
    return next(code for code, id_ in chart.journals.items() if id_ == journal_id)


def _locked_counter(journal_id: int, year_id: int) -> EntryCounter:
    statement = select(EntryCounter).where(
        EntryCounter.journal_id == journal_id, EntryCounter.fiscal_year_id == year_id
    )
    counter = lock(statement)
    if counter is None:
        insert_missing(
            EntryCounter,
            company_id=current_company_id(),
            journal_id=journal_id,
            fiscal_year_id=year_id,
            last_number=0,
        )
        counter = lock(statement)
    assert counter is not None
    return counter


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
    if isinstance(line.account, int):
        return line.account
    return chart.account_id(line.account, line.vat_rate)
