"""What the gate asks of seller and customer. Called by `gate`."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from stdnum.fr import siren as fr_siren

from core.models import Company
from invoicing.candidate import Candidate
from invoicing.customer_input import is_french_vat_number
from invoicing.errors import Message, Place, Problem
from invoicing.models import Customer, CustomerKind
from invoicing.numbering import is_prefix
from invoicing.vat_cases import CASES

# Legal forms whose documents must show the share capital and the register (C. com. R123-238) (practice).
CAPITAL_FORMS = frozenset(
    {"SARL", "EURL", "SAS", "SASU", "SA", "SCA", "SELARL", "SELAS", "SELASU", "SELEURL"}
)


def company_problems(candidate: Candidate) -> Iterator[Problem]:
    """What the company must mend in its settings."""
    company = candidate.company

    def problem(field: str, message: Message) -> Problem:
        return Problem(Place.COMPANY, field, message)

    for field in ("name", "address1", "postcode", "city"):
        if not getattr(company, field):
            yield problem(field, _l("Complete your company’s name and address in the company settings."))
            break
    if not fr_siren.is_valid(company.siren):
        yield problem(
            "siren", _l("Your company’s SIREN is missing or wrong. Mend it in the company settings.")
        )
    if company.country != "FR":
        yield problem("country", _l("Solde issues invoices of companies established in France only."))
    yield from _form_problems(company)
    yield from _vat_number_problems(candidate)
    if not is_prefix(candidate.settings.invoice_prefix):
        yield Problem(
            Place.SETTINGS,
            "invoice_prefix",
            _l(
                "The prefix of invoice numbers may only hold capitals, digits and - / _ +. Mend it in the settings."
            ),
        )


def _form_problems(company: Company) -> Iterator[Problem]:
    if not company.legal_form:
        yield Problem(
            Place.COMPANY,
            "legal_form",
            _l("Give your company’s legal form in the company settings: an invoice must show it."),
        )
    elif company.legal_form.upper().replace(".", "") in CAPITAL_FORMS:
        if not company.share_capital_cents:
            yield Problem(
                Place.COMPANY,
                "share_capital_cents",
                _l("Give your company’s share capital in the company settings: an invoice must show it."),
            )
        if not company.registration:
            yield Problem(
                Place.COMPANY,
                "registration",
                _l(
                    "Give your company’s registration (RCS and town) in the company settings: an invoice must show it."
                ),
            )


def _vat_number_problems(candidate: Candidate) -> Iterator[Problem]:
    company = candidate.company
    message: Message | None = None
    if company.vat_number:
        if not is_french_vat_number(company.vat_number, company.siren):
            message = _l(
                "Your company’s VAT number is not that of its SIREN. Mend it in the company settings."
            )
    elif any(row.rate > 0 for row in candidate.totals.vat):
        message = _l(
            "A company without a VAT number cannot charge VAT. Give the number in the company settings."
        )
    elif CASES[candidate.document.vat_case].seller_vat_number:
        message = _l(
            "This kind of sale must show your own VAT number (CGI ann. II, art. 242 nonies A). Give it in the "
            "company settings."
        )
    if message is not None:
        yield Problem(Place.COMPANY, "vat_number", message)


def customer_problems(customer: Customer) -> Iterator[Problem]:
    """What is missing on the customer whatever is sold (CGI ann. II art. 242 nonies A I; C. com. R123-221).

    The address of an individual in France may be left out whole: the list of the CGI is for invoices that its art. 289
    asks for, those to businesses and legal persons (practice). Half an address is a slip.
    """
    if not _is_individual_without_address(customer) and not _has_address(customer):
        yield Problem(Place.CUSTOMER, "address1", _l("Complete the customer’s name and address."))
    if (
        customer.country == "FR"
        and customer.kind is not CustomerKind.INDIVIDUAL
        and not fr_siren.is_valid(customer.siren)
    ):
        message = (
            _l("Give the customer’s SIREN: an invoice to a French public body must show it.")
            if customer.kind is CustomerKind.PUBLIC
            else _l("Give the customer’s SIREN: an invoice to a French business must show it.")
        )
        yield Problem(Place.CUSTOMER, "siren", message)


def _has_address(customer: Customer) -> bool:
    whole = all((customer.name, customer.address1, customer.city))
    return whole and (customer.country != "FR" or bool(customer.postcode))


def _is_individual_without_address(customer: Customer) -> bool:
    place = (customer.address1, customer.address2, customer.postcode, customer.city)
    is_individual = customer.kind is CustomerKind.INDIVIDUAL and customer.country == "FR"
    return is_individual and bool(customer.name) and not any(place)
