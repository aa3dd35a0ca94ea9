"""Checks of a chosen case of VAT and its ground, shared by the verbs that take them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from invoicing.input_checks import FieldErrors
from invoicing.vat_cases import GROUNDS, grounds_for
from invoicing.vat_categories import VatCase


def check_treatment(errors: FieldErrors, case: VatCase | None, ground: str) -> None:
    """Refuse a ground that does not go with the case, on `vat_case`.

    Args:
        errors: where it is noted.
        case: what was chosen; None leaves it to the customer or the company, whose ground is taken then.
        ground: the key of a provision (`vat_cases`); empty for none.
    """
    allowed = set(GROUNDS) if case is None else {one.key for one in grounds_for(case)}
    if ground and ground not in allowed:
        errors.add("vat_case", _l("This ground does not go with the case of VAT. Choose one from the list."))


def check_line_ground(errors: FieldErrors, field: str, ground: str) -> None:
    """Refuse what no single line can be exempt by."""
    if ground and not (ground in GROUNDS and GROUNDS[ground].for_line):
        errors.add(field, _l("Choose a ground from the list."))
