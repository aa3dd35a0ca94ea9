"""Decides to send an issued document: to whom and in which words. The mail is made by `dispatch_sendings` afterwards.

Called by the send page and by the import with `--send`. The row stands before any mail does, so a crash loses nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Select, bindparam, select

from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.files import StoredFile
from core.jobs import wake
from core.mail import Attachment
from core.models import User
from core.tenancy import scoped
from core.todo import leave_todo
from invoicing.attachments import attachments_json, check_attachments, read_attachments, sizes_of
from invoicing.balances import merged_ids
from invoicing.document_view import DocumentView, view_of
from invoicing.errors import InvalidInputError, Message
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import DocumentKind, DocumentState, TodoKind
from invoicing.locked_documents import locked_document
from invoicing.message_texts import MessageText, default_message, expand_message
from invoicing.models import Contact, Document, DocumentFile, FileKind, Sending, TextKind
from invoicing.text_library import default_text

MOST_RECIPIENTS = 20
LONGEST_REQUEST_KEY = 64

_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class SendInput:
    """What the send page gives.

    Attributes:
        subject, text: with variables (`message_texts.VARIABLES`); None takes the default.
        request_key: made with the form; the same one twice (a double click) is one sending.
        reply_to: where answers go; empty takes the company's address.
        copy_to_self: the person who sends is added to the recipients.
        attachments: stored files that go along in this mail, beside the PDF and the document's own.
    """

    document_id: int
    recipients: tuple[str, ...]
    request_key: str
    subject: str | None = None
    text: str | None = None
    reply_to: str = ""
    copy_to_self: bool = False
    attachments: tuple[Attachment, ...] = ()
    actor_id: int | None = None


def send_invoice(given: SendInput) -> Sending:
    """Record the sending of an issued invoice or credit note, and wake the worker that makes the mail.

    Raises:
        NotFoundError: this company has no such document.
        ConflictError: the document is a draft.
        InvalidInputError: on `recipients`, `reply_to`, `subject`, `text` or `files`.
    """
    assert 0 < len(given.request_key) <= LONGEST_REQUEST_KEY, "the form makes the key"
    document = locked_document(given.document_id)
    earlier = db.session.scalars(
        select(Sending).where(Sending.request_key == given.request_key)
    ).one_or_none()
    if earlier is not None:
        return earlier
    if document.state is not DocumentState.ISSUED:
        raise ConflictError(_l("This document is a draft. Issue it before you send it."))
    sending = _checked(given, document)
    db.session.add(sending)
    db.session.flush()
    leave_todo(TodoKind.MAIL, sending.id)
    record_event(
        "invoice.sent", actor_id=given.actor_id, subject=("document", document.id), sending_id=sending.id
    )
    wake("dispatch_sendings")
    return sending


def split_recipients(text: str) -> tuple[str, ...]:
    """The addresses of a field in which people separate them by commas, semicolons, spaces or lines."""
    return tuple(filter(None, _BETWEEN_ADDRESSES.split(text)))


def proposed_recipients(customer_id: int) -> tuple[str, ...]:
    """Addresses of the customer's contacts that receive invoices, each once."""
    return tuple(dict.fromkeys(db.session.scalars(_proposed(), {"customer_id": customer_id})))


@cache
def _proposed() -> Select[str]:
    """Built once: an action on a thousand invoices asks a thousand times."""
    theirs = Contact.customer_id.in_(merged_ids(bindparam("customer_id", type_=BigInteger)))
    receives = Contact.receives_invoices, Contact.email != ""
    return scoped(select(Contact.email).where(theirs, *receives).order_by(Contact.id))


def proposed_message(view: DocumentView) -> MessageText:
    """The words proposed for a document: for an invoice the company's default text in its language, else the usual."""
    own = default_text(TextKind.MAIL, view.language) if view.kind is DocumentKind.INVOICE else None
    return default_message(view) if own is None else MessageText(own.subject, own.text)


def _checked(given: SendInput, document: Document) -> Sending:
    errors: dict[str, Message] = {}
    view = view_of(document)
    attachments = _attachments(given, document, errors)
    recipients = _recipients(given, errors)
    reply_to = _address("reply_to", given.reply_to or view.seller.email, errors)
    proposed = proposed_message(view)
    message = MessageText(
        proposed.subject if given.subject is None else given.subject,
        proposed.text if given.text is None else given.text,
    )
    try:
        message = expand_message(message, view)
    except InvalidInputError as refused:
        errors |= refused.errors
    if errors:
        raise InvalidInputError(errors)
    return Sending(
        document_id=view.document_id,
        request_key=given.request_key,
        recipients=json.dumps(recipients),
        subject=message.subject,
        text=message.text,
        reply_to=reply_to,
        attachments=attachments_json(attachments),
        requested_by_id=given.actor_id,
    )


def _attachments(given: SendInput, document: Document, errors: dict[str, Message]) -> tuple[Attachment, ...]:
    """The files of this mail alone, without those that the document brings along."""
    found = FieldErrors()
    own = read_attachments(document.attachments)
    beside = sum(sizes_of(own).values()) + _pdf_bytes(document.id)
    attachments = check_attachments(
        found, tuple(one for one in given.attachments if one not in own), beside_bytes=beside
    )
    errors |= found.found
    return attachments


def _pdf_bytes(document_id: int) -> int:
    """The size of the PDF; 0 while it is not drawn, when it is a small part of what a mail takes."""
    drawn = (
        select(StoredFile.size_bytes)
        .join(DocumentFile, DocumentFile.stored_file_id == StoredFile.id)
        .where(DocumentFile.document_id == document_id, DocumentFile.kind == FileKind.PDF)
    )
    return db.session.scalar(drawn) or 0


def _recipients(given: SendInput, errors: dict[str, Message]) -> list[str]:
    asked = list(given.recipients)
    if given.copy_to_self and given.actor_id is not None:
        asked.append(db.session.get_one(User, given.actor_id).email)
    if not asked:
        errors["recipients"] = _l("Give at least one e-mail address.")
    elif len(asked) > MOST_RECIPIENTS:
        errors["recipients"] = _l("At most %(count)d recipients at once.", count=MOST_RECIPIENTS)
    addresses = [_address("recipients", address, errors) for address in asked]
    return list(dict.fromkeys(addresses))


def _address(field: str, address: str, errors: dict[str, Message]) -> str:
    """The address as mail servers take it: ASCII, an international domain in its encoded form."""
    if not address:
        return ""
    try:
        # Without SMTPUTF8: most mail servers refuse accents before the @.
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        errors.setdefault(field, _l("%(address)s is not an e-mail address.", address=address[:100]))
        return ""
    return found.ascii_email or found.normalized
