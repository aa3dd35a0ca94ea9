"""What the ledger itself looks at before a year is closed: the calendar, accounts that should be even, the file of
entries, the books and their seal. Registered by `wiring`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.carried_lines import counts_from
from accounting.chart import read_chart
from accounting.closing.checks import ClosingCheck, Finding, Weight, YearDays
from accounting.fec.produce import produce_fec
from accounting.ledger_checks import check_ledger
from accounting.lettering.letter_lines import is_lettered
from accounting.models import SIGNED_CENTS, Account, EntryLine, FiscalYear, Journal, JournalEntry, JournalKind
from accounting.reading.customers_in_credit import customers_in_credit
from accounting.roles import AccountRole
from core.clock import paris_today
from core.database import db
from core.money import format_cents
from core.seal import verify_chain
from core.tenancy import current_company_id
from core.web.addresses import path_to

MOST_FAULTS = 20
"""Of faults that only whoever looks after the installation understands, no more than these are shown."""


def _calendar(year: YearDays) -> Iterator[Finding]:
    if year.ends_on >= paris_today():
        text = gettext("The year is not over: it ends on %(day)s.", day=_text(year.ends_on))
        yield Finding(Weight.STOP, text)
    earlier = select(FiscalYear).where(FiscalYear.ends_on < year.starts_on, FiscalYear.closed_at.is_(None))
    first = db.session.scalars(earlier.order_by(FiscalYear.ends_on)).first()
    if first is not None:
        text = gettext("The year that ends on %(day)s is not closed yet.", day=_text(first.ends_on))
        yield Finding(Weight.STOP, text, path_to("closing.year", year_id=first.id))


def _openings(year: YearDays) -> Iterator[Finding]:
    """Opening entries that a take-over has posted in the next year: what this year carries would be added to them."""
    taken_over = (
        select(JournalEntry.id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .join(FiscalYear, FiscalYear.id == JournalEntry.fiscal_year_id)
        .where(Journal.kind == JournalKind.OPENING, FiscalYear.starts_on == year.ends_on + timedelta(days=1))
    )
    if db.session.scalars(taken_over.limit(1)).first() is not None:
        text = gettext(
            "The next year has opening entries of other software already: the balances of this year are added to them."
        )
        yield Finding(Weight.WARNING, text, path_to("journal.index", journal="AN"))


def _results(_year: YearDays) -> Iterator[Finding]:
    chart = read_chart()
    if not {AccountRole.PROFIT.value, AccountRole.LOSS.value} <= set(chart.accounts):
        text = gettext("No account is chosen for the profit or the loss of the year before.")
        yield Finding(Weight.STOP, text, path_to("books_settings.index"))


_PASSING_ACCOUNTS = (AccountRole.TRANSFERS, AccountRole.SUSPENSE, AccountRole.CHEQUES)
"""Money only passes through these: what is left on them at the end of a year wants an explanation (PCG, 47 and 58)."""


def _passing_accounts(year: YearDays) -> Iterator[Finding]:
    chart = read_chart()
    ids = [chart.accounts[role] for role in _PASSING_ACCOUNTS if role in chart.accounts]
    rows = db.session.execute(
        select(Account.id, Account.number, Account.label, func.sum(SIGNED_CENTS))
        .join(EntryLine, EntryLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(Account.id.in_(ids), JournalEntry.entry_date <= year.ends_on, counts_from(year.starts_on))
        .group_by(Account.id, Account.number, Account.label)
        .order_by(Account.number)
    )
    for account_id, number, label, cents in rows:
        if cents:
            text = gettext(
                "Account %(number)s %(label)s stands at %(amount)s on the last day.",
                number=number, label=label, amount=format_cents(int(cents), get_locale()),
            )  # fmt: skip
            url = path_to("accounts.ledger", account_id=account_id, to=year.ends_on.isoformat())
            yield Finding(Weight.WARNING, text, url)


def _open_items(year: YearDays) -> Iterator[Finding]:
    """What customers owe and what is owed to them: carried as it is, unless some of it is doubtful or lost."""
    rows = db.session.execute(
        select(
            Account.id, Account.number, func.count(func.distinct(EntryLine.match_key)), func.sum(SIGNED_CENTS)
        )
        .join(EntryLine, EntryLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(EntryLine.auxiliary_code != "", ~is_lettered(), JournalEntry.fiscal_year_id == year.id)
        .group_by(Account.id, Account.number)
        .order_by(Account.number)
    )
    for account_id, number, count, cents in rows:
        text = ngettext(
            "Account %(number)s: %(num)d open item, %(amount)s in all. It is carried as it is.",
            "Account %(number)s: %(num)d open items, %(amount)s in all. They are carried as they are.",
            count, number=number, amount=format_cents(int(cents), get_locale()),
        )  # fmt: skip
        url = path_to("accounts.ledger", account_id=account_id, to=year.ends_on.isoformat(), open=1)
        yield Finding(Weight.WARNING, text, url)


def _customers_in_credit(year: YearDays) -> Iterator[Finding]:
    """Presented among the debts, not taken off what the others owe (practice). No entry."""
    found = customers_in_credit(year.ends_on)
    if found.customers:
        text = ngettext(
            "%(num)d customer in credit, %(amount)s in all: to be presented in 419 on the balance sheet.",
            "%(num)d customers in credit, %(amount)s in all: to be presented in 419 on the balance sheet.",
            len(found.customers), amount=format_cents(found.cents, get_locale()),
        )  # fmt: skip
        yield Finding(Weight.WARNING, text, path_to("ageing.in_credit", day=year.ends_on.isoformat()))


def _entries_file(year: YearDays) -> Iterator[Finding]:
    row = db.session.get_one(FiscalYear, year.id)
    with tempfile.TemporaryDirectory() as folder:
        produced = produce_fec(row, Path(folder, "fec"), year.progress)
    url = path_to("fec_pages.check", year_id=year.id)
    if not produced.summary.line_count:
        yield Finding(Weight.WARNING, gettext("No entry was posted in this year."), url)
    elif not produced.is_right:
        yield Finding(Weight.STOP, gettext("The strict check of the FEC finds errors."), url)
    elif produced.report.findings:
        yield Finding(Weight.WARNING, gettext("The strict check of the FEC has remarks."), url)


def _books(year: YearDays) -> Iterator[Finding]:
    for fault in check_ledger(year.progress)[:MOST_FAULTS]:
        yield Finding(Weight.STOP, gettext("The books do not hold: %(fault)s", fault=fault))


def _seal(year: YearDays) -> Iterator[Finding]:
    for count, fault in enumerate(verify_chain(current_company_id(), year.progress)):
        if count == MOST_FAULTS:
            return
        text = gettext(
            "The seal is broken: link %(number)s, %(kind)s %(id)s.",
            number=fault.sequence, kind=fault.kind, id=fault.subject_id,
        )  # fmt: skip
        yield Finding(Weight.STOP, text)


def _text(day: date) -> str:
    return day.strftime("%d/%m/%Y")


CHECKS = (
    ClosingCheck("calendar", _l("The year is over, and earlier ones are closed"), _calendar, 10),
    ClosingCheck("results", _l("Accounts for the profit and the loss"), _results, 15),
    ClosingCheck("openings", _l("Opening entries of the next year"), _openings, 17),
    ClosingCheck("passing", _l("Accounts that money only passes through"), _passing_accounts, 40),
    ClosingCheck("open", _l("What customers owe"), _open_items, 30),
    ClosingCheck("in_credit", _l("Customers in credit"), _customers_in_credit, 31),
    ClosingCheck("books", _l("Entries, numbers and letterings hold"), _books, 80, weight=20),
    ClosingCheck("fec", _l("The FEC passes the strict check"), _entries_file, 85, weight=40),
    ClosingCheck("seal", _l("Nothing sealed was changed"), _seal, 90, weight=40),
)
