"""What becomes of a receivable: discount given, difference let be, doubt, loss, money kept; and their undoing.

Each page shows the entry that will be written; only what was shown is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user

from accounting.record_receivable import PreviewLine, preview_receivable
from core.database import commit_once, db
from core.errors import NotAllowedError
from core.money import RATE_DECIMALS, format_cents, format_scaled
from core.web.forms import put_errors, typed_cents
from core.web.rights import Right, may, requires
from invoicing.balances import balance_of, live_doubt, open_of_payment
from invoicing.documents import find_issued
from invoicing.doubt_invoice import doubt_invoice, planned_provision, provision_fact
from invoicing.end_doubt import end_doubt
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.follow_doubt import doubt_fact
from invoicing.forms.receivables import DecisionForm, DoubtForm, GiveUpForm, KeepForm, UndoForm
from invoicing.keep_surplus import keep_surplus, lost_invoices, plan_keep
from invoicing.lifecycle import DocumentKind
from invoicing.models import CustomerKind, Document
from invoicing.parties import read_buyer
from invoicing.payments import Payment
from invoicing.receivables import DoubtfulDebt, KeptSurplus, WriteOff, WriteOffKind
from invoicing.routes.payments import close_card_page
from invoicing.undo_kept_surplus import undo_kept_surplus
from invoicing.undo_write_off import undo_write_off
from invoicing.write_off import write_off
from invoicing.write_off_plan import plan_write_off, says_discount

blueprint = Blueprint("receivables", __name__)

TITLES: dict[WriteOffKind, LazyString] = {
    WriteOffKind.DISCOUNT: _l("Early-payment discount"),
    WriteOffKind.DIFFERENCE: _l("Small difference"),
    WriteOffKind.LOSS: _l("Loss"),
}
DONE: dict[WriteOffKind, LazyString] = {
    WriteOffKind.DISCOUNT: _l("The discount of %(amount)s is given."),
    WriteOffKind.DIFFERENCE: _l("The difference of %(amount)s is let be."),
    WriteOffKind.LOSS: _l("The loss of %(amount)s is recorded."),
}


@blueprint.route("/invoices/<int:document_id>/discount", methods=["GET", "POST"])
@requires(Right.WRITE_OFF)
def discount(document_id: int) -> ResponseReturnValue:
    """Give the early-payment discount that a customer has taken."""
    return _give_up(document_id, WriteOffKind.DISCOUNT)


@blueprint.route("/invoices/<int:document_id>/difference", methods=["GET", "POST"])
@requires(Right.WRITE_OFF)
def difference(document_id: int) -> ResponseReturnValue:
    """Let a difference of cents be."""
    return _give_up(document_id, WriteOffKind.DIFFERENCE)


@blueprint.route("/invoices/<int:document_id>/loss", methods=["GET", "POST"])
@requires(Right.BOOKS)
def loss(document_id: int) -> ResponseReturnValue:
    """Give up what a customer will never pay."""
    return _give_up(document_id, WriteOffKind.LOSS)


def _give_up(document_id: int, kind: WriteOffKind) -> ResponseReturnValue:
    invoice = find_issued(document_id, DocumentKind.INVOICE)
    form = GiveUpForm()
    if request.method == "GET":
        form.amount_cents.data = typed_cents(max(balance_of(invoice.id).open_cents, 0))
        form.takes_vat_back.data = kind is WriteOffKind.LOSS or _lowers_vat(invoice)

    def do() -> str:
        amount = write_off(form.as_input(document_id, kind, current_user.id)).amount_cents
        return str(DONE[kind]) % {"amount": format_cents(amount, get_locale())}

    def show() -> list[PreviewLine]:
        return preview_receivable(plan_write_off(invoice, form.as_input(document_id, kind, None)).fact(0))

    return _decide(form, invoice, do, show, kind=kind.value, title=TITLES[kind])


def _lowers_vat(invoice: Document) -> bool:
    """Proposed where the invoice says so; an individual deducts no VAT, so that nothing has to be told to her."""
    return says_discount(invoice) or read_buyer(invoice.buyer).kind is CustomerKind.INDIVIDUAL


@blueprint.route("/invoices/<int:document_id>/doubt", methods=["GET", "POST"])
@requires(Right.BOOKS)
def doubt(document_id: int) -> ResponseReturnValue:
    """Declare an invoice doubtful, with a provision or without."""
    invoice = find_issued(document_id, DocumentKind.INVOICE)
    form = DoubtForm()
    if request.method == "GET":
        form.provision_rate.data = format_scaled(5000, RATE_DECIMALS, get_locale())

    def do() -> str:
        doubt_invoice(form.as_input(document_id, current_user.id))
        return str(_l("The invoice is doubtful. It can still be paid by its link."))

    def show() -> list[PreviewLine]:
        source = ("doubtful_debt", 0)
        provision = planned_provision(invoice, form.as_input(document_id, None))
        return [
            *preview_receivable(doubt_fact(source, invoice, form.on, is_doubtful=True)),
            *preview_receivable(provision_fact(source, invoice, form.on, provision)),
        ]

    return _decide(form, invoice, do, show, kind="doubt", title=_l("Doubtful invoice"))


@blueprint.route("/invoices/<int:document_id>/doubt/end", methods=["GET", "POST"])
@requires(Right.BOOKS)
def no_doubt(document_id: int) -> ResponseReturnValue:
    """End the doubt about an invoice."""
    invoice = find_issued(document_id, DocumentKind.INVOICE)
    live = db.session.scalars(live_doubt().where(DoubtfulDebt.invoice_id == document_id)).one_or_none()
    if live is None:
        return _to_invoice(document_id)
    provision_cents = live.provision_cents
    form = DecisionForm()

    def do() -> str:
        end_doubt(document_id, reason=form.reason.data or "", today=form.on, actor_id=current_user.id)
        return str(_l("The invoice is doubtful no longer."))

    def show() -> list[PreviewLine]:
        source = ("doubtful_debt", 0)
        return [
            *preview_receivable(doubt_fact(source, invoice, form.on, is_doubtful=False)),
            *preview_receivable(provision_fact(source, invoice, form.on, -provision_cents)),
        ]

    return _decide(form, invoice, do, show, kind="no_doubt", title=_l("Doubtful no longer"))


@blueprint.route("/payments/<int:payment_id>/keep", methods=["GET", "POST"])
@requires(Right.WRITE_OFF)
def keep(payment_id: int) -> ResponseReturnValue:
    """Keep what a customer has paid too much."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFoundError
    form, lost = KeepForm(), lost_invoices(payment.customer_id)
    form.offer([(invoice.id, f"{invoice.number}") for invoice in lost], has_loss=bool(lost))
    if request.method == "GET":
        form.amount_cents.data = typed_cents(open_of_payment(payment_id))

    def do() -> str:
        amount = keep_surplus(form.as_input(payment_id, current_user.id)).amount_cents
        return str(_l("%(amount)s are kept.", amount=format_cents(amount, get_locale())))

    def show() -> list[PreviewLine]:
        given = form.as_input(payment_id, None)
        invoice = next((one for one in lost if one.id == given.invoice_id), None)
        return preview_receivable(plan_keep(payment, invoice, given).fact(0))

    return _decide(
        form, None, do, show, kind="keep", title=_l("Keep what was paid too much"), payment=payment, lost=lost
    )


def _decide(
    form: DecisionForm,
    invoice: Document | None,
    do: Callable[[], str],
    show: Callable[[], list[PreviewLine]],
    **values: Any,
) -> ResponseReturnValue:
    """The page of a decision: what was shown and agreed to is done, anything else is shown first."""
    payment: Payment | None = values.get("payment")
    payment_id = None if payment is None else payment.id
    invoice_id = None if invoice is None else invoice.id
    is_valid = form.validate_on_submit()
    if is_valid and form.is_confirmed:
        try:
            said = commit_once(do)
        except InvalidInputError as error:
            put_errors(form, {_FIELDS.get(name, name): text for name, text in error.errors.items()})
        else:
            if invoice_id is not None:
                close_card_page(invoice_id)
            flash(said, "success")
            return _back(invoice_id, payment_id)
    lines = _previewed(form, show) if (is_valid or not form.is_submitted()) and not form.errors else []
    return render_template(
        "invoicing/receivable_form.html",
        form=form,
        invoice=invoice,
        balance=None if invoice_id is None else balance_of(invoice_id),
        left_cents=0 if payment_id is None else open_of_payment(payment_id),
        lines=lines,
        **values,
    )


# What verbs call the day, and the form.
_FIELDS = {"written_on": "day", "decided_on": "day", "kept_on": "day", "today": "day"}


def _previewed(form: DecisionForm, show: Callable[[], list[PreviewLine]]) -> list[PreviewLine]:
    try:
        lines = show()
    except InvalidInputError as error:
        # A page that is only looked at says nothing of fields that nobody has filled in.
        if form.is_submitted():
            put_errors(form, {_FIELDS.get(name, name): text for name, text in error.errors.items()})
        return []
    form.seen.data = form.shown
    return lines


@blueprint.route("/write-offs/<int:write_off_id>/undo", methods=["GET", "POST"])
@requires(Right.WRITE_OFF)
def undo(write_off_id: int) -> ResponseReturnValue:
    """Take a discount, a difference or a loss back; a loss only by who may record one."""
    row = db.session.get(WriteOff, write_off_id)
    if row is None or row.undoes_id is not None:
        raise NotFoundError
    if row.kind is WriteOffKind.LOSS and not may(Right.BOOKS):
        raise NotAllowedError
    form, invoice_id = UndoForm(), row.invoice_id
    if form.validate_on_submit() and _undone(
        form, lambda: undo_write_off(write_off_id, reason=form.reason.data, actor_id=current_user.id)
    ):
        close_card_page(invoice_id)
        flash(gettext("It is undone: the amount is owed again."), "success")
        return _to_invoice(invoice_id)
    invoice = find_issued(invoice_id)
    return render_template(
        "invoicing/receivable_undo.html", form=form, row=row, title=TITLES[row.kind], invoice=invoice, payment=None
    )  # fmt: skip


@blueprint.route("/kept/<int:kept_id>/undo", methods=["GET", "POST"])
@requires(Right.WRITE_OFF)
def undo_kept(kept_id: int) -> ResponseReturnValue:
    """Give money that was kept back to the customer's credit."""
    row = db.session.get(KeptSurplus, kept_id)
    if row is None or row.undoes_id is not None:
        raise NotFoundError
    form, payment_id = UndoForm(), row.payment_id
    if form.validate_on_submit() and _undone(
        form, lambda: undo_kept_surplus(kept_id, reason=form.reason.data, actor_id=current_user.id)
    ):
        flash(gettext("It is undone: the amount is the customer’s credit again."), "success")
        return _back(None, payment_id)
    payment = db.session.get_one(Payment, payment_id)
    return render_template(
        "invoicing/receivable_undo.html", form=form, row=row, title=_l("Money kept"), invoice=None, payment=payment
    )  # fmt: skip


def _undone(form: UndoForm, work: Callable[[], object]) -> bool:
    try:
        commit_once(work)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    return True


def _back(invoice_id: int | None, payment_id: int | None) -> ResponseReturnValue:
    if invoice_id is not None:
        return _to_invoice(invoice_id)
    return redirect(url_for("payments.show", payment_id=payment_id), code=303)


def _to_invoice(document_id: int) -> ResponseReturnValue:
    return redirect(url_for("invoices.show", document_id=document_id), code=303)
