"""Crediting an invoice, whole or in part: the page that asks why and how much, and says what happens."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.database import transaction
from core.web.forms import put_errors
from core.web.rights import Right, requires
from invoicing.balances import balance_of
from invoicing.credit_invoice import credit_invoice
from invoicing.credit_left import CreditLeft, credit_left
from invoicing.documents import find_issued
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.forms.crediting import CreditForm
from invoicing.lifecycle import DocumentKind
from invoicing.routes.payments import close_card_page

blueprint = Blueprint("crediting", __name__, url_prefix="/invoices/<int:document_id>/credit")


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new(document_id: int) -> ResponseReturnValue:
    """Issue a credit note of an invoice; one that is credited in full leads to its last note."""
    left = credit_left(find_issued(document_id, DocumentKind.INVOICE))
    if left.is_nothing:
        return _to(left.notes[-1].id)
    form = CreditForm()
    note_id = _credited(form, document_id, left) if form.validate_on_submit() else None
    if note_id is not None:
        return _to(note_id)
    left = credit_left(find_issued(document_id, DocumentKind.INVOICE))
    form.show(left)
    return render_template(
        "invoicing/credit_form.html",
        form=form,
        invoice=left.invoice,
        left=left,
        balance=balance_of(document_id),
    )


def _credited(form: CreditForm, document_id: int, left: CreditLeft) -> int | None:
    actor, choice = current_user.id, form.choice(left)
    try:
        with transaction():
            note = credit_invoice(
                document_id,
                reason=form.reason.data,
                choice=choice,
                is_later_discount=form.is_later_discount.data,
                request_key=form.request_key.key,
                actor_id=actor,
            )
            note_id, number = note.id, note.number
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return None
    except NotIssuableError as error:
        form.form_errors.extend(str(problem.message) for problem in error.problems)
        return None
    close_card_page(document_id)
    flash(gettext("Credit note %(number)s is issued.", number=number), "success")
    return note_id


def _to(note_id: int) -> ResponseReturnValue:
    return redirect(url_for("invoices.show", document_id=note_id), code=303)
