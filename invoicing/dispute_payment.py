"""Records a dispute: the customer's bank took the money of a card payment back. Called for rows of PayPlug's report."""

from __future__ import annotations

from datetime import date

from invoicing.give_back import MoneyBack, give_back
from invoicing.refunds import Refund, RefundKind


def dispute_payment(
    payment_id: int,
    *,
    amount_cents: int,
    disputed_on: date,
    external_id: str,
    reference: str = "",
    reason: str = "",
) -> Refund:
    """Record the money that was taken back, with its settlements, entry and seal; once per `external_id`.

    The invoices that the payment settled are open again and stand *disputed*: not asked for until the dispute is won
    (`win_dispute`), they are claimed again (`claim_again`) or credited. A fee is not part of it: it comes with the
    processor's invoice.

    Args:
        payment_id: the payment of the company entered.
        amount_cents: what was taken, above zero; more than is left of the payment is recorded all the same.
        disputed_on: business date, not in the future and not before the payment.
        external_id: stable name of the event at the processor, unique in the company.
        reference: of the piece in the books; empty for a number of our own.
        reason: what the processor says, shown to members.

    Raises:
        NotFoundError: there is no such payment.
        InvalidInputError: naming every field that is wrong.
        ConflictError: the payment was cancelled, or used on another invoice at this moment.
    """
    return give_back(
        MoneyBack(
            payment_id=payment_id,
            amount_cents=amount_cents,
            went_on=disputed_on,
            kind=RefundKind.DISPUTE,
            reason=reason,
            reference=reference,
            external_id=external_id,
        )
    )
