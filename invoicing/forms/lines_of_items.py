"""A line of the editor made of an item of the catalogue: the fields as a person would have typed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale

from core.database import db
from core.money import RATE_DECIMALS, UNIT_PRICE_DECIMALS, format_scaled
from invoicing.item_prices import price_on_document, rate_on_document
from invoicing.models import Customer, CustomerKind, Item
from invoicing.settings import invoicing_settings
from invoicing.units import unit_name
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


def typed_item(item: Item, shown: ShownPrices) -> dict[str, Any]:
    """The fields of a line, as texts of the reader's language; `hint` and `code` are for the list of proposals."""
    price = price_on_document(item, includes_vat=shown.includes_vat, case=shown.case)
    typed = format_scaled(price, UNIT_PRICE_DECIMALS, get_locale(), least_decimals=2)
    return {
        "item_id": item.id,
        "code": item.code or "",
        "label": item.label,
        "description": item.description,
        "unit": item.unit,
        "unit_price": typed,
        "vat_rate": rate_on_document(item, shown.case),
        "vat_rate_text": f"{format_scaled(rate_on_document(item, shown.case), RATE_DECIMALS, get_locale())}\u00a0%",
        "kind": item.kind.value,
        "sales_account": item.sales_account,
        "hint": f"{typed}\u00a0€ · {unit_name(item.unit)}",
    }
