"""Subject and text of the mail that carries a document: defaults per language, and the variables people may write.

A text holds `{{ number }}` and the like. Only the variables listed here are known, and nothing but variables: no
attribute, call, loop or filter, so that a text can reach nothing of the program. A link keeps its marker
until the mail is composed, because it becomes an address in the plain text and a button in the HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from babel.dates import format_date
from flask_babel import LazyString, force_locale, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.money import format_cents
from invoicing.document_view import DocumentView
from invoicing.document_words import DAY_FORMAT, draft_title_of, title_of
from invoicing.errors import InvalidInputError, Message
from invoicing.input_checks import clean_text
from invoicing.lifecycle import DocumentKind
from invoicing.payment_link import takes_cards
from invoicing.text_variables import expand, fault_of, variables_in

LINK_MARKER: Final = "{{ payment_link }}"
QUOTE_LINK_MARKER: Final = "{{ quote_link }}"
LONGEST_SUBJECT: Final = 255
LONGEST_TEXT: Final = 10_000

VARIABLES: Final[dict[str, LazyString]] = {
    "document": _l("Kind of document: invoice, credit note or quote"),
    "number": _l("Number of the document"),
    "customer": _l("Name of the customer"),
    "total": _l("Total including VAT"),
    "issue_date": _l("Issue date"),
    "due_date": _l("Due date (invoices)"),
    "seller": _l("Name of your company"),
    "payment_link": _l("Payment link, as a button and as an address (invoices)"),
    "quote_link": _l("Link by which a quote is read and answered, as a button and as an address (quotes)"),
}
"""What may stand between {{ and }}, with an explanation for the page."""


LINK_IN_SUBJECT: Final = _l("A link belongs into the text, not into the subject.")
LINKS: Final = {"payment_link": DocumentKind.INVOICE, "quote_link": DocumentKind.QUOTE}
"""The links, and the kind of document that has each; they stand in texts alone, not in subjects."""


@dataclass(frozen=True)
class MessageText:
    """Subject and text of one mail; with variables in it, or without."""

    subject: str
    text: str


def default_message(view: DocumentView) -> MessageText:
    """What is proposed for a document, in its own language, with variables in it."""
    with force_locale(view.language):
        invoice = view.kind is DocumentKind.INVOICE
        paragraphs = _invoice_paragraphs(view) if invoice else _credit_note_paragraphs()
        if view.kind is DocumentKind.QUOTE:
            paragraphs = _quote_paragraphs(view)
        return MessageText(
            subject=_("{{ document }} {{ number }} from {{ seller }}"),
            text="\n\n".join([str(_("Hello,")), *paragraphs, str(_("Kind regards,\n{{ seller }}"))]),
        )


def _invoice_paragraphs(view: DocumentView) -> Iterator[str]:
    if not view.asks_for_money:
        yield _("Please find attached invoice {{ number }} of {{ issue_date }}.")
        return
    yield _(
        "Please find attached invoice {{ number }} of {{ issue_date }}, for {{ total }}, due on {{ due_date }}."
    )
    if view.payment_url is not None or view.is_draft:
        yield (
            _("You can pay it online by card, at no cost to you:")
            if takes_cards(view.total_cents)
            else _("You can see it here, and how to pay it:")
        )
        yield LINK_MARKER


def _quote_paragraphs(view: DocumentView) -> Iterator[str]:
    yield _("Please find attached quote {{ number }} of {{ issue_date }}, for {{ total }}.")
    if not view.is_draft:
        yield _("You can read it and answer it here:")
        yield QUOTE_LINK_MARKER


def _credit_note_paragraphs() -> Iterator[str]:
    yield _("Please find attached credit note {{ number }} of {{ issue_date }}, for {{ total }}.")


def variables_for(kind: DocumentKind) -> dict[str, LazyString]:
    """The variables that a mail with such a document may hold."""
    return {name: meaning for name, meaning in VARIABLES.items() if LINKS.get(name, kind) is kind}


def link_in_mail(view: DocumentView) -> tuple[str, str]:
    """The marker of the link in the mail of a document, and the address that takes its place; empty for none."""
    if view.kind is DocumentKind.QUOTE:
        return QUOTE_LINK_MARKER, view.answer_url or ""
    return LINK_MARKER, view.payment_url or ""


def expand_message(message: MessageText, view: DocumentView) -> MessageText:
    """Put the values of a document in; the marker of its link stays, and is added at the end when it is missing.

    Raises:
        InvalidInputError: on `subject` or `text`: unknown variables, anything that is no variable, empty or too long.
    """
    errors: dict[str, Message] = {}
    values = message_values(view)
    subject = _expanded("subject", " ".join(clean_text(message.subject).split()), view, values, errors)
    text = _expanded("text", clean_text(message.text, lines=True), view, values, errors)
    for field, value, longest in (("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT)):
        if field not in errors and not value:
            errors[field] = _l("Write something here.")
        elif len(value) > longest:
            errors[field] = _l("This is too long: at most %(count)d characters.", count=longest)
    marker, url = link_in_mail(view)
    if "subject" not in errors and marker in subject:
        errors["subject"] = LINK_IN_SUBJECT
    if errors:
        raise InvalidInputError(errors)
    if (view.asks_for_money or view.answer_url) and url and marker not in text:
        text = f"{text}\n\n{marker}"
    return MessageText(subject, text)


def _expanded(
    field: str, text: str, view: DocumentView, values: dict[str, str], errors: dict[str, Message]
) -> str:
    fault = fault_in_message(text, view.kind)
    if fault is not None:
        errors[field] = fault
        return text
    return expand(text, values)


def fault_in_message(text: str, kind: DocumentKind) -> Message | None:
    """What a text with such a document cannot say, as a sentence; None when all is right."""
    return fault_of(text, VARIABLES) or _fault_of_links(variables_in(text), kind)


def _fault_of_links(names: set[str], kind: DocumentKind) -> Message | None:
    """A link that the document does not have, as a sentence."""
    if "payment_link" in names and kind is DocumentKind.QUOTE:
        return _l("A quote is not paid but answered: write {{ quote_link }} instead of {{ payment_link }}.")
    if "payment_link" in names and kind is not DocumentKind.INVOICE:
        return _l("A credit note has no payment link: take {{ payment_link }} out.")
    if "quote_link" in names and kind is not DocumentKind.QUOTE:
        return _l("Only a quote has a link to be answered by: take {{ quote_link }} out.")
    return None


def message_values(view: DocumentView) -> dict[str, str]:
    """What stands for each variable, in the document's language; the links are their markers."""
    with force_locale(view.language):
        locale, due = get_locale(), view.due_date
        return {
            "document": title_of(view.kind, view.invoice_type, is_taken_over=view.is_taken_over),
            "number": view.number or draft_title_of(view.kind),
            "customer": view.buyer.name,
            "total": format_cents(view.total_cents, locale),
            "issue_date": format_date(view.issue_date, DAY_FORMAT, locale=locale),
            "due_date": "" if due is None else format_date(due, DAY_FORMAT, locale=locale),
            "seller": view.seller.name,
            "payment_link": LINK_MARKER,
            "quote_link": QUOTE_LINK_MARKER,
        }
