"""Money received in any period: the list with its totals, and what was collected by VAT rate, as pages and files."""

from __future__ import annotations

from itertools import islice

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from accounting.reading.periods import month_before
from accounting.routes.period_choice import chosen_period, period_choices
from core.clock import paris_today
from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.spreadsheets import asked_format, spreadsheet
from invoicing.collected import collected_rows, count_touched
from invoicing.payment_means import method_names
from invoicing.payment_register import money_moves, rate_totals, register_totals, treasury_totals
from invoicing.register_sheets import (
    MOVES,
    class_of,
    collected_sheet,
    day_totals,
    days_sheet,
    moves_sheet,
    totals_sheet,
)

blueprint = Blueprint("payment_register", __name__, url_prefix="/books")

MOST_ON_A_PAGE = 5_000
"""Invoices whose collections are added up while somebody waits for the page; files take any number."""


@blueprint.get("/payments")
@requires(Right.READ)
def index() -> ResponseReturnValue:
    """All money of a period with totals by means and by VAT rate, tied to the treasury accounts."""
    period = chosen_period(month_before(paris_today()))
    days = (period.starts_on, period.ends_on)
    totals = register_totals(*days)
    file_format = asked_format()
    if file_format:
        sheets = (moves_sheet(*days), totals_sheet(totals, *days))
        return spreadsheet(file_format, f"paiements-{period.file_name}", *sheets)
    is_many = count_touched(*days, MOST_ON_A_PAGE) > MOST_ON_A_PAGE
    page = Page.of_request(totals.move_count)
    accounts = treasury_totals(*days)
    return render_template(
        "invoicing/payment_register.html",
        totals=totals,
        moves=list(money_moves(*days, limit=page.size, offset=page.offset)),
        rates=None if is_many else sorted(rate_totals(collected_rows(*days)).items(), reverse=True),
        accounts=accounts,
        ledger_cents=sum(account.cents for account in accounts),
        period=period,
        choices=period_choices(),
        methods=method_names(),
        kinds=MOVES,
        page=page,
        page_url=f"{url_for('payment_register.index', **period.address)}&page={{page}}",
    )


@blueprint.get("/collected")
@requires(Right.READ)
def collected() -> ResponseReturnValue:
    """What was collected on each invoice by VAT rate: status "encaissée" and the daily totals of e-reporting."""
    period = chosen_period(month_before(paris_today()))
    days = (period.starts_on, period.ends_on)
    file_format = asked_format()
    if file_format:
        company = db.session.get_one(Company, current_company_id())
        sheets = (collected_sheet(*days), days_sheet(company.siren, *days))
        return spreadsheet(file_format, f"encaissements-{period.file_name}", *sheets)
    is_many = count_touched(*days, MOST_ON_A_PAGE) > MOST_ON_A_PAGE
    rows = [] if is_many else list(collected_rows(*days))
    page = Page.of_request(len(rows))
    return render_template(
        "invoicing/collected.html",
        rows=list(islice(rows, page.offset, page.offset + page.size)),
        day_totals=day_totals(rows),
        is_many=is_many,
        class_of=class_of,
        period=period,
        choices=period_choices(),
        methods=method_names(),
        page=page,
        page_url=f"{url_for('payment_register.collected', **period.address)}&page={{page}}",
    )
