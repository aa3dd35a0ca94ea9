"""The few words that name a matter of the list *To handle*, by the stored word of its trouble."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payplug_bridge.troubles import Trouble

TITLES: Final[dict[str, LazyString]] = {
    Trouble.AMOUNT: _l("Wrong amount"),
    Trouble.OTHER_AMOUNT: _l("Wrong amount"),
    Trouble.CURRENCY: _l("Wrong currency"),
    Trouble.MODE: _l("Test and live mixed up"),
    Trouble.METADATA: _l("Payment of another request"),
    Trouble.SURPLUS: _l("Paid too much"),
    Trouble.REFUNDED: _l("Refund made at PayPlug"),
    Trouble.HELD: _l("Paid while it was on hold"),
    "uncovered": _l("More taken back than was paid"),
    "refund": _l("Refund without a credit note"),
    "dispute": _l("Dispute"),
    "stuck": _l("A notification cannot be done"),
    "other_activity": _l("Other PayPlug activity"),
    "report_missing": _l("An accounting report is missing"),
}


def title_of(trouble: str) -> LazyString | str:
    """The words; the stored word itself when it is none of ours."""
    return TITLES.get(trouble, trouble)
