"""Writing a draft: the editor with its live totals, and deleting a draft. Issuing is in `invoices.py`."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_security import current_user
from werkzeug.wrappers import Response

from accounting.sales_accounts import sales_account_numbers
from core.database import commit_once, db, transaction
from core.errors import OutdatedError
from core.web.addresses import LARGEST_ID
from core.web.forms import press_row_button, put_errors, refuse_unknown_button, tell_outdated
from core.web.pages import searched
from core.web.rights import Right, requires
from core.web.uploads import takes_files
from invoicing.delete_draft import delete_draft
from invoicing.documents import find_document
from invoicing.draft_final import deduct_deposits
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.draft_pattern import draft_pattern
from invoicing.duplicate_invoice import duplicate_invoice
from invoicing.errors import InvalidInputError, NotADraftError, NotFoundError
from invoicing.forms.documents import DocumentForm, LineForm, OneClickForm
from invoicing.item_prices import ShownPrices, prices_of_request
from invoicing.lifecycle import DocumentKind, DocumentState, LineRole
from invoicing.models import Customer, Document, TextKind
from invoicing.set_invoice_type import set_deposit
from invoicing.subtotals import subtotals
from invoicing.text_library import list_texts, texts_with
from invoicing.update_draft import update_draft
from invoicing.vat import DocumentTerms, Totals, compute_totals, line_amount
from invoicing.vat_cases import charged_rate

blueprint = Blueprint("editor", __name__, url_prefix="/invoices")
PREVIEW, TOTALS = "preview", "totals"
TEXT_BUTTONS = {f"use-{kind}": kind for kind in (TextKind.NOTE, TextKind.CONDITIONS)}
PROPOSED, PROPOSED_LETTERS = 8, 80
SPECIAL_LINES = {f"add-{role}": role for role in (LineRole.SECTION, LineRole.SUBTOTAL, LineRole.OPTION)}


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
@takes_files
def new() -> str | Response:
    """Write a new draft."""
    form = DocumentForm()
    if request.method == "GET":
        form.customer_id.data = _asked_customer()
    elif _is_complete(form):
        try:
            document_id = _drafted(form.as_input(), current_user.id, _kind())
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            return _saved(document_id)
    return _editor(form)


def _kind() -> DocumentKind:
    """What is being written: the address of a new quote or recurring invoice says so."""
    asked = request.args.get("kind", "")
    return (
        DocumentKind(asked) if asked in (DocumentKind.QUOTE, DocumentKind.RECURRING) else DocumentKind.INVOICE
    )


def _drafted(given: DraftInput, actor_id: int, kind: DocumentKind) -> int:
    if kind is DocumentKind.RECURRING:
        return commit_once(lambda: draft_pattern(given, actor_id=actor_id).id)
    return commit_once(lambda: draft_invoice(given, kind=kind, actor_id=actor_id).id)


@blueprint.route("/<int:document_id>/edit", methods=["GET", "POST"])
@requires(Right.INVOICE)
@takes_files
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
@takes_files
def totals() -> str:
    """The totals of what stands in the editor, as a piece of the page; asked while typing."""
    form = DocumentForm()
    found = _totals(form)
    return render_template("invoicing/_editor_totals.html", totals=found, amounts=_amounts(form, found))


@blueprint.get("/texts.json")
@requires(Right.INVOICE)
def texts() -> Response:
    """Texts of the library by a few letters, those in the customer's language first."""
    kind = request.args.get("kind", "")
    if kind not in set(TextKind):
        raise NotFoundError
    customer_id = _asked_customer()
    customer = db.session.get(Customer, customer_id) if customer_id else None
    found = texts_with(TextKind(kind), searched(), "fr" if customer is None else customer.language)
    items = [
        {
            "identifier": row.identifier,
            "hint": " ".join(row.text.split())[:PROPOSED_LETTERS],
            "text": row.text,
        }
        for row in found[:PROPOSED]
    ]
    return jsonify(items=items)


def _asked_customer() -> int | None:
    asked = request.args.get("customer", type=int)
    return asked if asked is not None and 0 < asked <= LARGEST_ID else None


@blueprint.post("/<int:document_id>/duplicate")
@requires(Right.INVOICE)
def duplicate(document_id: int) -> Response:
    """Copy an invoice as a new draft, and open it."""
    key, actor = OneClickForm().request_key.key, current_user.id
    try:
        copy_id = commit_once(lambda: duplicate_invoice(document_id, request_key=key, actor_id=actor).id)
    except InvalidInputError as error:
        flash(str(next(iter(error.errors.values()))), "error")
        return redirect(url_for("invoices.show", document_id=document_id), code=303)
    flash(gettext("This is a copy, still a draft. Check its dates and prices."), "success")
    return redirect(url_for("editor.edit", document_id=copy_id), code=303)


@blueprint.post("/<int:document_id>/delete")
@requires(Right.INVOICE)
def delete(document_id: int) -> Response:
    """Delete a draft; it never had a number."""
    actor, seen = current_user.id, request.form.get("version", type=int)
    is_quote = find_document(document_id).kind is DocumentKind.QUOTE
    with transaction():
        delete_draft(document_id, version=seen, actor_id=actor)
    flash(gettext("The draft is deleted."), "success")
    return redirect(url_for("quotes.index" if is_quote else "invoices.index"), code=303)


@blueprint.post("/<int:document_id>/deposit")
@requires(Right.INVOICE)
def deposit(document_id: int) -> Response:
    """Make a draft a deposit invoice, or a plain one again."""
    is_deposit, seen = request.form.get("is_deposit") == "1", request.form.get("version", type=int)
    with transaction():
        set_deposit(document_id, is_deposit=is_deposit, version=seen)
    said = (
        gettext("This is a deposit invoice now.") if is_deposit else gettext("This is a plain invoice again.")
    )
    flash(said, "success")
    return redirect(url_for("invoices.show", document_id=document_id), code=303)


@blueprint.post("/<int:document_id>/deduct")
@requires(Right.INVOICE)
def deduct(document_id: int) -> Response:
    """Deduct the deposits from a draft, anew."""
    seen = request.form.get("version", type=int)
    with transaction():
        count = deduct_deposits(document_id, version=seen)
    flash(ngettext("%(num)d deposit is deducted.", "%(num)d deposits are deducted.", count), "success")
    return redirect(url_for("invoices.show", document_id=document_id), code=303)


def _is_complete(form: DocumentForm) -> bool:
    """False when a line's button was pressed or something is missing: the form is shown again."""
    form.receive_files()
    action = request.form.get("action", "")
    if action in TEXT_BUTTONS:
        form.take_text(TEXT_BUTTONS[action])
        return False
    # Letters that were typed and left are taken with the save; Enter without scripts does the same.
    taken = [form.take_text(kind) for kind in TEXT_BUTTONS.values() if form[f"{kind.value}_text"].data]
    if not all(taken):
        return False
    if _press_line_button(form):
        form.take_items_of_codes(_shown_prices(form))
        return False
    refuse_unknown_button(PREVIEW)
    return bool(form.validate_on_submit())


def _press_line_button(form: DocumentForm) -> bool:
    action = request.form.get("action", "")
    if action in SPECIAL_LINES:
        form.add_special_line(SPECIAL_LINES[action])
    return action in SPECIAL_LINES or action == TOTALS or press_row_button(form.lines, "line")


def _saved(document_id: int) -> Response:
    flash(gettext("The draft is saved."), "success")
    endpoint = "invoices.preview" if request.form.get("action") == PREVIEW else "invoices.show"
    return redirect(url_for(endpoint, document_id=document_id), code=303)


def _editor(form: DocumentForm, document: Document | None = None) -> str:
    found = _totals(form)
    return render_template(
        "invoicing/editor.html",
        form=form,
        document=document,
        kind=_kind() if document is None else document.kind,
        totals=found,
        amounts=_amounts(form, found),
        accounts=sales_account_numbers(),
        LineForm=LineForm,
        texts={kind.value: list_texts(kind, form.language) for kind in TEXT_BUTTONS.values()},
    )


def _totals(form: DocumentForm) -> Totals:
    shown = _shown_prices(form)
    terms = DocumentTerms(
        vat_case=shown.case,
        vat_ground=form.vat_case.ground,
        discount_rate=form.discount_rate.scaled or 0,
        discount_cents=form.discount_cents.scaled or 0,
    )
    lines = (
        replace(line, vat_rate=charged_rate(shown.case, line.vat_rate, line.vat_ground))
        for line in form.line_inputs()
    )
    return compute_totals(lines, shown.includes_vat, terms)


def _amounts(form: DocumentForm, found: Totals) -> list[int | None]:
    """What stands beside each line: its amount, the sum of a sub-total, nothing for a heading."""
    roles = [entry.form.line_role for entry in form.lines.entries]
    cents = [line.amount_cents for line in found.lines]
    sums = subtotals(zip(roles, cents, strict=True))
    options = [line_amount(line) if line.role is LineRole.OPTION else 0 for line in form.line_inputs()]
    return [
        option or own if role not in (LineRole.SECTION, LineRole.SUBTOTAL) else sum_
        for role, own, option, sum_ in zip(roles, cents, options, sums, strict=True)
    ]


def _shown_prices(form: DocumentForm) -> ShownPrices:
    return prices_of_request(form.customer_id.data, form.prices.data or "", form.vat_case.case)
