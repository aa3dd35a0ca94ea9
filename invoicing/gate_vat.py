"""What the gate asks of the case of VAT: whom it fits, the grounds it needs, the rates and accounts of its lines.

The rules BR-… are those of EN 16931, which the e-invoice inside each document must pass. Called by `gate`.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from stdnum.eu import vat as eu_vat

from accounting.facts import SupplyKind
from accounting.sales_accounts import is_sales_account
from invoicing.candidate import Candidate
from invoicing.errors import Message, Place, Problem
from invoicing.models import CustomerKind
from invoicing.vat_cases import (
    ABROAD_GROUND,
    CASES,
    GROUNDS,
    Where,
    eu_countries,
    ground_of,
    grounds_for,
    grounds_of,
    is_in_france,
)
from invoicing.vat_categories import VatCase, VatCategory
from invoicing.vat_rates import refused_rates


def vat_problems(candidate: Candidate) -> Iterator[Problem]:
    """Everything the case of VAT does not allow."""
    yield from _seller_problems(candidate)
    yield from _buyer_problems(candidate)
    yield from _place_problems(candidate)
    yield from _ground_problems(candidate)
    yield from _mixture_problems(candidate)
    yield from _line_problems(candidate)


def _on_document(field: str, message: Message) -> Problem:
    return Problem(Place.DOCUMENT, field, message)


def _seller_problems(candidate: Candidate) -> Iterator[Problem]:
    """A company under the franchise charges no VAT, and only such a one may say so (CGI art. 293 B, 293 E)."""
    case, usual = candidate.document.vat_case, candidate.settings.vat_case
    if usual is VatCase.FRANCHISE and case is VatCase.STANDARD:
        yield _on_document(
            "vat_case",
            _l(
                "Your company is under the VAT franchise: it cannot charge VAT. Choose the franchise for this document."
            ),
        )
    elif case is VatCase.FRANCHISE and usual is not VatCase.FRANCHISE:
        yield Problem(
            Place.SETTINGS,
            "vat_case",
            _l(
                "Only a company under the VAT franchise may issue without VAT by art. 293 B. Choose it in the settings."
            ),
        )


def _buyer_problems(candidate: Candidate) -> Iterator[Problem]:
    customer, case = candidate.customer, candidate.document.vat_case
    rule = CASES[case]
    if customer.kind not in rule.kinds:
        yield _on_document(
            "vat_case",
            _l(
                "“%(case)s” is for customers that are businesses. Choose another case of VAT.",
                case=rule.title,
            ),
        )
    elif rule.buyer_vat_number and not customer.vat_number:
        yield Problem(
            Place.CUSTOMER,
            "vat_number",
            _l(
                "Give the customer’s VAT number: without it VAT must be charged, and the invoice must show it."
            ),
        )
    elif case is VatCase.INTRA_EU and not _is_of_other_state(customer.vat_number):
        yield Problem(
            Place.CUSTOMER,
            "vat_number",
            _l("Give the customer’s VAT number in its EU country: this one is not valid there."),
        )


def _is_of_other_state(number: str) -> bool:
    return not number.startswith("FR") and eu_vat.is_valid(number)


def _place_problems(candidate: Candidate) -> Iterator[Problem]:
    """Where the customer is, and where goods go (CGI art. 262 I, 262 ter I, 259-1; BR-IC-12)."""
    case, country = candidate.document.vat_case, candidate.customer.country
    where = CASES[case].where
    kinds = {line.kind for _, line in candidate.counted_lines() if not line.vat_ground}
    if where is Where.OTHER_EU:
        if country not in eu_countries():
            yield Problem(
                Place.CUSTOMER,
                "country",
                _l("This case of VAT needs a customer in another country of the EU."),
            )
        elif SupplyKind.GOODS in kinds and candidate.delivery_country not in eu_countries():
            yield _on_document(
                "delivers_to",
                _l(
                    "Goods are exempt only when they go to another country of the EU. Give the delivery address there."
                ),
            )
    elif where is Where.OUTSIDE_EU:
        yield from _export_problems(candidate, kinds)
    elif case is VatCase.OUTSIDE_SCOPE and _ground_key(candidate) == ABROAD_GROUND.key:
        yield from _abroad_problems(candidate, kinds)


def _export_problems(candidate: Candidate, kinds: set[SupplyKind]) -> Iterator[Problem]:
    if not _is_outside_eu(candidate.delivery_country):
        message = _l("An export goes to a country outside the EU. Give the delivery address there.")
        if is_in_france(candidate.customer.country) or candidate.document.delivery:
            yield _on_document("delivers_to", message)
        else:
            yield Problem(Place.CUSTOMER, "country", message)
    if kinds == {SupplyKind.SERVICE}:
        # Only what goes with exported goods (transport, insurance) is exempt with them (CGI art. 262 I) (practice).
        yield _on_document(
            "vat_case",
            _l(
                "Services alone are no export. For a business outside the EU, choose “outside the scope of VAT”."
            ),
        )


def _abroad_problems(candidate: Candidate, kinds: set[SupplyKind]) -> Iterator[Problem]:
    customer = candidate.customer
    if not _is_outside_eu(customer.country):
        yield Problem(
            Place.CUSTOMER,
            "country",
            _l(
                "Services are outside the scope of French VAT for a customer outside the EU. For a business in another "
                "EU country, choose that case; for a compensation or a subsidy, choose that ground."
            ),
        )
    elif customer.kind is CustomerKind.INDIVIDUAL:
        # CGI art. 259 B takes only some services out (advice, data, rights...), which nobody tells here (practice).
        yield _on_document(
            "vat_case", _l("Services to an individual are taxed where you are. Charge VAT on them.")
        )
    if SupplyKind.GOODS in kinds:
        yield _on_document(
            "vat_case",
            _l("Goods are not outside the scope of VAT. Choose export, or an EU country, or charge VAT."),
        )


def _is_outside_eu(country: str) -> bool:
    return not is_in_france(country) and country not in eu_countries()


def _ground_key(candidate: Candidate) -> str:
    document = candidate.document
    if document.vat_case is VatCase.OUTSIDE_SCOPE and not document.vat_ground:
        return ABROAD_GROUND.key
    return document.vat_ground


def _ground_problems(candidate: Candidate) -> Iterator[Problem]:
    """A sale without VAT names what exempts it (242 nonies A I-12°; BR-E-10)."""
    document = candidate.document
    allowed = {ground.key for ground in grounds_for(document.vat_case)}
    if document.vat_ground and document.vat_ground not in allowed:
        yield _on_document(
            "vat_case", _l("This ground does not go with the case of VAT. Choose one from the list.")
        )
    elif document.vat_case is VatCase.EXEMPT and not document.vat_ground and _needs_ground(candidate):
        yield _on_document("vat_case", _l("Choose the provision by which this sale is exempt from VAT."))


def _needs_ground(candidate: Candidate) -> bool:
    return any(not line.vat_ground for _, line in candidate.counted_lines())


def _mixture_problems(candidate: Candidate) -> Iterator[Problem]:
    """The e-invoice has one breakdown for all that is exempt (BR-E-01), and nothing beside what is out of scope."""
    rows = candidate.totals.vat
    categories = {row.category for row in rows}
    if VatCategory.OUTSIDE_SCOPE in categories and len(categories) > 1:
        # BR-O-11 to BR-O-14.
        yield _on_document(
            "lines",
            _l("What is outside the scope of VAT needs an invoice of its own. Take the other lines off."),
        )
    exempt = [row for row in rows if row.category is VatCategory.EXEMPT]
    if len(grounds_of(candidate.document.vat_case, exempt)) > 1:
        yield _on_document(
            "lines",
            _l(
                "One invoice can name one ground of exemption. Put lines of another ground on an invoice of their own."
            ),
        )


def _line_problems(candidate: Candidate) -> Iterator[Problem]:
    case = candidate.document.vat_case
    refused = refused_rates((line.vat_rate for _, line in candidate.counted_lines()), candidate.issue_date)
    grounds = {(row.rate, row.category, row.ground): ground_of(case, row) for row in candidate.totals.vat}
    unexplained = case is VatCase.STANDARD and any(
        ground is None and category is VatCategory.EXEMPT for (_, category, _), ground in grounds.items()
    )
    for index, line in candidate.counted_lines():
        field = f"lines-{index}"
        number = index + 1
        if line.vat_ground and (
            line.vat_ground not in GROUNDS or not GROUNDS[line.vat_ground].for_line or line.vat_rate
        ):
            yield _on_document(
                f"{field}-vat_ground",
                _l("Line %(line)d: this ground cannot be used here. Choose another.", line=number),
            )
        elif line.vat_rate in refused:
            yield _on_document(
                f"{field}-vat_rate",
                _l("Line %(line)d: this VAT rate does not hold on the invoice date.", line=number),
            )
        elif line.vat_rate and case is not VatCase.STANDARD:
            yield _on_document(
                f"{field}-vat_rate",
                _l("Line %(line)d: no VAT is charged in this case of VAT. Choose 0 %%.", line=number),
            )
        elif unexplained and not line.vat_rate and not line.vat_ground:
            yield _on_document(
                f"{field}-vat_rate",
                _l(
                    "Line %(line)d has no VAT. Choose the legal ground of the exemption, a case of VAT for the whole "
                    "document, or another rate.",
                    line=number,
                ),
            )
        if line.sales_account and not is_sales_account(line.sales_account):
            yield _on_document(
                f"{field}-sales_account",
                _l(
                    "Line %(line)d: a sales account begins with 70 and has at most 17 digits and capitals.",
                    line=number,
                ),
            )
