"""The report of VAT of any period, as a page to read and print and as files."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from accounting.reading.periods import month_before
from accounting.reading.treatment_words import TREATMENTS
from accounting.reading.vat_form import LINE_TITLES
from accounting.reading.vat_report import vat_report
from accounting.reading.vat_sheets import vat_sheets
from accounting.reading.waiting_vat import waiting_documents
from accounting.routes.period_choice import chosen_period, period_choices
from accounting.settings.chosen import vat_regime_on
from core.clock import paris_today
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.spreadsheets import asked_format, spreadsheet

blueprint = Blueprint("vat_report", __name__, url_prefix="/books")


@blueprint.get("/vat")
@requires(Right.READ)
def index() -> ResponseReturnValue:
    """VAT due by rate and by line of the return, tied to the ledger; by default of the last whole month."""
    period = chosen_period(month_before(paris_today()))
    report = vat_report(period.starts_on, period.ends_on)
    file_format = asked_format()
    if file_format:
        return spreadsheet(file_format, f"tva-{period.file_name}", *vat_sheets(report))
    page = Page.of_request(len(report.waiting))
    waiting = list(waiting_documents(report.waiting[page.offset : page.offset + page.size]))
    return render_template(
        "accounting/vat_report.html",
        report=report,
        period=period,
        choices=period_choices(),
        regime=vat_regime_on(period.ends_on),
        treatments=TREATMENTS,
        line_titles=LINE_TITLES,
        waiting=waiting,
        page=page,
        page_url=f"{url_for('vat_report.index', **period.address)}&page={{page}}",
    )
