"""Records a refund that happened: money of a payment was given back, whole or in part.

Called by `payplug_bridge` for cards, by the page of a payment for what was given back by hand.
"""

from __future__ import annotations

from dataclasses import replace

from invoicing.give_back import MoneyBack, give_back
from invoicing.refunds import Refund, RefundKind


def refund_payment(given: MoneyBack) -> Refund:
    """Record the refund with its settlements, entry and seal in the open transaction.

    What no credit note and no surplus covers opens the invoices again that the payment settled; they stand *refunded*
    and are not asked for until `claim_again` or a credit note.

    Raises:
        NotFoundError: there is no such payment, or no such credit note of its customer.
        InvalidInputError: naming every field that is wrong.
        ConflictError: the payment was cancelled, or used on another invoice at this moment.
    """
    return give_back(replace(given, kind=RefundKind.REFUND))
