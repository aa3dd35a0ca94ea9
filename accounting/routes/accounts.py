"""The accounts: the trial balance of a period, and the ledger of each account."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for

from accounting.account_ledger import LedgerFilter, ledger_lines, ledger_totals
from accounting.errors import AccountNotFound
from accounting.fiscal_years import fiscal_years, year_bounds
from accounting.models import Account
from accounting.settings import accounting_settings
from accounting.trial_balance import trial_balance
from core.clock import paris_today
from core.database import db
from core.web.pages import Page, asked_day, searched
from core.web.rights import Right, requires

blueprint = Blueprint("accounts", __name__, url_prefix="/books")


@blueprint.get("/trial-balance")
@requires(Right.READ)
def balance() -> str:
    """The trial balance, by default of the present financial year."""
    first_day, last_day = _period()
    return render_template(
        "accounting/trial_balance.html",
        balance=trial_balance(first_day, last_day),
    )


@blueprint.get("/accounts/<int:account_id>")
@requires(Right.READ)
def ledger(account_id: int) -> str:
    """The lines of one account with the running balance."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    first_day, last_day = _period()
    wanted = LedgerFilter(
        customer=searched("customer"),
        first_day=first_day,
        last_day=last_day,
        only_open="open" in request.args,
    )
    totals = ledger_totals(account_id, wanted)
    page = Page.of_request(totals.line_count)
    filters: dict[str, Any] = {
        "from": first_day,
        "to": last_day,
        "customer": wanted.customer,
        "open": wanted.only_open or None,
    }
    return render_template(
        "accounting/account.html",
        account=account,
        lines=ledger_lines(account_id, wanted, totals, limit=page.size, offset=page.offset),
        totals=totals,
        wanted=wanted,
        page=page,
        page_url=f"{url_for('accounts.ledger', account_id=account_id, **filters)}&page={{page}}",
    )


def _period() -> tuple[date, date]:
    """The days the address asks for; else the present financial year, or the last one there is."""
    first_day = asked_day("from")
    last_day = asked_day("to")
    year_start, year_end = _usual_period()
    first_day, last_day = first_day or min(year_start, last_day or year_start), last_day or year_end
    return first_day, max(first_day, last_day)


def _usual_period() -> tuple[date, date]:
    today = paris_today()
    years = fiscal_years()
    current = next((year for year in years if year.starts_on <= today <= year.ends_on), None)
    shown = current or (years[0] if years else None)
    if shown is None:
        return year_bounds(today, accounting_settings().fiscal_year_end_month)
    return shown.starts_on, shown.ends_on
