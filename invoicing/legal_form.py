"""The seller's legal form, capital and register in one line, in the language that is on (C. com. R123-237, R123-238).

On the foot of each printed page and in the e-invoice (BT-33).
"""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from core.money import format_cents
from invoicing.parties import Seller


def legal_form_line(seller: Seller) -> str:
    """Legal form with its capital, and the register."""
    form, capital = seller.legal_form, seller.share_capital_cents
    if capital:
        amount = _amount(capital, get_locale())
        form = _("%(form)s with a share capital of %(amount)s", form=form, amount=amount) if form else ""
    return " · ".join(filter(None, (form, seller.registration)))


@lru_cache(maxsize=256)
def _amount(cents: int, locale: Locale) -> str:
    """Kept: the capital is the same on all documents of a company, and formatting takes longer than it looks."""
    return format_cents(cents, locale)
