"""The journals: every entry with its lines and letters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from accounting.errors import EntryNotFound
from accounting.models import JournalEntry
from accounting.reading.entry_views import entry_views
from accounting.reading.journal_list import MOST_COUNTED, EntryFilter, count_entries, find_entries, journals
from accounting.reading.ledger_sheets import journal_sheet
from accounting.source_links import source_url
from core.web.pages import Page, asked_day, searched
from core.web.rights import Right, requires
from core.web.spreadsheets import asked_format, spreadsheet

blueprint = Blueprint("journal", __name__, url_prefix="/books")


@blueprint.get("")
@requires(Right.READ)
def index() -> ResponseReturnValue:
    """The list, narrowed by journal, period and text."""
    wanted = EntryFilter(
        journal=searched("journal"),
        first_day=asked_day("from"),
        last_day=asked_day("to"),
        text=searched(),
    )
    file_format = asked_format()
    if file_format:
        days = "-".join(str(day) for day in (wanted.first_day, wanted.last_day) if day)
        name = "-".join(part for part in ("journal", wanted.journal, days) if part)
        return spreadsheet(file_format, name, journal_sheet(wanted))
    page = Page.of_request(count_entries(wanted), most=MOST_COUNTED)
    entries = find_entries(wanted, limit=page.size, offset=page.offset)
    filters: dict[str, Any] = {
        "q": wanted.text,
        "journal": wanted.journal,
        "from": wanted.first_day,
        "to": wanted.last_day,
    }
    url = url_for("journal.index", **filters)
    return render_template(
        "accounting/journal.html",
        entries=entries,
        urls={entry.id: source_url(entry.source) for entry in entries},
        journal_choices=[(journal.code, f"{journal.code} – {journal.label}") for journal in journals()],
        wanted=wanted,
        page=page,
        url=url,
        page_url=f"{url}&page={{page}}",
    )


@blueprint.get("/entries/<int:entry_id>")
@requires(Right.READ)
def entry(entry_id: int) -> str:
    """One entry."""
    found = entry_views(select(JournalEntry).where(JournalEntry.id == entry_id))
    if not found:
        raise EntryNotFound
    return render_template("accounting/entry.html", entry=found[0], url=source_url(found[0].source))
