"""What a form says about an item of the catalogue, and the checks it must pass before `save_item` writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask_babel import lazy_gettext as _l

from accounting.facts import SupplyKind
from accounting.sales_accounts import checked_number
from core.clock import paris_today
from invoicing.draft_input import LARGEST_PRICE, LONGEST_DESCRIPTION, LONGEST_LABEL, NOT_A_SALES_ACCOUNT
from invoicing.input_checks import FieldErrors
from invoicing.units import DEFAULT_UNIT, UNITS
from invoicing.vat_checks import check_line_ground
from invoicing.vat_rates import allowed_rates

LONGEST_CODE = 40


@dataclass(frozen=True)
class ItemInput:
    """Everything about an item as typed. `unit_price` has 6 decimals, `vat_rate` is in 1/100 %.

    Attributes:
        code: a short name of the company's own, unique; kept in capitals. Empty for none.
        price_includes_vat: whether the price is that which a private customer reads.
        sales_account: its own account 70…; empty for the usual one of its kind and rate.
        vat_ground: why the item is exempt by itself, on documents that charge VAT too (a disbursement); its rate is 0.
        request_key: a random key of the form of a new item, so that sending it twice makes one.
    """

    label: str
    unit_price: int
    vat_rate: int
    kind: SupplyKind = SupplyKind.SERVICE
    code: str = ""
    description: str = ""
    unit: str = DEFAULT_UNIT
    price_includes_vat: bool = False
    sales_account: str = ""
    vat_ground: str = ""
    request_key: str | None = None


def plain_code(text: str) -> str:
    """A code as it is kept and looked for: capitals, single blanks."""
    return " ".join(text.upper().split())


def checked_item(given: ItemInput) -> ItemInput:
    """The input cleaned.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    errors = FieldErrors()
    if given.unit not in UNITS:
        errors.add("unit", _l("Choose a unit from the list."))
    if given.vat_rate not in allowed_rates(paris_today()):
        errors.add("vat_rate", _l("Choose a VAT rate from the list. Other rates are added in the settings."))
    if given.unit_price < 0:
        errors.add("unit_price", _l("A price cannot be negative."))
    elif given.unit_price > LARGEST_PRICE:
        errors.add("unit_price", _l("This number is too large."))
    check_line_ground(errors, "vat_ground", given.vat_ground)
    account = checked_number(given.sales_account)
    if account is None:
        errors.add("sales_account", NOT_A_SALES_ACCOUNT)
    checked = replace(
        given,
        code=plain_code(errors.text("code", given.code, LONGEST_CODE)),
        label=errors.text("label", given.label, LONGEST_LABEL, required=_l("Say what is sold.")),
        description=errors.text("description", given.description, LONGEST_DESCRIPTION, lines=True),
        sales_account=account or "",
        # What is exempt has no VAT in its price, whichever way it was typed.
        vat_rate=0 if given.vat_ground else given.vat_rate,
    )
    errors.raise_if_any()
    return checked
