"""A customer's statement as a PDF and as the mail that carries it, in the customer's language."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, render_template
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from core.colours import text_colour
from core.money import format_cents
from core.web.formats import day
from invoicing.account_statement import StatementView, days_late, movement_text
from invoicing.document_words import address_lines, grouped, legal_lines
from invoicing.invoice_mail import InvoiceMail
from invoicing.logo import logo_address

_STYLESHEET = "templates/pdf/document.css"


def statement_pdf(view: StatementView) -> bytes:
    """Draw the statement (PDF/A). Takes a tenth of a second: outside transactions."""
    # WeasyPrint takes as long to import as all the rest: only who draws waits for it.
    from invoicing.pdf_engine import html_to_pdf  # noqa: PLC0415

    return html_to_pdf(statement_html(view), Path(current_app.root_path) / _STYLESHEET)


def statement_html(view: StatementView) -> str:
    """The HTML that becomes the PDF."""
    with force_locale(view.language):
        return render_template(
            "pdf/account_statement.html",
            view=view,
            words=_words(view),
            rows=_rows(view),
            late={invoice.id: days_late(invoice, view.today) for invoice in view.open},
            accent=text_colour(view.seller.colour),
            logo=logo_address(view.seller.logo_sha256),
        )


def statement_name(view: StatementView) -> str:
    """What the file is called."""
    with force_locale(view.language):
        name = _("Statement of account %(number)s", number=view.buyer.number)
    return f"{name} {view.last_day.isoformat()}.pdf"


def statement_mail(view: StatementView) -> InvoiceMail:
    """The mail that carries it."""
    with force_locale(view.language):
        subject = _("Your statement of account on %(day)s", day=day(view.last_day))
        paragraphs = [
            _("Hello,"),
            _(
                "please find attached the statement of your account from %(first)s to %(last)s.",
                first=day(view.first_day),
                last=day(view.last_day),
            ),
            _open_text(view),
            _("Kind regards,\n%(seller)s", seller=view.seller.name),
        ]
        values = {
            "view": view,
            "subject": subject,
            "paragraphs": [str(part) for part in paragraphs],
            "facts": [(str(label), value) for label, value in _sums(view)],
            "accent": text_colour(view.seller.colour),
            "words": _words(view),
        }
        return InvoiceMail(
            subject=" ".join(str(subject).split()),
            text=render_template("email/receipt/body.txt", **values),
            html=render_template("email/receipt/body.html", **values),
        )


def _open_text(view: StatementView) -> str:
    if not view.due_cents:
        return str(_("Nothing is due."))
    return str(_("%(amount)s are due.", amount=format_cents(view.due_cents, get_locale())))


def _sums(view: StatementView) -> list[tuple[str, str]]:
    amount = format_cents(view.due_cents, get_locale())
    found = [
        (_("Balance on %(day)s", day=day(view.last_day)), format_cents(view.closing_cents, get_locale()))
    ]
    found.append((_("Due today"), amount))
    if view.late_cents:
        found.append((_("Of which late"), format_cents(view.late_cents, get_locale())))
    return [(str(label), text) for label, text in found]


def _rows(view: StatementView) -> list[dict[str, object]]:
    """The movements with the balance after each."""
    balance, rows = view.opening_cents, []
    for movement in view.movements:
        balance += movement.cents
        rows.append(
            {
                "day": movement.day,
                "text": movement_text(movement),
                "cents": movement.cents,
                "balance": balance,
            }
        )
    return rows


def _words(view: StatementView) -> dict[str, object]:
    seller = view.seller
    return {
        "seller_address": address_lines(seller),
        "seller_contact": tuple(filter(None, (seller.email, seller.phone, seller.website))),
        "buyer_address": address_lines(view.buyer),
        "legal_lines": legal_lines(seller),
        "iban": grouped(seller.iban, 4),
    }
