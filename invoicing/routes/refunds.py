"""Refunds made by hand: recording that a transfer, cheque or cash payment was given back, whole or in part."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user

from core.database import commit_once
from core.money import format_cents
from core.web.forms import put_errors, typed_cents
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.refunds import RefundByHandForm, RefundForm
from invoicing.give_back import MoneyBack
from invoicing.payment_means import method_names
from invoicing.payments import PaymentMethod
from invoicing.refund_page import RefundPage, refund_page, refund_preview, usual_treasury
from invoicing.refund_payment import refund_payment
from invoicing.routes.payments import close_card_page

blueprint = Blueprint("refunds", __name__, url_prefix="/payments/<int:payment_id>/refund")


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.INVOICE)
def by_hand(payment_id: int) -> ResponseReturnValue:
    """Record a refund that was made; shown once more before it is."""
    page = refund_page(payment_id)
    if page.payment.method is PaymentMethod.CARD:
        # Cards are given back by their processor, which books it.
        raise NotFoundError
    form = RefundByHandForm()
    prepare(form, page)
    if form.validate_on_submit() and form.is_confirmed and _recorded(form, page):
        return redirect(address_after(page), code=303)
    return show(form, page, url_for("refunds.by_hand", payment_id=payment_id))


def prepare(form: RefundForm, page: RefundPage) -> None:
    """Offer the notes, and propose an amount when the page is first shown."""
    form.offer(page)
    if isinstance(form, RefundByHandForm):
        form.offer_treasuries(usual_treasury(page.payment))
    if request.method == "GET":
        note_id = page.proposed_note_id(request.args.get("note", type=int))
        form.against.data = str(note_id) if note_id else ""
        form.amount_cents.data = typed_cents(page.proposed_cents(note_id))


def show(form: RefundForm, page: RefundPage, action: str) -> str:
    """The form; once it holds, what it will do, with the button that does it."""
    amount = form.amount_cents.scaled or 0
    is_sound = form.is_submitted() and not form.errors and 0 < amount <= page.left_cents
    if form.is_submitted() and not form.errors and amount > page.left_cents:
        put_errors(form, {"amount_cents": gettext("This is more than what is left of the payment.")})
    treasury_id = form.treasury_account_id if isinstance(form, RefundByHandForm) else None
    preview = refund_preview(page, amount, form.credit_note_id, treasury_id) if is_sound else None
    if preview is not None:
        form.seen.data = form.shown
    return render_template(
        "invoicing/refund_form.html",
        form=form,
        page=page,
        preview=preview,
        action=action,
        back=address_after(page),
        methods=method_names(),
        is_card=page.payment.method is PaymentMethod.CARD,
    )


def address_after(page: RefundPage) -> str:
    """The invoice that the payment settled, or the list of payments."""
    if page.invoices:
        return url_for("invoices.show", document_id=page.invoices[0].id)
    return url_for("payments.index")


def _recorded(form: RefundByHandForm, page: RefundPage) -> bool:
    given = MoneyBack(
        payment_id=page.payment.id,
        amount_cents=form.amount_cents.scaled or 0,
        went_on=form.day,
        reason=form.reason.data or "",
        reference=form.reference.data or "",
        request_key=form.request_key.key,
        credit_note_id=form.credit_note_id,
        treasury_account_id=form.treasury_account_id,
        recorded_by_id=current_user.id,
    )
    invoice_ids = [invoice.id for invoice in page.invoices]
    try:
        amount = commit_once(lambda: refund_payment(given).amount_cents)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    for invoice_id in invoice_ids:
        close_card_page(invoice_id)
    flash(
        gettext("The refund of %(amount)s is recorded.", amount=format_cents(amount, get_locale())), "success"
    )
    return True
