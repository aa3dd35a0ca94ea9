"""Payments: the list, recording one by hand, taking one back, using a customer's credit."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import commit_once, db, transaction
from core.money import format_cents
from core.web.forms import put_errors, typed_cents
from core.web.pages import Page, asked_day, searched
from core.web.panels import panels_of
from core.web.rights import Right, requires
from invoicing.apply_credit import apply_credit
from invoicing.balances import balance_of, open_of_payment
from invoicing.cancel_payment import CardPaymentError, cancel_payment
from invoicing.claim_again import claim_again
from invoicing.documents import MOST_COUNTED, find_issued
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.documents import OneClickForm
from invoicing.forms.payments import CancelPaymentForm, PaymentForm
from invoicing.forms.receivables import KEPT_WORDS
from invoicing.kept_of_payment import kept_of_payment
from invoicing.lifecycle import DocumentKind
from invoicing.open_invoices import open_invoices
from invoicing.payment_link import card_payments
from invoicing.payment_list import (
    PaymentFilter,
    count_payments,
    find_payments,
    invoices_of_payments,
    was_recorded,
)
from invoicing.payment_means import method_names
from invoicing.payments import Payment, PaymentMethod, ReversalKind
from invoicing.receipt_view import card_of, receipt_view
from invoicing.receipts import receipt_name, receipt_pdf
from invoicing.record_payment import record_payment
from invoicing.render_pdf import MEDIA_TYPE
from invoicing.send_invoice import proposed_recipients
from invoicing.send_receipt import invoice_of, receipts_of, send_receipt

blueprint = Blueprint("payments", __name__)


@blueprint.get("/payments")
@requires(Right.READ)
def index() -> str:
    """The list, narrowed by period, method and a search."""
    wanted = _wanted()
    count = count_payments(wanted)
    page = Page.of_request(count.payments, most=MOST_COUNTED)
    payments = find_payments(wanted, limit=page.size, offset=page.offset)
    return render_template(
        "invoicing/payments.html",
        payments=payments,
        invoices=invoices_of_payments([payment.id for payment in payments]),
        wanted=wanted,
        page=page,
        standing_cents=None if page.is_capped else count.standing_cents,
        given_back_cents=count.given_back_cents,
        methods=method_names(),
    )


def _wanted() -> PaymentFilter:
    method = request.args.get("method", "")
    return PaymentFilter(
        text=searched(),
        method=PaymentMethod(method) if method in set(PaymentMethod) else None,
        first_day=asked_day("from"),
        last_day=asked_day("to"),
    )


@blueprint.route("/invoices/<int:document_id>/payments/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new(document_id: int) -> ResponseReturnValue:
    """Record money that came in for an invoice."""
    open_cents = _open_cents(document_id)
    form = PaymentForm()
    if request.method == "GET":
        form.amount_cents.data = typed_cents(open_cents) if open_cents > 0 else ""
    if form.validate_on_submit():
        if was_recorded(form.request_key.key):
            return _to_invoice(document_id)
        if form.accepts(open_cents) and _recorded(form, document_id):
            return _to_invoice(document_id)
    invoice = find_issued(document_id, DocumentKind.INVOICE)
    return render_template(
        "invoicing/payment_form.html",
        form=form,
        invoice=invoice,
        open_cents=open_cents,
        pays_others=len(open_invoices(invoice.customer_id)) > 1,
    )


def _open_cents(document_id: int) -> int:
    return balance_of(find_issued(document_id, DocumentKind.INVOICE).id).open_cents


def _recorded(form: PaymentForm, document_id: int) -> bool:
    actor = current_user.id
    try:
        with transaction():
            amount = record_payment(form.as_input(document_id, actor)).amount_cents
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    close_card_page(document_id)
    flash(
        gettext("The payment of %(amount)s is recorded.", amount=format_cents(amount, get_locale())),
        "success",
    )
    return True


def close_card_page(document_id: int) -> None:
    """Have a card payment ended that the customer may just be making: what she would pay has changed."""
    processor = card_payments()
    if processor is not None:
        processor.abort_open(document_id)


@blueprint.get("/payments/<int:payment_id>")
@requires(Right.READ)
def show(payment_id: int) -> str:
    """One payment: the card, what it settled, who was told."""
    payment = _find_payment(payment_id)
    return render_template(
        "invoicing/payment.html",
        payment=payment,
        card=card_of(payment_id),
        invoices=invoices_of_payments([payment_id]).get(payment_id, []),
        receipts=receipts_of(payment_id),
        left_cents=open_of_payment(payment_id),
        kept=kept_of_payment(payment_id),
        kept_words=KEPT_WORDS,
        has_receipt=invoice_of(payment_id) is not None and payment.reversal is None,
        contacts=proposed_recipients(payment.customer_id),
        methods=method_names(),
        one_click=OneClickForm(),
        panels=panels_of("payment", payment_id),
    )


@blueprint.get("/payments/<int:payment_id>/receipt.pdf")
@requires(Right.READ)
def receipt(payment_id: int) -> ResponseReturnValue:
    """The receipt, drawn now."""
    document_id = invoice_of(_find_payment(payment_id).id)
    if document_id is None:
        raise NotFoundError(gettext("This payment has settled no invoice yet, so it has no receipt."))
    view = receipt_view(payment_id, document_id)
    content = BytesIO(receipt_pdf(view))
    return send_file(content, mimetype=MEDIA_TYPE, download_name=receipt_name(view), as_attachment=True)


@blueprint.post("/payments/<int:payment_id>/receipt")
@requires(Right.INVOICE)
def send(payment_id: int) -> ResponseReturnValue:
    """Send the receipt to the customer."""
    key, actor = OneClickForm().request_key.key, current_user.id
    try:
        commit_once(lambda: send_receipt(payment_id, request_key=key, actor_id=actor))
    except InvalidInputError as error:
        flash(str(next(iter(error.errors.values()))), "danger")
    else:
        flash(gettext("The receipt is on its way. This page says when it was accepted."), "success")
    return redirect(url_for("payments.show", payment_id=payment_id), code=303)


@blueprint.route("/payments/<int:payment_id>/cancel", methods=["GET", "POST"])
@requires(Right.INVOICE)
def cancel(payment_id: int) -> ResponseReturnValue:
    """Take a payment back, with a reason."""
    payment = _find_payment(payment_id)
    if payment.method is PaymentMethod.CARD:
        raise CardPaymentError
    form = CancelPaymentForm()
    if request.method == "GET" and asked_day("day"):
        # From a line of the bank, which sent it back that day.
        form.today.data, form.kind.data = asked_day("day"), ReversalKind.REJECTION.value
    if form.validate_on_submit() and _cancelled(form, payment_id):
        invoices = invoices_of_payments([payment_id]).get(payment_id, [])
        return _to_invoice(invoices[0].id) if invoices else redirect(url_for("payments.index"), code=303)
    invoices = invoices_of_payments([payment_id]).get(payment_id, [])
    return render_template(
        "invoicing/payment_cancel.html",
        form=form,
        payment=_find_payment(payment_id),
        invoices=invoices,
        methods=method_names(),
    )


def _cancelled(form: CancelPaymentForm, payment_id: int) -> bool:
    actor = current_user.id
    try:
        with transaction():
            cancel_payment(
                payment_id,
                reason=form.reason.data,
                kind=ReversalKind(form.kind.data),
                fee_cents=form.fee_cents.scaled or 0,
                today=form.today.data,
                actor_id=actor,
            )
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    flash(gettext("The payment is cancelled; what it had settled is due again."), "success")
    return True


def _find_payment(payment_id: int) -> Payment:
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFoundError
    return payment


@blueprint.post("/invoices/<int:document_id>/use-credit")
@requires(Right.INVOICE)
def use_credit(document_id: int) -> Response:
    """Settle an invoice with what its customer has in credit."""
    actor = current_user.id
    with transaction():
        used = apply_credit(document_id, actor_id=actor)
    if used:
        close_card_page(document_id)
        flash(gettext("%(amount)s of credit are used.", amount=format_cents(used, get_locale())), "success")
    else:
        flash(gettext("There was no credit left to use."), "info")
    return _to_invoice(document_id)


@blueprint.post("/invoices/<int:document_id>/claim")
@requires(Right.INVOICE)
def claim(document_id: int) -> Response:
    """Claim an invoice again whose money went back."""
    actor = current_user.id
    with transaction():
        claimed = claim_again(document_id, actor_id=actor)
    if claimed:
        flash(gettext("The invoice is claimed again: it can be paid as any other."), "success")
    return _to_invoice(document_id)


def _to_invoice(document_id: int) -> Response:
    return redirect(url_for("invoices.show", document_id=document_id), code=303)
