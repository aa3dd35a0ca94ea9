"""Sending a document by e-mail: recipients, words, preview; and trying again what could not be delivered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy import select

from core.database import db, transaction
from core.mail import retry_mail
from core.web.forms import put_errors, refuse_unknown_button
from core.web.rights import Right, requires
from core.web.uploads import takes_files
from invoicing.attachments import read_attachments, shown_files
from invoicing.customers import contacts_of
from invoicing.document_view import DocumentView, document_view
from invoicing.documents import find_issued
from invoicing.duplicate_pdf import name_with_link
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.sendings import SendForm
from invoicing.invoice_mail import InvoiceMail, preview_mail
from invoicing.message_texts import variables_for
from invoicing.models import Sending, SendingMail, TextKind
from invoicing.send_invoice import proposed_message, proposed_recipients, send_invoice
from invoicing.text_library import list_texts, text_by_letters

blueprint = Blueprint("sendings", __name__)
PREVIEW = "preview"
USE_TEXT = "use-text"


@blueprint.route("/invoices/<int:document_id>/send", methods=["GET", "POST"])
@requires(Right.INVOICE)
@takes_files
def new(document_id: int) -> ResponseReturnValue:
    """Choose recipients and words, look at the mail, send it."""
    view = document_view(find_issued(document_id).id)
    form = SendForm(_offered(view.customer_id))
    form.offer_payment_terms(find_issued(document_id))
    preview = None
    if request.method == "POST":
        form.receive_files()
    if request.method == "GET":
        _propose(form, view)
    elif request.form.get("action") == PREVIEW:
        preview = _preview(form, view)
    elif request.form.get("action") == USE_TEXT:
        _take_text(form, view)
    elif _may_send(form) and _sent(form, document_id):
        return redirect(url_for("invoices.show", document_id=document_id), code=303)
    return render_template(
        "invoicing/send_form.html",
        form=form,
        view=view,
        preview=preview,
        variables=variables_for(view.kind),
        texts=list_texts(TextKind.MAIL, view.language),
        attachment=name_with_link(view),
        attached=shown_files(read_attachments(find_issued(document_id).attachments)),
    )


def _may_send(form: SendForm) -> bool:
    refuse_unknown_button(PREVIEW, USE_TEXT)
    return bool(form.validate_on_submit())


def _offered(customer_id: int) -> tuple[tuple[str, str], ...]:
    """The addresses of the customer's contacts, each once, with the name beside it."""
    names: dict[str, str] = {}
    for contact in contacts_of(customer_id):
        if contact.email:
            names.setdefault(contact.email, contact.name)
    return tuple((email, f"{name} · {email}" if name else email) for email, name in names.items())


def _propose(form: SendForm, view: DocumentView) -> None:
    message = proposed_message(view)
    form.contacts.data = list(proposed_recipients(view.customer_id))
    form.subject.data, form.text.data = message.subject, message.text


def _take_text(form: SendForm, view: DocumentView) -> None:
    try:
        found = text_by_letters(TextKind.MAIL, form.template.data or "", view.language)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return
    form.template.data, form.subject.data, form.text.data = found.identifier, found.subject, found.text


def _preview(form: SendForm, view: DocumentView) -> InvoiceMail | None:
    try:
        return preview_mail(view, form.message)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return None


def _sent(form: SendForm, document_id: int) -> bool:
    actor = current_user.id
    try:
        with transaction():
            send_invoice(form.as_input(document_id, actor))
            form.choose_payment_terms(document_id, actor)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    flash(gettext("The mail is on its way. This page says when it was accepted."), "success")
    return True


@blueprint.post("/sendings/<int:sending_id>/retry")
@requires(Right.INVOICE)
def retry(sending_id: int) -> ResponseReturnValue:
    """Try a mail again that its server refused, for those who have not got it."""
    sending = db.session.get(Sending, sending_id)
    if sending is None:
        raise NotFoundError
    document_id = sending.document_id
    mail_id = db.session.scalars(
        select(SendingMail.mail_id).where(SendingMail.sending_id == sending_id)
    ).one_or_none()
    if mail_id is not None:
        with transaction():
            retry_mail(mail_id)
        flash(gettext("The mail is tried again."), "success")
    return redirect(url_for("invoices.show", document_id=document_id), code=303)
