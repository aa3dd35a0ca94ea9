"""The gate before issue: everything that must hold for the document to be a legal one, checked at once.

Called by `issue_invoice` before it takes a number, and by the draft's page to tell early. What Solde cannot print
lawfully yet (customers abroad, reverse charge) is refused with a sentence, never issued half right.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from stdnum.fr import siren as fr_siren

from accounting.facts import VatRegime
from core.models import Company
from invoicing.customer_input import LONGEST_BUSINESS_TERMS_DAYS, is_french_vat_number
from invoicing.errors import Message, Place, Problem
from invoicing.models import Customer, CustomerKind, Document, DocumentLine, InvoicingSettings
from invoicing.numbering import is_prefix
from invoicing.vat import Totals
from invoicing.vat_rates import refused_rates

# Legal forms whose documents must show the share capital and the register (C. com. R123-238) (practice).
CAPITAL_FORMS = frozenset(
    {"SARL", "EURL", "SAS", "SASU", "SA", "SCA", "SELARL", "SELAS", "SELASU", "SELEURL"}
)
LONGEST_TERMS_END_OF_MONTH_DAYS = 45
"""C. com. L441-10 (web): 60 days from the invoice date, or 45 days end of month when agreed."""

_LEGAL_GROUND = re.compile(r"\bart(?:icles?|\.)?\s*(?:[LRD]\.?\s*)?\d", re.IGNORECASE)
_REVERSE_CHARGE = re.compile(r"auto-?liquidation|reverse charge|\b283\b|\b262\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A draft about to be issued: its rows, the totals computed from them, its dates and regime, and today's date."""

    document: Document
    customer: Customer
    company: Company
    settings: InvoicingSettings
    totals: Totals
    issue_date: date
    due_date: date
    today: date
    regime: VatRegime


def problems_of(candidate: Candidate) -> list[Problem]:
    """Everything that keeps the draft from being issued; empty when it may be."""
    return [
        *_company_problems(candidate),
        *_customer_problems(candidate.customer),
        *_date_problems(candidate),
        *_line_problems(candidate),
    ]


def _company_problems(candidate: Candidate) -> Iterator[Problem]:
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
    yield from _company_form_problems(company)
    yield from _company_vat_problems(candidate)
    if not is_prefix(candidate.settings.invoice_prefix):
        yield Problem(
            Place.SETTINGS,
            "invoice_prefix",
            _l(
                "The prefix of invoice numbers may only hold capitals, digits and - / _ +. Mend it in the settings."
            ),
        )


def _company_form_problems(company: Company) -> Iterator[Problem]:
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


def _company_vat_problems(candidate: Candidate) -> Iterator[Problem]:
    company = candidate.company
    charges_vat = any(line.vat_rate > 0 for line in candidate.document.lines)
    if charges_vat and not company.vat_number:
        yield Problem(
            Place.COMPANY,
            "vat_number",
            _l("A company without a VAT number cannot charge VAT. Give the number in the company settings."),
        )
    elif company.vat_number and not is_french_vat_number(company.vat_number, company.siren):
        yield Problem(
            Place.COMPANY,
            "vat_number",
            _l("Your company’s VAT number is not that of its SIREN. Mend it in the company settings."),
        )


def _customer_problems(customer: Customer) -> Iterator[Problem]:
    if customer.country != "FR":
        yield Problem(
            Place.CUSTOMER,
            "country",
            _l("Invoices to customers outside France need other mentions, which Solde cannot print yet."),
        )
        return
    if not all((customer.name, customer.address1, customer.postcode, customer.city)):
        yield Problem(Place.CUSTOMER, "address1", _l("Complete the customer’s name and address."))
    if customer.kind is CustomerKind.BUSINESS and not fr_siren.is_valid(customer.siren):
        yield Problem(
            Place.CUSTOMER,
            "siren",
            _l("Give the customer’s SIREN: an invoice to a French business must show it."),
        )


def _date_problems(candidate: Candidate) -> Iterator[Problem]:
    day, today = candidate.issue_date, candidate.today

    def problem(field: str, message: Message) -> Problem:
        return Problem(Place.DOCUMENT, field, message)

    if day > today:
        yield problem(
            "issue_date", _l("The invoice date lies in the future. Choose today or an earlier day.")
        )
    elif (today - day).days > candidate.settings.backdating_days:
        yield problem(
            "issue_date",
            _l(
                "The invoice date lies more than %(days)d days back. Choose a later one.",
                days=candidate.settings.backdating_days,
            ),
        )
    if candidate.due_date < day:
        yield problem("due_date", _l("The due date cannot lie before the invoice date."))
    elif candidate.customer.kind is CustomerKind.BUSINESS and candidate.due_date > latest_due_date(day):
        yield problem(
            "due_date",
            _l(
                "Between businesses the law allows 60 days, or 45 days end of month. Choose an earlier due date."
            ),
        )


def latest_due_date(day: date) -> date:
    """The last due date the law allows between businesses for an invoice of that day (L441-10), on any reading."""
    month_end = _month_end(day) + timedelta(days=LONGEST_TERMS_END_OF_MONTH_DAYS)
    return max(
        day + timedelta(days=LONGEST_BUSINESS_TERMS_DAYS),
        month_end,
        _month_end(day + timedelta(days=LONGEST_TERMS_END_OF_MONTH_DAYS)),
    )


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _line_problems(candidate: Candidate) -> Iterator[Problem]:
    lines = candidate.document.lines

    def problem(field: str, message: Message) -> Problem:
        return Problem(Place.DOCUMENT, field, message)

    if not lines:
        yield problem("lines", _l("Add at least one line."))
    refused = refused_rates((line.vat_rate for line in lines), candidate.issue_date)
    for index, line in enumerate(lines):
        if line.vat_rate in refused:
            yield problem(
                f"lines-{index}-vat_rate",
                _l("Line %(line)d: this VAT rate does not hold on the invoice date.", line=index + 1),
            )
        elif line.vat_rate == 0 and line.amount_cents:
            yield from _exemption_problems(candidate.document, index, line)
    if candidate.totals.total_cents < 0:
        yield problem(
            "lines",
            _l("The total is negative. An invoice cannot be; returns of an earlier sale need a credit note."),
        )


def _exemption_problems(document: Document, index: int, line: DocumentLine) -> Iterator[Problem]:
    """A sale without VAT names the provision that exempts it (242 nonies A I-12°), in the line's text or the note."""
    text = f"{line.label}\n{line.description}\n{document.note}"
    if _REVERSE_CHARGE.search(text):
        message = _l(
            "Line %(line)d: reverse charge, exports and sales inside the EU need mentions that Solde cannot print yet.",
            line=index + 1,
        )
    elif not _LEGAL_GROUND.search(text):
        message = _l(
            "Line %(line)d has no VAT. Write the legal ground of the exemption in its description or in the note, "
            "for example “Exonération de TVA, art. 261, 4-4° du CGI”, or choose another rate.",
            line=index + 1,
        )
    else:
        return
    yield Problem(Place.DOCUMENT, f"lines-{index}-vat_rate", message)
