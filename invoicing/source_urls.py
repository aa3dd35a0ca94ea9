"""The pages that entries of the ledger come from: where a click on their source leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import url_for
from sqlalchemy import ColumnElement, select

from core.database import db
from invoicing.bank.models import BankMatch, ChequeDepositItem
from invoicing.models import CustomerMerge
from invoicing.payments import PaymentReversal, Settlement
from invoicing.receivables import DoubtfulDebt, KeptSurplus, WriteOff
from invoicing.refunds import DisputeWin, Refund


def _of_document(document_id: int) -> str:
    return url_for("invoices.show", document_id=document_id)


def _of_payment(payment_id: int) -> str:
    """A payment is shown on the invoice that it settled first; one that settled nothing, in the list."""
    return _of_settlement_where(Settlement.payment_id == payment_id)


def _of_reversal(reversal_id: int) -> str:
    reversal = select(PaymentReversal.payment_id).where(PaymentReversal.id == reversal_id)
    return _of_payment(db.session.scalars(reversal).one())


def _of_refund(refund_id: int) -> str:
    return _of_payment(db.session.get_one(Refund, refund_id).payment_id)


def _of_win(win_id: int) -> str:
    return _of_refund(db.session.get_one(DisputeWin, win_id).refund_id)


def _of_settlement(settlement_id: int) -> str:
    return _of_settlement_where(Settlement.id == settlement_id)


def _of_settlement_where(condition: ColumnElement[bool]) -> str:
    statement = select(Settlement.invoice_id).where(condition, Settlement.invoice_id.is_not(None))
    invoice_id = db.session.scalars(statement.order_by(Settlement.id).limit(1)).one_or_none()
    return url_for("payments.index") if invoice_id is None else _of_document(invoice_id)


def _of_merge(merge_id: int) -> str:
    target_id = db.session.get_one(CustomerMerge, merge_id).target_id
    return url_for("customers.show", customer_id=target_id)


def _of_slip(deposit_id: int) -> str:
    return url_for("cheques.show", deposit_id=deposit_id)


def _of_cheque(item_id: int) -> str:
    return _of_slip(db.session.get_one(ChequeDepositItem, item_id).deposit_id)


def _of_takeover(takeover_id: int) -> str:
    return url_for("takeover.show", takeover_id=takeover_id)


def _of_match(match_id: int) -> str:
    return url_for("bank_lines.show", line_id=db.session.get_one(BankMatch, match_id).line_id)


def _of_write_off(write_off_id: int) -> str:
    return _of_document(db.session.get_one(WriteOff, write_off_id).invoice_id)


def _of_doubt(doubt_id: int) -> str:
    return _of_document(db.session.get_one(DoubtfulDebt, doubt_id).invoice_id)


def _of_kept(kept_id: int) -> str:
    payment_id = db.session.get_one(KeptSurplus, kept_id).payment_id
    return url_for("payments.show", payment_id=payment_id)


SOURCE_URLS: Final[dict[str, Callable[[int], str]]] = {
    "document": _of_document,
    "payment": _of_payment,
    "payment_reversal": _of_reversal,
    "refund": _of_refund,
    "dispute_win": _of_win,
    "settlement": _of_settlement,
    "write_off": _of_write_off,
    "doubtful_debt": _of_doubt,
    "kept_surplus": _of_kept,
    "customer_merge": _of_merge,
    "cheque_deposit": _of_slip,
    "cheque_deposit_item": _of_cheque,
    "takeover": _of_takeover,
    "bank_match": _of_match,
}
