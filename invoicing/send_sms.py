"""Sends the link of an issued document by SMS: row and text of the outbox in one transaction of the caller.

Called by the send page and the quick link. An SMS carries no file and waits for no PDF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.sms import e164, queue_sms, sms_is_offered
from invoicing.balances import merged_ids
from invoicing.customer_input import checked_mobile
from invoicing.document_view import view_of
from invoicing.errors import InvalidInputError
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import DocumentState
from invoicing.locked_documents import locked_document
from invoicing.models import Contact, SmsSending
from invoicing.sms_texts import expand_sms, has_sms_link, proposed_sms

MOST_NUMBERS = 5
NUMBERS = "numbers"
NOT_OFFERED = _l(
    "This installation sends no SMS yet: whoever runs it names a provider in SOLDE_SMS_URL, and starts it again."
)
_BETWEEN_NUMBERS = re.compile(r"[,;\n]+")


@dataclass(frozen=True)
class SmsInput:
    """What the send page gives.

    `text` has variables; None takes the proposed one. The same `request_key` twice (a double click) is one sending.
    """

    document_id: int
    recipients: tuple[str, ...]
    request_key: str
    text: str | None = None
    actor_id: int | None = None


def send_sms(given: SmsInput) -> list[SmsSending]:
    """Record an SMS to each number and wake the worker that sends them.

    Raises:
        NotFoundError: this company has no such document.
        ConflictError: the document is a draft, or has no link to send.
        InvalidInputError: on `numbers` or `sms_text`; nothing is sent then, to nobody.
    """
    document = locked_document(given.document_id)
    same = select(SmsSending).where(SmsSending.request_key == given.request_key)
    earlier = list(db.session.scalars(same.order_by(SmsSending.id)))
    if earlier:
        return earlier
    if document.state is not DocumentState.ISSUED:
        raise ConflictError(_l("This document is a draft. Issue it before you send it."))
    view = view_of(document)
    if not has_sms_link(view):
        raise ConflictError(_l("This document has no link that an SMS could carry. Send it by e-mail."))
    errors = FieldErrors()
    numbers = _checked_numbers(errors, given.recipients, view.buyer.country)
    text = ""
    try:
        text = expand_sms(proposed_sms(view) if given.text is None else given.text, view)
    except InvalidInputError as refused:
        errors.found |= refused.errors
    errors.raise_if_any()
    return [_sent(given, number, text) for number in numbers]


def split_numbers(text: str) -> tuple[str, ...]:
    """The numbers of a field in which people separate them by commas, semicolons or lines; spaces are part of them."""
    return tuple(part.strip() for part in _BETWEEN_NUMBERS.split(text) if part.strip())


def proposed_numbers(customer_id: int) -> tuple[str, ...]:
    """Mobile numbers of the customer's contacts that receive invoices, each once."""
    rows = select(Contact.mobile).where(
        Contact.customer_id.in_(merged_ids(customer_id)), Contact.receives_invoices, Contact.mobile != ""
    )
    return tuple(dict.fromkeys(db.session.scalars(rows.order_by(Contact.id))))


def _checked_numbers(errors: FieldErrors, typed: tuple[str, ...], country: str) -> list[str]:
    if not sms_is_offered():
        errors.add(NUMBERS, NOT_OFFERED)
    elif not typed:
        errors.add(NUMBERS, _l("Give at least one mobile number."))
    elif len(typed) > MOST_NUMBERS:
        errors.add(NUMBERS, _l("At most %(count)d numbers at once.", count=MOST_NUMBERS))
    checked = [checked_mobile(errors, NUMBERS, number, country) for number in typed]
    return [] if errors.found else list(dict.fromkeys(map(e164, checked)))


def _sent(given: SmsInput, number: str, text: str) -> SmsSending:
    sending = SmsSending(
        document_id=given.document_id,
        request_key=given.request_key,
        recipient=number,
        text=text,
        sms_id=queue_sms(number, text).id,
        requested_by_id=given.actor_id,
    )
    db.session.add(sending)
    db.session.flush()
    record_event(
        "invoice.sent_by_sms",
        actor_id=given.actor_id,
        subject=("document", given.document_id),
        sms_sending_id=sending.id,
    )
    return sending
