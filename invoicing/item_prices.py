"""The price of an item as a line of a document shows it: net or VAT included, as the document's prices are."""

from __future__ import annotations

from dataclasses import dataclass

from core.database import db
from core.money import round_half_up_div
from invoicing.models import Customer, CustomerKind, Item
from invoicing.settings import invoicing_settings
from invoicing.vat import WHOLE
from invoicing.vat_categories import VatCase


@dataclass(frozen=True)
class ShownPrices:
    """How a document shows prices: VAT included or net, and how VAT treats it."""

    includes_vat: bool
    case: VatCase


def prices_of_request(customer_id: int | None, prices: str, case: VatCase | None = None) -> ShownPrices:
    """How a document in the editor shows its prices, from what is chosen there.

    Args:
        customer_id: the customer chosen, if any.
        prices: `net`, `gross`, or empty for what is usual for the customer: VAT included for an individual.
        case: the case of VAT chosen; None: the customer's, else the company's.
    """
    customer = db.session.get(Customer, customer_id) if customer_id else None
    usual = customer is not None and customer.kind is CustomerKind.INDIVIDUAL
    own = customer.vat_case if customer is not None else None
    return ShownPrices(
        {"net": False, "gross": True}.get(prices, usual), case or own or invoicing_settings().vat_case
    )


def rate_on_document(item: Item, case: VatCase = VatCase.STANDARD) -> int:
    """The VAT rate of a line made of the item, in 1/100 %: none where the case of the document charges none."""
    return item.vat_rate if case is VatCase.STANDARD else 0


def price_on_document(item: Item, *, includes_vat: bool, case: VatCase = VatCase.STANDARD) -> int:
    """The unit price, 6 decimals: as it is where the document's prices are as the item's, else with VAT added or taken
    off, exact where that is possible and half-up on the sixth decimal where not.

    Args:
        item: with its price, net or VAT included.
        includes_vat: whether the document's prices include VAT.
        case: how VAT treats the document; without VAT, its price with VAT is the net one.
    """
    times = WHOLE + rate_on_document(item, case) if includes_vat else WHOLE
    divided = WHOLE + item.vat_rate if item.price_includes_vat else WHOLE
    return round_half_up_div(item.unit_price * times, divided)
