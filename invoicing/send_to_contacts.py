"""Sends an issued document to the contacts that receive invoices, in the usual words: for imports,
recurring invoices, actions on many and the demo.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from invoicing.errors import InvalidInputError
from invoicing.models import Document, Sending
from invoicing.send_invoice import SendInput, proposed_recipients, send_invoice

NO_RECIPIENT = _l("This customer has no contact with an e-mail address that receives invoices.")


def send_to_contacts(document: Document, *, actor_id: int | None = None) -> Sending:
    """Record one sending of the document with the default text; called twice it stays one.

    Raises:
        InvalidInputError: no contact of the customer receives invoices.
    """
    recipients = proposed_recipients(document.customer_id)
    if not recipients:
        raise InvalidInputError({"customer_id": NO_RECIPIENT})
    key = f"to-contacts-{document.id}"
    return send_invoice(SendInput(document.id, recipients, key, actor_id=actor_id))
