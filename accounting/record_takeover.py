"""Record a take-over, or take it back: called by invoicing in its own transaction. One opening entry per company and
year."""

from __future__ import annotations

import re
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.books_begin import beginning_after, has_opening
from accounting.errors import AccountingError, UnknownEntry
from accounting.facts import ThirdParty
from accounting.lettering.letter_lines import is_lettered, letter_matching
from accounting.models import Account, EntryLine, FiscalYear
from accounting.post_entry import post_entry
from accounting.standing import entry_of
from accounting.takeover_facts import TakeoverFact, TakeoverUndoFact
from accounting.takeover_rules import PostedLine, opening, opening_taken_back
from core.database import db
from core.errors import SoldeError
from core.insert_missing import insert_missing
from core.tenancy import current_company_id

LONGEST_LABEL = 100
ACCOUNT_NUMBER = re.compile(r"[0-9]{3}[0-9A-Z]{0,14}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f|]")


def record_takeover(fact: TakeoverFact) -> int:
    """Post the opening entry of a take-over; the same source is posted once. Returns its id.

    Raises:
        AccountingError: the year of `opens_on` is closed, or has opening entries of its own.
        EntryRefused: the balances do not sum to zero.
    """
    posted = entry_of(fact.source, "takeover")
    if posted is not None:
        return posted.id
    obstacle = opening_obstacle(fact.opens_on)
    if obstacle is not None:
        raise obstacle
    return post_entry(opening(fact, _account_id))


def undo_takeover(fact: TakeoverUndoFact) -> int:
    """Post the mirror of the opening entry and letter what it takes back. Done twice, nothing is written again.

    Raises:
        AccountingError: lines of it were lettered, or its year was closed.
        UnknownEntry: there is no such take-over.
    """
    done = entry_of(fact.source, "takeover_undo")
    if done is not None:
        return done.id
    original = entry_of(fact.source, "takeover")
    if original is None:
        raise UnknownEntry(f"no take-over was posted for {fact.source}")
    if db.session.get_one(FiscalYear, original.fiscal_year_id).closed_at is not None:
        raise AccountingError(_l("The financial year of this take-over is closed."))
    if _has_lettered_lines(original.id):
        raise AccountingError(_l("Lines of the opening entry are lettered. Undo their lettering first."))
    lines = _posted_lines(original.id)
    entry_id = post_entry(opening_taken_back(fact, lines, original.id))
    letter_matching(line.match_key for line in lines if line.third_party and line.match_key)
    return entry_id


def opening_obstacle(opens_on: date) -> SoldeError | None:
    """What keeps an opening entry from being posted on that day, or None."""
    year = db.session.scalars(
        select(FiscalYear).where(FiscalYear.starts_on <= opens_on, FiscalYear.ends_on >= opens_on)
    ).one_or_none()
    is_closed = beginning_after(opens_on) is not None if year is None else year.closed_at is not None
    if is_closed:
        return AccountingError(_l("The financial year of this day is closed here."))
    if year is not None and has_opening(year.id):
        return AccountingError(
            _l("This financial year has opening entries already: books are taken over once.")
        )
    return None


def _account_id(number: str, label: str) -> int:
    """The account of that number, made when the chart has none."""
    statement = select(Account.id).where(Account.number == number)
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        assert ACCOUNT_NUMBER.fullmatch(number), "the plan refuses a number that no account may have"
        name = _UNPRINTABLE.sub(" ", label)[:LONGEST_LABEL].strip() or number
        insert_missing(Account, company_id=current_company_id(), number=number, label=name)
        found = db.session.scalars(statement).one()
    return found


def _has_lettered_lines(entry_id: int) -> bool:
    lettered = select(EntryLine.id).where(EntryLine.entry_id == entry_id, is_lettered()).limit(1)
    return db.session.scalars(lettered).first() is not None


def _posted_lines(entry_id: int) -> list[PostedLine]:
    rows = db.session.scalars(
        select(EntryLine).where(EntryLine.entry_id == entry_id).order_by(EntryLine.position)
    )
    return [
        PostedLine(
            row.account_id,
            ThirdParty(row.auxiliary_code, row.auxiliary_label) if row.auxiliary_code else None,
            row.label,
            row.debit_cents - row.credit_cents,
            row.match_key,
            row.vat_rate,
        )
        for row in rows
    ]
