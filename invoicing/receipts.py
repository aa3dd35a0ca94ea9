"""The receipt of a payment: its PDF, one page in the customer's language, and its mail. Nothing is stored but the file
that went out; drawn again it is the same to the byte.
"""

from __future__ import annotations

from pathlib import Path

from flask import current_app, render_template
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from core.colours import text_colour
from core.money import format_cents
from core.web.formats import day, moment
from invoicing.document_words import words_of
from invoicing.history_words import METHODS
from invoicing.invoice_mail import InvoiceMail
from invoicing.logo import logo_address
from invoicing.receipt_view import ReceiptView

_STYLESHEET = "templates/pdf/document.css"


def receipt_pdf(view: ReceiptView) -> bytes:
    """Draw the receipt (PDF/A). Takes a tenth of a second: outside transactions."""
    # WeasyPrint takes as long to import as all the rest: only who draws waits for it.
    from invoicing.pdf_engine import html_to_pdf  # noqa: PLC0415

    return html_to_pdf(receipt_html(view), Path(current_app.root_path) / _STYLESHEET)


def receipt_html(view: ReceiptView) -> str:
    """The HTML that becomes the PDF."""
    with force_locale(view.invoice.language):
        return render_template(
            "pdf/receipt.html",
            receipt=view,
            view=view.invoice,
            words=words_of(view.invoice),
            facts=_facts(view),
            accent=text_colour(view.invoice.seller.colour),
            logo=logo_address(view.invoice.seller.logo_sha256),
        )


def receipt_name(view: ReceiptView) -> str:
    """What the file is called: `Reçu F2026-00042.pdf`."""
    with force_locale(view.invoice.language):
        name = _("Receipt %(number)s", number=view.invoice.number)
    return f"{name.replace('/', '-')}.pdf"


def receipt_mail(view: ReceiptView) -> InvoiceMail:
    """The mail that carries it."""
    with force_locale(view.invoice.language):
        amount = format_cents(view.amount_cents, get_locale())
        number, seller = view.invoice.number, view.invoice.seller.name
        subject = _("Receipt: %(amount)s for invoice %(number)s", amount=amount, number=number)
        paragraphs = [
            _("Hello,"),
            _(
                "we have received your payment of %(amount)s for invoice %(number)s on %(day)s. Thank you!",
                amount=amount,
                number=number,
                day=_paid(view),
            ),
            _left(view),
            _("Please find the receipt attached."),
            _("Kind regards,\n%(seller)s", seller=seller),
        ]
        values = {
            "view": view.invoice,
            "subject": subject,
            "paragraphs": [str(part) for part in paragraphs if part],
            "facts": _facts(view),
            "accent": text_colour(view.invoice.seller.colour),
            "words": words_of(view.invoice),
        }
        return InvoiceMail(
            subject=" ".join(subject.split()),
            text=render_template("email/receipt/body.txt", **values),
            html=render_template("email/receipt/body.html", **values),
        )


def _left(view: ReceiptView) -> str:
    left = sum(row.left_cents for row in view.rows)
    if not view.rows:
        return ""
    if left <= 0:
        return str(_("The invoice is paid in full."))
    return str(_("%(amount)s remain to be paid.", amount=format_cents(left, get_locale())))


def _facts(view: ReceiptView) -> list[tuple[str, str]]:
    pairs = [
        (_("Paid on"), _paid(view)),
        (_("Way of payment"), " · ".join(filter(None, (str(METHODS[view.method]), view.details)))),
        (_("Reference of the payment"), view.reference),
        (_("Amount"), format_cents(view.amount_cents, get_locale())),
    ]
    return [(str(label), str(value)) for label, value in pairs if value]


def _paid(view: ReceiptView) -> str:
    return moment(view.paid_at) if view.paid_at else day(view.paid_on)
