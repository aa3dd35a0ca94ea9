"""Writing a draft: the editor with its live totals, and deleting a draft. Issuing is in `invoices.py`."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from core.database import db, transaction
from core.errors import OutdatedError
from core.web.addresses import LARGEST_ID
from core.web.forms import press_row_button, put_errors, refuse_unknown_button, tell_outdated
from core.web.rights import Right, requires
from invoicing.delete_draft import delete_draft
from invoicing.documents import find_document
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.errors import InvalidInputError, NotADraftError
from invoicing.forms.documents import DocumentForm, LineForm
from invoicing.lifecycle import DocumentState
from invoicing.models import Customer, CustomerKind, Document
from invoicing.settings import invoicing_settings
from invoicing.update_draft import update_draft
from invoicing.vat import DocumentTerms, Totals, compute_totals
from invoicing.vat_cases import charged_rate
from invoicing.vat_categories import VatCase

blueprint = Blueprint("editor", __name__, url_prefix="/invoices")
PREVIEW = "preview"


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new() -> str | Response:
    """Write a new draft."""
    form = DocumentForm()
    if request.method == "GET":
        asked = request.args.get("customer", type=int)
        form.customer_id.data = asked if asked is not None and 0 < asked <= LARGEST_ID else None
    elif _is_complete(form):
        try:
            document_id = _drafted(form.as_input(), current_user.id)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            return _saved(document_id)
    return _editor(form)


def _drafted(given: DraftInput, actor_id: int) -> int:
    def draft() -> int:
        with transaction():
            return draft_invoice(given, actor_id=actor_id).id

    try:
        return draft()
    except IntegrityError:
        # The same form, sent twice at once: the other one has just been committed, and is found now.
        return draft()


@blueprint.route("/<int:document_id>/edit", methods=["GET", "POST"])
@requires(Right.INVOICE)
def edit(document_id: int) -> ResponseReturnValue:
    """Change a draft."""
    document = find_document(document_id)
    if document.state is not DocumentState.DRAFT:
        raise NotADraftError
    if request.method == "GET":
        return _editor(DocumentForm.of(document), document)
    form, reference = DocumentForm(), document.external_reference
    if _is_complete(form):
        try:
            with transaction():
                update_draft(document_id, form.as_input(reference), version=form.version.seen)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        except OutdatedError as error:
            tell_outdated(form, form.version, error, url_for("invoices.show", document_id=document_id))
            return _editor(form, find_document(document_id)), error.status
        else:
            return _saved(document_id)
    return _editor(form, find_document(document_id))


@blueprint.post("/totals")
@requires(Right.INVOICE)
def totals() -> str:
    """The totals of what stands in the editor, as a piece of the page; asked while typing."""
    form = DocumentForm()
    return render_template("invoicing/_editor_totals.html", form=form, totals=_totals(form))


@blueprint.post("/<int:document_id>/delete")
@requires(Right.INVOICE)
def delete(document_id: int) -> Response:
    """Delete a draft; it never had a number."""
    actor = current_user.id
    with transaction():
        delete_draft(document_id, actor_id=actor)
    flash(gettext("The draft is deleted."), "success")
    return redirect(url_for("invoices.index"), code=303)


def _is_complete(form: DocumentForm) -> bool:
    """False when a line's button was pressed or something is missing: the form is shown again."""
    if press_row_button(form.lines, "line"):
        return False
    refuse_unknown_button(PREVIEW)
    return bool(form.validate_on_submit())


def _saved(document_id: int) -> Response:
    flash(gettext("The draft is saved."), "success")
    endpoint = "invoices.preview" if request.form.get("action") == PREVIEW else "invoices.show"
    return redirect(url_for(endpoint, document_id=document_id), code=303)


def _editor(form: DocumentForm, document: Document | None = None) -> str:
    return render_template(
        "invoicing/editor.html", form=form, document=document, totals=_totals(form), LineForm=LineForm
    )


def _totals(form: DocumentForm) -> Totals:
    case = _vat_case(form)
    lines = (
        replace(line, vat_rate=charged_rate(case, line.vat_rate, line.vat_ground))
        for line in form.line_inputs()
    )
    return compute_totals(lines, _includes_vat(form), DocumentTerms(case, form.vat_case.ground))


def _vat_case(form: DocumentForm) -> VatCase:
    """What the person chose, else what the customer or the company has."""
    customer = db.session.get(Customer, form.customer_id.data or 0)
    usual = None if customer is None else customer.vat_case
    return form.vat_case.case or usual or invoicing_settings().vat_case


def _includes_vat(form: DocumentForm) -> bool:
    if form.includes_vat is not None:
        return form.includes_vat
    customer = db.session.get(Customer, form.customer_id.data or 0)
    return customer is not None and customer.kind is CustomerKind.INDIVIDUAL
