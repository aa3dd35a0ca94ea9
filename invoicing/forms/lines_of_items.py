"""A line of the editor made of an item of the catalogue: the fields as a person would have typed them."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale

from core.money import RATE_DECIMALS, UNIT_PRICE_DECIMALS, format_scaled
from invoicing.item_prices import ShownPrices, price_on_document, rate_on_document
from invoicing.models import Item
from invoicing.units import unit_name


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
        "vat_ground": item.vat_ground,
        "sales_account": item.sales_account,
        "hint": f"{typed}\u00a0€ · {unit_name(item.unit)}",
    }
