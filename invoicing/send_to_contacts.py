"""Sends an issued document to the contacts that receive invoices, in the usual words: for imports,
recurring invoices, actions on many and the demo. By mail; by SMS to who can be reached by SMS alone.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.sms import sms_is_offered
from invoicing.errors import InvalidInputError
from invoicing.models import Document, Sending, SmsSending
from invoicing.send_invoice import SendInput, proposed_recipients, send_invoice
from invoicing.send_sms import SmsInput, proposed_numbers, send_sms

NO_RECIPIENT = _l("This customer has no contact with an e-mail address that receives invoices.")


def send_to_contacts(
    document: Document, *, request_key: str = "", actor_id: int | None = None
) -> Sending | list[SmsSending]:
    """Record one sending of the document with the default text; called twice it stays one.

    Args:
        document: issued.
        request_key: of who asks; empty: one for ever of this document.
        actor_id: who does it.

    Raises:
        InvalidInputError: no contact of the customer receives invoices.
    """
    key = request_key or f"to-contacts-{document.id}"
    recipients = proposed_recipients(document.customer_id)
    if recipients:
        return send_invoice(SendInput(document.id, recipients, key, actor_id=actor_id))
    numbers = proposed_numbers(document.customer_id) if sms_is_offered() else ()
    if not numbers:
        raise InvalidInputError({"customer_id": NO_RECIPIENT})
    return send_sms(SmsInput(document.id, numbers[:1], key, actor_id=actor_id))


def is_reachable(customer_id: int) -> bool:
    """Whether the customer has a contact that invoices can be sent to without anybody choosing."""
    by_sms = sms_is_offered() and bool(proposed_numbers(customer_id))
    return by_sms or bool(proposed_recipients(customer_id))
