"""The mail that carries a document: subject, plain text and HTML from one text, for sending and for its preview."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask_babel import force_locale

from core.colours import text_colour
from invoicing.document_view import DocumentView
from invoicing.document_words import words_of
from invoicing.message_texts import MessageText, expand_message, link_in_mail
from invoicing.payment_link import takes_cards

_FOLDER = "email/invoice"


@dataclass(frozen=True)
class InvoiceMail:
    """A mail as it goes out."""

    subject: str
    text: str
    html: str


def invoice_mail(view: DocumentView, message: MessageText) -> InvoiceMail:
    """Compose the mail of an expanded message; the link of its document goes where its marker stands."""
    marker, url = link_in_mail(view)
    paragraphs = [part.strip() for part in message.text.split("\n\n") if part.strip()]
    values = {
        "view": view,
        "subject": message.subject,
        "text": message.text.replace(marker, url),
        "blocks": [block for part in paragraphs for block in _blocks(part, marker)],
        "link": url,
        "takes_cards": takes_cards(view.total_cents),
        "accent": text_colour(view.seller.colour),
    }
    with force_locale(view.language):
        values["words"] = words_of(view)
        return InvoiceMail(
            subject=" ".join(render_template(f"{_FOLDER}/subject.txt", **values).split()),
            text=render_template(f"{_FOLDER}/body.txt", **values),
            html=render_template(f"{_FOLDER}/body.html", **values),
        )


def preview_mail(view: DocumentView, message: MessageText) -> InvoiceMail:
    """The mail as it would go out if sent now.

    Raises:
        InvalidInputError: on `subject` or `text`.
    """
    return invoice_mail(view, expand_message(message, view))


def _blocks(paragraph: str, marker: str) -> list[list[str] | None]:
    """A paragraph as lists of lines, with None where the button stands."""
    blocks: list[list[str] | None] = []
    for index, part in enumerate(paragraph.split(marker)):
        if index:
            blocks.append(None)
        if part.strip():
            blocks.append(part.strip().split("\n"))
    return blocks
