"""Sending a document by e-mail, by SMS or both: recipients, words, preview; and trying again what did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy import select

from core.database import commit_once, db, transaction
from core.mail import retry_mail
from core.sms import sms_is_offered
from core.web.forms import put_errors, refuse_unknown_button
from core.web.rights import Right, requires
from core.web.uploads import takes_files
from invoicing.attachments import read_attachments, shown_files
from invoicing.customers import contacts_of
from invoicing.decide_on_sms import decide_on_sms
from invoicing.document_view import DocumentView, document_view
from invoicing.documents import find_issued
from invoicing.duplicate_pdf import name_with_link
from invoicing.errors import InvalidInputError, Message, NotFoundError
from invoicing.forms.sendings import SendForm
from invoicing.invoice_mail import InvoiceMail, preview_mail
from invoicing.message_texts import variables_for
from invoicing.models import Sending, SendingMail, SmsSending, TextKind
from invoicing.send_invoice import proposed_message, proposed_recipients, send_invoice
from invoicing.send_sms import NOT_OFFERED, proposed_numbers, send_sms
from invoicing.sms_texts import expand_sms, has_sms_link, proposed_sms, size_of_sms
from invoicing.text_library import list_texts, text_by_letters

blueprint = Blueprint("sendings", __name__)
PREVIEW = "preview"
USE_TEXT = "use-text"
USE_SMS_TEXT = "use-sms-text"


@blueprint.route("/invoices/<int:document_id>/send", methods=["GET", "POST"])
@requires(Right.INVOICE)
@takes_files
def new(document_id: int) -> ResponseReturnValue:
    """Choose ways, recipients and words, look at what goes out, send it."""
    view = document_view(find_issued(document_id).id)
    form = SendForm(_offered(view.customer_id, "email"), _offered(view.customer_id, "mobile"))
    form.offer_payment_terms(find_issued(document_id))
    takes_sms = sms_is_offered() and has_sms_link(view)
    preview = None
    if request.method == "POST":
        form.receive_files()
        form.by_mail.data = bool(form.by_mail.data) or not takes_sms
        form.by_sms.data = bool(form.by_sms.data) and takes_sms
    action = request.form.get("action")
    if request.method == "GET":
        _propose(form, view, takes_sms=takes_sms)
    elif action == PREVIEW:
        preview = _preview(form, view)
    elif action in (USE_TEXT, USE_SMS_TEXT):
        _take_text(form, view, TextKind.MAIL if action == USE_TEXT else TextKind.SMS)
    elif _may_send(form) and _sent(form, document_id):
        return redirect(url_for("invoices.show", document_id=document_id), code=303)
    return render_template(
        "invoicing/send_form.html",
        form=form,
        view=view,
        preview=preview,
        variables=variables_for(view.kind),
        texts=list_texts(TextKind.MAIL, view.language),
        sms_texts=list_texts(TextKind.SMS, view.language) if takes_sms else [],
        takes_sms=takes_sms,
        sms_hint=NOT_OFFERED if has_sms_link(view) and not takes_sms else "",
        sms_size=size_of_sms(form.sms_text.data or "", view) if takes_sms else None,
        attachment=name_with_link(view),
        attached=shown_files(read_attachments(find_issued(document_id).attachments)),
    )


def _may_send(form: SendForm) -> bool:
    refuse_unknown_button(PREVIEW, USE_TEXT, USE_SMS_TEXT)
    if not (form.by_mail.data or form.by_sms.data):
        put_errors(form, {"by_mail": gettext("Choose e-mail, SMS or both.")})
        return False
    return bool(form.validate_on_submit())


def _offered(customer_id: int, what: Literal["email", "mobile"]) -> tuple[tuple[str, str], ...]:
    """The addresses or mobile numbers of the customer's contacts, each once, with the name beside it."""
    names: dict[str, str] = {}
    for contact in contacts_of(customer_id):
        if reached := getattr(contact, what):
            names.setdefault(reached, contact.name)
    return tuple((reached, f"{name} · {reached}" if name else reached) for reached, name in names.items())


def _propose(form: SendForm, view: DocumentView, *, takes_sms: bool) -> None:
    message = proposed_message(view)
    form.contacts.data = list(proposed_recipients(view.customer_id))
    form.subject.data, form.text.data = message.subject, message.text
    if takes_sms:
        form.mobiles.data = list(proposed_numbers(view.customer_id))
        form.sms_text.data = proposed_sms(view)
    # Who can only be reached by SMS is; everybody else gets the mail, unless it is chosen otherwise.
    form.by_sms.data = takes_sms and bool(form.mobiles.data) and not form.contacts.data
    form.by_mail.data = not form.by_sms.data


def _take_text(form: SendForm, view: DocumentView, kind: TextKind) -> None:
    field = form.template if kind is TextKind.MAIL else form.sms_template
    try:
        found = text_by_letters(kind, field.data or "", view.language)
    except InvalidInputError as error:
        put_errors(form, {field.name: error.errors["template"]})
        return
    field.data = found.identifier
    if kind is TextKind.MAIL:
        form.subject.data, form.text.data = found.subject, found.text
    else:
        form.sms_text.data = found.text


@dataclass(frozen=True)
class _Preview:
    """What goes out now by each way that was chosen."""

    mail: InvoiceMail | None
    sms: str


def _preview(form: SendForm, view: DocumentView) -> _Preview | None:
    mail, sms = None, ""
    errors: dict[str, Message] = {}
    try:
        mail = preview_mail(view, form.message) if form.by_mail.data else None
    except InvalidInputError as error:
        errors |= error.errors
    try:
        sms = expand_sms(form.sms_text.data or "", view) if form.by_sms.data else ""
    except InvalidInputError as error:
        errors |= error.errors
    put_errors(form, errors)
    return _Preview(mail, sms) if mail or sms else None


def _sent(form: SendForm, document_id: int) -> bool:
    """Send by each way that was chosen; what is wrong with one does not stop the other.

    What has left is taken off the form, so that the mended page sends the rest alone.
    """
    actor = current_user.id
    is_done = True
    if form.by_mail.data:
        if _tried(form, document_id, lambda: send_invoice(form.as_input(document_id, actor))):
            flash(gettext("The mail is on its way. This page says when it was accepted."), "success")
            form.by_mail.data = False
        else:
            is_done = False
    if form.by_sms.data:
        if _tried(form, document_id, lambda: send_sms(form.as_sms(document_id, actor))):
            flash(gettext("The SMS is on its way. This page says when it was taken."), "success")
            form.by_sms.data = False
        else:
            is_done = False
    return is_done


def _tried(form: SendForm, document_id: int, send: Callable[[], object]) -> bool:
    actor = current_user.id

    def work() -> None:
        send()
        form.choose_payment_terms(document_id, actor)

    try:
        commit_once(work)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
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


@blueprint.post("/invoices/<int:document_id>/sms/<int:sms_id>/retry")
@requires(Right.INVOICE)
def retry_sms(document_id: int, sms_id: int) -> ResponseReturnValue:
    """Try an SMS of a document again."""
    of_document = SmsSending.document_id == document_id, SmsSending.sms_id == sms_id
    if db.session.scalars(select(SmsSending.id).where(*of_document)).one_or_none() is None:
        raise NotFoundError
    actor = current_user.id
    with transaction():
        decide_on_sms(sms_id, again=True, actor_id=actor)
    flash(gettext("The SMS is tried again."), "success")
    return redirect(url_for("invoices.show", document_id=document_id), code=303)
