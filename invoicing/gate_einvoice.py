"""What the gate asks for the e-invoice's sake: the rules of EN 16931, and those of France where they bind the document.

Each rule that something typed could break is checked here on what the XML is made from, so that a person is told where
to mend it; what no field can break is held by the way the XML is built and by the tests against the official rules.
Called before a number is taken, for invoices and credit notes, and by the draft's page. `docs/refusals.md` lists it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Final

from flask_babel import lazy_gettext as _l
from stdnum import iban
from stdnum.fr import siren as fr_siren

from core.money import round_half_up_div
from invoicing.customer_input import country_codes
from invoicing.einvoice import Einvoice, WhyRules
from invoicing.errors import Message, Place, Problem
from invoicing.parties import read_address
from invoicing.units import UNITS
from invoicing.vat import WHOLE
from invoicing.vat_categories import VatCategory

LONGEST_ADDRESS: Final = 125
_PLATFORM_ADDRESS = re.compile(r"[A-Za-z0-9+._-]+")
_SIRET = re.compile(r"[0-9]{14}")
_CENTURY = (date(2000, 1, 1), date(2099, 12, 31))
_LEAST_RATE = 50
"""Below 0.50 % the rule BR-CO-17, as it is published, allows no VAT: it rounds the rate to whole per cents."""
_EURO = 100


def problems_of_einvoice(einvoice: Einvoice, told: Iterable[Problem] = ()) -> list[Problem]:
    """What keeps the document from having a valid e-invoice; nothing beside a field that `told` speaks of already."""
    known = {(problem.place, problem.field) for problem in told}
    found = [*_party_problems(einvoice), *_line_problems(einvoice), *_amount_problems(einvoice)]
    if einvoice.why_rules is WhyRules.FRENCH:
        found += [*_french_seller(einvoice), *_french_buyer(einvoice), *_date_problems(einvoice)]
    return [problem for problem in found if (problem.place, problem.field) not in known]


@cache
def einvoice_countries() -> frozenset[str]:
    """The countries that have a code in the e-invoice (ISO 3166-1): Kosovo has none."""
    return country_codes() - {"XK"}


@cache
def vat_prefixes() -> frozenset[str]:
    """What a VAT number may begin with (BR-CO-09): Greece writes EL, Northern Ireland XI, South Sudan is left out."""
    return (einvoice_countries() - {"SS"}) | {"EL", "XI"}


@lru_cache(maxsize=256)
def is_iban(number: str) -> bool:
    """Whether the check digits are right and a bank may have it; kept, for a company has one for years."""
    return iban.is_valid(number)


def _party_problems(einvoice: Einvoice) -> Iterator[Problem]:
    seller, buyer = einvoice.frozen.seller, einvoice.frozen.buyer
    delivery = read_address(einvoice.document.delivery)
    if not seller.name.strip():
        yield Problem(
            Place.COMPANY, "name", _l("Complete your company’s name and address in the company settings.")
        )
    if not buyer.name.strip():
        yield Problem(Place.CUSTOMER, "address1", _l("Complete the customer’s name and address."))
    if buyer.country not in einvoice_countries():
        yield Problem(Place.CUSTOMER, "country", _NO_CODE)
    if delivery is not None and delivery.country not in einvoice_countries():
        yield Problem(Place.DOCUMENT, "delivers_to", _NO_CODE)
    if seller.iban and not is_iban(seller.iban):
        yield Problem(Place.COMPANY, "iban", _l("Your IBAN is wrong: customers could not pay you. Mend it."))
    yield from _vat_number_problems(einvoice)


_NO_CODE = _l("The e-invoice has no code for this country. Choose another one from the list.")


def _vat_number_problems(einvoice: Einvoice) -> Iterator[Problem]:
    seller, buyer = einvoice.frozen.seller, einvoice.frozen.buyer
    categories = {group.category for group in einvoice.vat}
    if VatCategory.OUTSIDE_SCOPE in categories:
        return
    if not seller.vat_number and categories & {VatCategory.INTRA_EU_GOODS, VatCategory.EXPORT}:
        yield Problem(
            Place.COMPANY,
            "vat_number",
            _l(
                "This kind of sale must show your own VAT number (CGI ann. II, art. 242 nonies A). Give it in the "
                "company settings."
            ),
        )
    for place, number in ((Place.COMPANY, seller.vat_number), (Place.CUSTOMER, buyer.vat_number)):
        if number.strip() and number.strip()[:2] not in vat_prefixes():
            yield Problem(
                place,
                "vat_number",
                _l("A VAT number begins with the two letters of its country. Mend this one, or take it out."),
            )


def _line_problems(einvoice: Einvoice) -> Iterator[Problem]:
    for index, line, _ in einvoice.lines:
        field, number = f"lines-{index}", index + 1
        if not line.label.strip():
            yield _on_document(f"{field}-label", _l("Line %(line)d: say what is sold.", line=number))
        if line.unit not in UNITS:
            yield _on_document(
                f"{field}-unit", _l("Line %(line)d: choose a unit from the list.", line=number)
            )


def _amount_problems(einvoice: Einvoice) -> Iterator[Problem]:
    """VAT is rate × net to the cent (BR-CO-17); the last credit note of an invoice takes the cents that are left.

    Rounded down on each of many notes, they may be some; the rule itself allows less than one euro.
    """
    for group in einvoice.vat:
        exact = round_half_up_div(group.net_cents * group.rate, WHOLE)
        if 0 < group.rate < _LEAST_RATE and abs(group.vat_cents) >= _EURO // 2:
            index = next(index for index, line, _ in einvoice.lines if line.vat_rate == group.rate)
            yield _on_document(
                f"lines-{index}-vat_rate",
                _l("Line %(line)d: an e-invoice takes no VAT rate below 0.5 %%.", line=index + 1),
            )
        elif einvoice.is_credit and abs(group.vat_cents - exact) >= _EURO:
            yield _on_document(
                "lines",
                _l("The VAT left on this invoice is not that of its net total. Credit more of it at once."),
            )
        else:
            assert einvoice.is_credit or group.vat_cents == exact, "an invoice's VAT is computed from its net"


def _french_seller(einvoice: Einvoice) -> Iterator[Problem]:
    seller = einvoice.frozen.seller
    if not fr_siren.is_valid(seller.siren):
        yield Problem(
            Place.COMPANY,
            "siren",
            _l("Your company’s SIREN is missing or wrong. Mend it in the company settings."),
        )
    elif seller.siret.strip() and not _fits(seller.siret, seller.siren):
        yield Problem(
            Place.COMPANY,
            "siret",
            _l("A SIRET has 14 digits and begins with the SIREN. Mend yours in the settings."),
        )
    if einvoice.seller_address != seller.siren and not _is_platform_address(einvoice.seller_address):
        yield Problem(
            Place.SETTINGS,
            "einvoice_address",
            _l(
                "Your e-invoice address may hold letters, digits, dots, hyphens, underscores and plus signs, at most"
                " %(most)d.",
                most=LONGEST_ADDRESS,
            ),
        )


def _french_buyer(einvoice: Einvoice) -> Iterator[Problem]:
    buyer = einvoice.frozen.buyer
    address, _ = einvoice.buyer_address or ("", "")
    if not fr_siren.is_valid(buyer.siren):
        yield Problem(
            Place.CUSTOMER,
            "siren",
            _l("Give the customer’s SIREN: an invoice to a French business must show it."),
        )
        return
    if buyer.siret.strip() and not _fits(buyer.siret, buyer.siren):
        yield Problem(
            Place.CUSTOMER,
            "siret",
            _l("The customer’s SIRET has 14 digits and begins with its SIREN. Mend one of them."),
        )
    if not (address.startswith(buyer.siren) and _is_platform_address(address)):
        yield Problem(
            Place.CUSTOMER,
            "einvoice_address",
            _l(
                "The e-invoice address of a French customer begins with its SIREN and holds letters, digits,"
                " dots, hyphens, underscores and plus signs, at most %(most)d.",
                most=LONGEST_ADDRESS,
            ),
        )


def _fits(siret: str, siren: str) -> bool:
    return bool(_SIRET.fullmatch(siret)) and siret.startswith(siren)


def _is_platform_address(address: str) -> bool:
    return len(address) <= LONGEST_ADDRESS and bool(_PLATFORM_ADDRESS.fullmatch(address))


def _date_problems(einvoice: Einvoice) -> Iterator[Problem]:
    """Dates of this century only (BR-FR-03)."""
    document, frozen = einvoice.document, einvoice.frozen
    dates = {
        "issue_date": frozen.issue_date,
        "due_date": None if einvoice.is_credit else frozen.due_date,
        "supply_date": document.supply_date,
        "period_start": document.period_start,
        "period_end": document.period_end,
    }
    for field, day in dates.items():
        if day is not None and not _CENTURY[0] <= day <= _CENTURY[1]:
            yield _on_document(field, _l("This date cannot be right. Check the year."))


def _on_document(field: str, message: Message) -> Problem:
    return Problem(Place.DOCUMENT, field, message)
