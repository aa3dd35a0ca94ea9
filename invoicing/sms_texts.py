"""The words of an SMS that carries a document's link: a short default, the library's, and the variables of mails.

The link is always in it. Typography that costs the short alphabet of SMS is made plain (`core.sms_text`).
"""

from __future__ import annotations

from typing import Final

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.sms_text import MOST_PARTS, SmsSize, plain_sms, sms_size
from invoicing.document_view import DocumentView
from invoicing.errors import InvalidInputError, Message
from invoicing.input_checks import clean_text
from invoicing.lifecycle import DocumentKind
from invoicing.message_texts import fault_in_message, link_in_mail, message_values
from invoicing.models import TextKind
from invoicing.text_library import default_text
from invoicing.text_variables import expand

FIELD: Final = "sms_text"


def has_sms_link(view: DocumentView) -> bool:
    """Whether there is a link to send: an SMS carries no file, so without one it would say nothing."""
    return bool(link_in_mail(view)[1])


def proposed_sms(view: DocumentView) -> str:
    """The words proposed for a document, with variables: for an invoice the library's default, else the usual."""
    own = default_text(TextKind.SMS, view.language) if view.kind is DocumentKind.INVOICE else None
    return _default(view) if own is None else own.text


def expand_sms(text: str, view: DocumentView) -> str:
    """The text as the customer gets it, the document's link in it; added at the end when it is missing.

    Raises:
        InvalidInputError: on `sms_text`: unknown variables, empty or too long.
    """
    clean = clean_text(text, lines=True)
    fault: Message | None = fault_in_message(clean, view.kind)
    if fault is None and not clean:
        fault = _l("Write something here.")
    if fault is not None:
        raise InvalidInputError({FIELD: fault})
    marker, url = link_in_mail(view)
    said = expand(clean, message_values(view))
    if url and marker not in said:
        said = f"{said} {marker}"
    sms = plain_sms(said.replace(marker, url))
    size = sms_size(sms)
    if size.parts > MOST_PARTS:
        message = _l(
            "This makes %(parts)d SMS; at most %(most)d are sent at once.", parts=size.parts, most=MOST_PARTS
        )
        raise InvalidInputError({FIELD: message})
    return sms


def size_of_sms(text: str, view: DocumentView) -> SmsSize | None:
    """How long the text is with the values of the document; None while something in it is wrong."""
    try:
        return sms_size(expand_sms(text, view))
    except InvalidInputError:
        return None


def _default(view: DocumentView) -> str:
    with force_locale(view.language):
        if view.kind is DocumentKind.QUOTE:
            words = _(
                "{{ seller }}: your quote {{ number }}, {{ total }}. Read and answer it here: {{ quote_link }}"
            )
        else:
            words = _(
                "{{ seller }}: your invoice {{ number }}, {{ total }}. See and pay it here: {{ payment_link }}"
            )
        return str(words)
