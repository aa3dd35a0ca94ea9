"""The accounts: the trial balance of a period, the general ledger, and the ledger of each account."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounting.errors import AccountNotFound
from accounting.fiscal_years import fiscal_years, year_bounds
from accounting.models import Account
from accounting.reading.account_ledger import (
    LedgerAccount,
    LedgerFilter,
    ledger_accounts,
    ledger_lines,
    ledger_totals,
)
from accounting.reading.customers_in_credit import customers_in_credit, last_presented
from accounting.reading.ledger_page import ledger_parts, slot_count
from accounting.reading.ledger_sheets import balance_sheet, ledger_sheet, of_which_in_credit
from accounting.reading.trial_balance import in_range, trial_balance
from accounting.settings.chosen import accounting_settings
from core.clock import paris_today
from core.database import db
from core.web.pages import Page, asked_day, searched
from core.web.rights import Right, requires
from core.web.spreadsheets import asked_format, spreadsheet

blueprint = Blueprint("accounts", __name__, url_prefix="/books")
ACCOUNTS_ON_A_PAGE = 500
LONGEST_NUMBER = 17


@blueprint.get("/trial-balance")
@requires(Right.READ)
def balance() -> ResponseReturnValue:
    """The trial balance, by default of the present financial year, of all accounts or of a range of them."""
    first_day, last_day = _period()
    first_account, last_account = _accounts()
    found = trial_balance(first_day, last_day)
    rows = [row for row in found.rows if in_range(row.number, first_account, last_account)]
    in_credit = customers_in_credit(last_day)
    file_format = asked_format()
    if file_format:
        sheet = balance_sheet(found, rows, in_credit)
        return spreadsheet(file_format, f"balance-{first_day}-{last_day}", sheet)
    page = Page.of_request(len(rows), size=ACCOUNTS_ON_A_PAGE)
    filters: dict[str, Any] = {
        "from": first_day, "to": last_day, "first": first_account, "last": last_account,
    }  # fmt: skip
    return render_template(
        "accounting/trial_balance.html",
        balance=found,
        rows=rows[page.offset : page.offset + page.size],
        is_whole=len(rows) == len(found.rows),
        chosen=rows,
        in_credit=in_credit,
        credit_after=last_presented(rows) if in_credit.cents else None,
        of_which_in_credit=of_which_in_credit(),
        first_account=first_account,
        last_account=last_account,
        page=page,
        url=url_for("accounts.balance", **filters),
        page_url=f"{url_for('accounts.balance', **filters)}&page={{page}}",
    )


@blueprint.get("/general-ledger")
@requires(Right.READ)
def general_ledger() -> ResponseReturnValue:
    """All accounts with their lines one after the other, narrowed by numbers, customer, period and lettering."""
    wanted = _wanted()
    accounts = ledger_accounts(wanted)
    file_format = asked_format()
    if file_format:
        name = f"grand-livre-{wanted.first_day}-{wanted.last_day}"
        return spreadsheet(file_format, name, ledger_sheet(accounts, wanted))
    page = Page.of_request(slot_count(accounts))
    url = url_for("accounts.general_ledger", **_address(wanted))
    return render_template(
        "accounting/general_ledger.html",
        parts=ledger_parts(accounts, wanted, limit=page.size, offset=page.offset),
        wanted=wanted,
        page=page,
        url=url,
        page_url=f"{url}&page={{page}}",
    )


@blueprint.get("/accounts/<int:account_id>")
@requires(Right.READ)
def ledger(account_id: int) -> ResponseReturnValue:
    """The lines of one account with the running balance."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    wanted = _wanted()
    totals = ledger_totals(account_id, wanted)
    file_format = asked_format()
    if file_format:
        of_account = LedgerAccount(account_id, account.number, account.label, totals)
        name = f"compte-{account.number}-{wanted.first_day}-{wanted.last_day}"
        return spreadsheet(file_format, name, ledger_sheet([of_account], wanted))
    page = Page.of_request(totals.line_count)
    url = url_for("accounts.ledger", account_id=account_id, **_address(wanted))
    return render_template(
        "accounting/account.html",
        account=account,
        lines=ledger_lines(account_id, wanted, totals, limit=page.size, offset=page.offset),
        totals=totals,
        wanted=wanted,
        page=page,
        url=url,
        page_url=f"{url}&page={{page}}",
    )


def _wanted() -> LedgerFilter:
    first_day, last_day = _period()
    first_account, last_account = _accounts()
    return LedgerFilter(
        customer=searched("customer"),
        first_day=first_day,
        last_day=last_day,
        only_open="open" in request.args,
        first_account=first_account,
        last_account=last_account,
    )


def _address(wanted: LedgerFilter) -> dict[str, Any]:
    return {
        "from": wanted.first_day,
        "to": wanted.last_day,
        "customer": wanted.customer,
        "open": wanted.only_open or None,
        "first": wanted.first_account or None,
        "last": wanted.last_account or None,
    }


def _accounts() -> tuple[str, str]:
    """The range of account numbers that the address asks for, by their beginnings; one alone is both ends."""
    first = searched("first")[:LONGEST_NUMBER]
    return first, searched("last")[:LONGEST_NUMBER] or first


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
