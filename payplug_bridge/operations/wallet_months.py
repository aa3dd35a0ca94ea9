"""What came into the wallet and what went out of it, month by month in the books: for its page and its chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale, gettext
from sqlalchemy import func, select

from accounting.chart import account_for
from accounting.models import EntryLine, Journal, JournalEntry, JournalKind
from accounting.roles import AccountRole
from core.charts import Series, bar_chart
from core.clock import paris_today
from core.database import db

MONTHS = 12


@dataclass(frozen=True)
class WalletMonth:
    """One calendar month of the wallet's account; cents, both above zero."""

    first_day: date
    in_cents: int
    out_cents: int


def wallet_months() -> list[WalletMonth]:
    """The last twelve calendar months, this one last. Opening entries repeat balances, so they are no movement."""
    today = paris_today()
    this_month = today.year * 12 + today.month - 1
    first_days = [_first_day(number) for number in range(this_month - MONTHS + 1, this_month + 1)]
    rows = db.session.execute(
        select(JournalEntry.entry_date, func.sum(EntryLine.debit_cents), func.sum(EntryLine.credit_cents))
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(
            EntryLine.account_id == account_for(AccountRole.WALLET).id,
            JournalEntry.entry_date >= first_days[0],
            Journal.kind != JournalKind.OPENING,
        )
        .group_by(JournalEntry.entry_date)
    )
    came, went = dict.fromkeys(first_days, 0), dict.fromkeys(first_days, 0)
    for day, debit, credit in rows:
        month = day.replace(day=1)
        if month in came:
            came[month] += int(debit)
            went[month] += int(credit)
    return [WalletMonth(day, came[day], went[day]) for day in first_days]


def wallet_chart(months: Sequence[WalletMonth], theme: str, *, is_narrow: bool = False) -> bytes:
    """Draw them, for `light` or `dark`; narrow for a phone."""
    letters = "MMMMM" if is_narrow else "MMM"
    labels = [format_date(month.first_day, format=letters, locale=get_locale()) for month in months]
    series = (
        Series(gettext("Went out"), [month.out_cents for month in months]),
        Series(gettext("Came in"), [month.in_cents for month in months]),
    )
    return bar_chart(labels, series, theme, is_narrow=is_narrow)


def _first_day(months_since_year_0: int) -> date:
    year, month = divmod(months_since_year_0, 12)
    return date(year, month + 1, 1)
