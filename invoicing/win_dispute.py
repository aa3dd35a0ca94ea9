"""Records that a dispute was won: its money came back and the payment stands again, as if nothing had been."""

from __future__ import annotations

from collections import Counter
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import DisputeWonFact
from accounting.record import record
from core.database import db
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import open_of_refund
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.ledger_facts import collection_states, live_key, refund_key, share_on, third_party, treasury_of
from invoicing.locked_payments import lock_payment
from invoicing.models import Customer, Document
from invoicing.parties import buyer_of
from invoicing.payments import Payment
from invoicing.refunds import DisputeWin, Refund, RefundKind
from invoicing.settle import live_settlements_of_refund, settle, undo_settlement
from invoicing.standing import note_changed
from invoicing.surplus_keys import surplus_keys


def win_dispute(
    dispute_id: int,
    *,
    won_on: date,
    external_id: str | None = None,
    reference: str = "",
    actor_id: int | None = None,
) -> DisputeWin:
    """Record that the whole amount of the dispute came back; won twice, the first is returned.

    The payment settles again what the dispute had opened, as far as that is still open; the rest is the customer's
    credit.

    Args:
        dispute_id: a `Refund` of kind DISPUTE.
        won_on: business date of the money, not before the dispute.
        external_id: stable name of the event at the processor, unique in the company.
        reference: of the piece in the books; empty for a number of our own.
        actor_id: who does it; None for the program.

    Raises:
        NotFoundError: there is no such dispute.
        InvalidInputError: a day before the dispute.
        ConflictError: the payment was used on another invoice at this moment.
    """
    dispute = db.session.get(Refund, dispute_id)
    if dispute is None or dispute.kind is not RefundKind.DISPUTE:
        raise NotFoundError(_l("This dispute does not exist."))
    payment, invoices = lock_payment(dispute.payment_id)
    earlier = db.session.scalars(select(DisputeWin).where(DisputeWin.refund_id == dispute_id)).one_or_none()
    if earlier is not None:
        return earlier
    if won_on < dispute.refunded_on:
        raise InvalidInputError({"won_on": _l("A dispute cannot be won before the day it began.")})
    beyond = open_of_refund(dispute_id)
    win = _written_win(dispute, won_on, external_id, reference, actor_id)
    shares = _stand_again(dispute, win, payment)
    shares[refund_key(dispute_id)] += beyond
    for invoice in invoices:
        note_changed(invoice.id)
    record(_fact(win, payment, shares, invoices))
    seal("dispute_win", win.id)
    for invoice in invoices:
        record_event(
            "dispute.won", actor_id=actor_id, subject=("document", invoice.id), refund_id=dispute_id,
            amount_cents=win.amount_cents,
        )  # fmt: skip
    return win


def _written_win(
    dispute: Refund, won_on: date, external_id: str | None, reference: str, actor_id: int | None
) -> DisputeWin:
    win = DisputeWin(
        refund_id=dispute.id,
        amount_cents=dispute.amount_cents,
        won_on=won_on,
        reference=reference.strip()[:100],
        external_id=external_id,
        recorded_by_id=actor_id,
    )
    db.session.add(win)
    db.session.flush()
    return win


def _stand_again(dispute: Refund, win: DisputeWin, payment: Payment) -> Counter[str]:
    """Undo what the dispute was matched with; returns the cents by match key of the ledger."""
    shares: Counter[str] = Counter()
    freed = 0
    for settlement in live_settlements_of_refund(dispute.id):
        undo_settlement(settlement, undone_on=win.won_on)
        if settlement.credit_note_id is None:
            freed += settlement.amount_cents
        else:
            key = surplus_keys(credit_note_id=settlement.credit_note_id)[0]
            shares[key] += settlement.amount_cents
    for reopened in dispute.reopened:
        settlement_ = settle(
            at_most_cents=min(freed, reopened.amount_cents), settled_on=win.won_on,
            invoice_id=reopened.invoice_id, payment_id=payment.id,
        )  # fmt: skip
        if settlement_ is not None:
            invoice = db.session.get_one(Document, reopened.invoice_id)
            shares[live_key(invoice)] += settlement_.amount_cents
            freed -= settlement_.amount_cents
    shares[surplus_keys(payment_id=payment.id)[0]] += freed
    return shares


def _fact(
    win: DisputeWin, payment: Payment, shares: Counter[str], invoices: list[Document]
) -> DisputeWonFact:
    return DisputeWonFact(
        source=("dispute_win", win.id),
        treasury=treasury_of(payment),
        paid_on=win.won_on,
        reference=win.reference,
        third_party=third_party(buyer_of(db.session.get_one(Customer, payment.customer_id))),
        shares=tuple(share_on(key, cents) for key, cents in shares.items() if cents),
        collection=collection_states(*invoices),
    )
