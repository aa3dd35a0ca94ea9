"""A slip of cheques on paper: for the bank, in French, drawn from frozen rows; drawn again it is the same."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, render_template
from flask_babel import force_locale

from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from invoicing.bank.banks import bank_of
from invoicing.bank.cheques import cheques_of
from invoicing.bank.models import ChequeDeposit

_LANGUAGE = "fr"


def slip_pdf(slip: ChequeDeposit) -> bytes:
    """Draw the slip (PDF/A). Takes a tenth of a second: outside transactions."""
    # WeasyPrint takes as long to import as all the rest: only who draws waits for it.
    from invoicing.pdf_engine import html_to_pdf  # noqa: PLC0415

    company = db.session.get_one(Company, current_company_id())
    with force_locale(_LANGUAGE):
        html = render_template(
            "pdf/cheque_slip.html",
            slip=slip,
            cheques=cheques_of(slip.id),
            bank=bank_of(slip.bank_account_id),
            company=company,
        )
    return html_to_pdf(html, Path(current_app.root_path) / "templates/pdf/document.css")
