"""The attestation of the anti-fraud law: the text to be signed, what holds its four conditions, the perpetual total."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from core.web.rights import Right, requires
from invoicing.attestation import CONDITIONS, attestation

blueprint = Blueprint("attestation", __name__, url_prefix="/books/attestation")


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The page; it prints as the letter."""
    company = db.session.get_one(Company, current_company_id())
    return render_template(
        "invoicing/attestation.html",
        company=company,
        said=attestation(company.name, company.siren),
        conditions=CONDITIONS,
    )
