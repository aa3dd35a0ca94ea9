"""What could not be applied cleanly, in words for the people who must look at it.

Set by `apply_snapshot` on the attempt; shown on the invoice and in the list of PayPlug activity.
"""

from __future__ import annotations

from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


class Trouble(StrEnum):
    """Why a person has to look at an attempt."""

    AMOUNT = "amount"
    OTHER_AMOUNT = "other_amount"
    CURRENCY = "currency"
    MODE = "mode"
    METADATA = "metadata"
    SURPLUS = "surplus"
    REFUNDED = "refunded"
    HELD = "held"


_WORDS: dict[str, LazyString] = {
    Trouble.AMOUNT: _l(
        "PayPlug tells another amount than the one asked for. Nothing was recorded: compare with the PayPlug portal."
    ),
    Trouble.OTHER_AMOUNT: _l(
        "PayPlug took another amount than the one asked for. It is in the books as a credit of the customer: use it on "
        "the invoice, or give it back."
    ),
    Trouble.CURRENCY: _l(
        "PayPlug tells another currency than euros. Nothing was recorded: compare with the PayPlug portal."
    ),
    Trouble.MODE: _l(
        "PayPlug tells another mode (test or live) than the one asked for. Nothing was recorded."
    ),
    Trouble.METADATA: _l(
        "This PayPlug payment names another request of ours than the one it belongs to. Nothing was recorded."
    ),
    Trouble.SURPLUS: _l(
        "The card was charged when less was due. The payment is recorded; what was too much is a credit of the "
        "customer."
    ),
    Trouble.HELD: _l(
        "The card was charged on a page that was open before the money of this invoice went back. The payment is "
        "recorded and settles the invoice: make sure that the customer meant to pay again, else give it back."
    ),
    Trouble.REFUNDED: _l(
        "Money was given back in the PayPlug portal and no credit note covers it. It is in the books, and the invoice "
        "is not asked for: make a credit note, or claim it again."
    ),
}


def words_for(trouble: str) -> LazyString | str:
    """The sentence of a stored trouble."""
    return _WORDS.get(trouble, trouble)
