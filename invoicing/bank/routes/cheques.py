"""Cheques: those in hand, the slips they are handed in with, a slip on paper."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user
from sqlalchemy import func, select

from core.database import commit_once, db, transaction
from core.money import format_cents
from core.web.forms import put_errors
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.bank.banks import bank_of, banks
from invoicing.bank.cheques import cheques_in_hand, cheques_of
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.forms import ReasonForm, SlipForm
from invoicing.bank.models import ChequeDeposit
from invoicing.bank.slip_pdf import slip_pdf
from invoicing.bank.undo_deposit import undo_deposit
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.render_pdf import MEDIA_TYPE

blueprint = Blueprint("cheques", __name__, url_prefix="/bank/cheques")


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The cheques in hand and the slips, newest first."""
    return _page(SlipForm(formdata=None))


@blueprint.post("")
@requires(Right.INVOICE)
def deposit() -> ResponseReturnValue:
    """Make a slip of the cheques that are ticked."""
    form, actor = SlipForm(), current_user.id
    form.offer_banks(banks())
    if form.validate():
        key, wanted = form.request_key.key, form.cheques.data or []
        try:
            slip = commit_once(
                lambda: deposit_cheques(
                    wanted, bank_account_id=form.bank.data, deposited_on=form.deposited_on.data, request_key=key,
                    actor_id=actor,
                )
            )  # fmt: skip
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            amount = format_cents(slip.amount_cents, get_locale())
            flash(
                gettext("The slip of %(amount)s is recorded. Print it for the bank.", amount=amount),
                "success",
            )
            return redirect(url_for("cheques.show", deposit_id=slip.id), code=303)
    return _page(form), 422


@blueprint.get("/<int:deposit_id>")
@requires(Right.READ)
def show(deposit_id: int) -> str:
    """One slip: its cheques, what came back."""
    return _slip_page(_slip(deposit_id), ReasonForm(formdata=None))


@blueprint.get("/<int:deposit_id>/slip.pdf")
@requires(Right.READ)
def pdf(deposit_id: int) -> ResponseReturnValue:
    """The slip on paper, drawn now."""
    slip = _slip(deposit_id)
    content = BytesIO(slip_pdf(slip))
    return send_file(content, mimetype=MEDIA_TYPE, download_name=f"{slip.reference}.pdf", as_attachment=True)


@blueprint.post("/<int:deposit_id>/undo")
@requires(Right.INVOICE)
def undo(deposit_id: int) -> ResponseReturnValue:
    """Take a slip back that was a mistake."""
    slip, form, actor = _slip(deposit_id), ReasonForm(), current_user.id
    if form.validate():
        try:
            with transaction():
                undo_deposit(deposit_id, reason=form.reason.data, actor_id=actor)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            flash(gettext("The slip is taken back; its cheques are in hand again."), "success")
            return redirect(url_for("cheques.index"), code=303)
    return _slip_page(slip, form), 422


def _slip(deposit_id: int) -> ChequeDeposit:
    slip = db.session.get(ChequeDeposit, deposit_id)
    if slip is None:
        raise NotFoundError
    return slip


def _page(form: SlipForm) -> str:
    offered = banks()
    form.offer_banks(offered)
    cheques = cheques_in_hand()
    page = Page.of_request(db.session.scalar(select(func.count()).select_from(ChequeDeposit)) or 0)
    newest = select(ChequeDeposit).order_by(ChequeDeposit.id.desc()).limit(page.size).offset(page.offset)
    ticked = form.cheques.data if request.method == "POST" else [cheque.id for cheque in cheques]
    return render_template(
        "bank/cheques.html",
        form=form,
        cheques=cheques,
        ticked=ticked or [],
        total_cents=sum(cheque.amount_cents for cheque in cheques),
        slips=db.session.scalars(newest).all(),
        page=page,
        has_choice=len(offered) > 1,
    )


def _slip_page(slip: ChequeDeposit, form: ReasonForm) -> str:
    return render_template(
        "bank/cheque_slip.html",
        slip=slip,
        cheques=cheques_of(slip.id),
        bank=bank_of(slip.bank_account_id),
        form=form,
    )
