"""The library of texts on the settings pages: list, form with preview, delete."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy import select

from core.database import db, transaction
from core.web.forms import put_errors, refuse_unknown_button
from core.web.rights import Right, requires
from invoicing.document_view import view_of
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.texts import KIND_NAMES, TextForm
from invoicing.invoice_mail import InvoiceMail, preview_mail
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.message_texts import MessageText
from invoicing.models import Document, TextKind, TextTemplate
from invoicing.routes.saving import save_form
from invoicing.text_library import delete_text, find_text, list_texts, save_text, variables_of

blueprint = Blueprint("texts", __name__, url_prefix="/settings/texts")
PREVIEW = "preview"


@blueprint.get("")
@requires(Right.SETTINGS)
def index() -> str:
    """All texts of the company."""
    return render_template("invoicing/settings_texts.html", texts=list_texts(), kinds=KIND_NAMES)


@blueprint.route("/new/<kind>", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def new(kind: str) -> ResponseReturnValue:
    """Write a new text of one kind."""
    if kind not in set(TextKind):
        raise NotFoundError
    return _form_page(TextForm(), TextKind(kind), None)


@blueprint.route("/<int:text_id>", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def edit(text_id: int) -> ResponseReturnValue:
    """Change a text."""
    row = find_text(text_id)
    return _form_page(TextForm(obj=row) if request.method == "GET" else TextForm(), row.kind, row)


@blueprint.post("/<int:text_id>/delete")
@requires(Right.SETTINGS)
def delete(text_id: int) -> ResponseReturnValue:
    """Take a text out of the library."""
    actor = current_user.id
    with transaction():
        delete_text(text_id, actor_id=actor)
    flash(gettext("The text is deleted."), "success")
    return redirect(url_for("texts.index"), code=303)


@blueprint.post("/preview")
@requires(Right.SETTINGS)
def preview() -> str:
    """The mail that the form's words give now, for the page while somebody types."""
    form = TextForm()
    mail, errors = _previewed(form.message, form.language.data or "")
    return render_template("invoicing/_text_preview.html", preview=mail, preview_errors=errors)


def _form_page(form: TextForm, kind: TextKind, row: TextTemplate | None) -> ResponseReturnValue:
    text_id = None if row is None else row.id
    is_preview = request.method == "POST" and request.form.get("action") == PREVIEW
    if request.method == "POST" and not is_preview:
        refuse_unknown_button(PREVIEW)
        if form.validate_on_submit() and _saved(form, kind, text_id):
            return redirect(url_for("texts.index"), code=303)
    mail: InvoiceMail | None = None
    errors: dict[str, str] = {}
    if kind is TextKind.MAIL and (is_preview or (text_id is not None and request.method == "GET")):
        mail, errors = _previewed(form.message, form.language.data or "")
        if is_preview:
            put_errors(form, errors)
    return render_template(
        "invoicing/settings_text.html",
        form=form,
        kind=kind,
        kind_name=KIND_NAMES[kind],
        text_id=text_id,
        variables=variables_of(kind),
        preview=mail,
        preview_errors=errors,
    )


def _saved(form: TextForm, kind: TextKind, text_id: int | None) -> bool:
    actor, version = current_user.id, form.version.seen if text_id is not None else None
    return save_form(
        form,
        lambda: save_text(form.as_input(kind), text_id=text_id, version=version, actor_id=actor),
        said=gettext("The text is saved."),
    )


def _previewed(message: MessageText, language: str) -> tuple[InvoiceMail | None, dict[str, str]]:
    """The mail with the newest issued invoice, in the language of the text; or what is wrong with it."""
    newest = (
        select(Document)
        .where(Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.ISSUED)
        .order_by(Document.id.desc())
        .limit(1)
    )
    document = db.session.scalars(newest).one_or_none()
    if document is None:
        return None, {}
    view = view_of(document)
    if language in ("fr", "en"):
        view = replace(view, language=language)
    try:
        return preview_mail(view, message), {}
    except InvalidInputError as error:
        return None, {field: str(said) for field, said in error.errors.items()}
