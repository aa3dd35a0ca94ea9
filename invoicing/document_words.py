"""The words around a document's data, in the language that is on: titles, dated facts, addresses, legal lines.

Used by the PDF and the mails, which switch to the document's own language first, so that each wording stands once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from babel import Locale
from babel.dates import format_date
from flask_babel import LazyString, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from accounting.facts import SupplyKind
from core.money import format_cents
from invoicing.document_rows import PrintedRow, SumRow, VatRow, rows_of, sums_of, vat_rows_of
from invoicing.document_view import DocumentView, LineView
from invoicing.legal_form import legal_form_line
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.parties import Address, Buyer, Seller
from invoicing.units import DEFAULT_UNIT, unit_name

NO_BREAK = "\u00a0"
DAY_FORMAT = "d MMMM y"
"""`22 novembre 2026`, `22 November 2026`: the day first in both languages, as France writes it."""

TITLES: Final[dict[DocumentKind, LazyString]] = {
    DocumentKind.INVOICE: _l("Invoice"),
    DocumentKind.CREDIT_NOTE: _l("Credit note"),
    DocumentKind.QUOTE: _l("Quote"),
    DocumentKind.RECURRING: _l("Recurring invoice"),
}
_INVOICES: Final[dict[InvoiceType, LazyString]] = {
    InvoiceType.DEPOSIT: _l("Deposit invoice"),
    InvoiceType.FINAL: _l("Final invoice"),
}
_DRAFTS: Final[dict[DocumentKind, LazyString]] = {
    DocumentKind.INVOICE: _l("Draft invoice"),
    DocumentKind.CREDIT_NOTE: _l("Draft credit note"),
    DocumentKind.QUOTE: _l("Draft quote"),
    DocumentKind.RECURRING: _l("Pattern"),
}
# International symbols (SI and derived) are the same in every language and fit a narrow column.
_SYMBOLS: Final = {
    "HUR": "h", "GRM": "g", "KGM": "kg", "TNE": "t", "MTR": "m", "KMT": "km", "MTK": "m²", "MTQ": "m³", "LTR": "l",
    "KWT": "kW", "KWH": "kWh",
}  # fmt: skip
_LONG_TEXT = 400


@dataclass(frozen=True)
class Words:
    """What is printed around the data of one document.

    Attributes:
        heading: kind and number, such as `Facture F2026-00042`.
        draft: what a draft is called; its watermark.
        facts: label and value pairs: dates, references.
        rows, vat_rows, sums: the tables, as `document_rows` has them.
        buyer_label: what stands above the buyer's name.
        delivery: name and address where goods go, when that is not the buyer's.
        seller_contact: e-mail, telephone and web site that are set.
        legal_lines: the seller's foot on each page (C. com. R123-237, R123-238).
    """

    title: str
    heading: str
    draft: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[PrintedRow, ...]
    vat_rows: tuple[VatRow, ...]
    sums: tuple[SumRow, ...]
    delivery: tuple[str, ...]
    seller_address: tuple[str, ...]
    seller_contact: tuple[str, ...]
    buyer_address: tuple[str, ...]
    buyer_identifiers: tuple[str, ...]
    legal_lines: tuple[str, ...]
    iban: str
    due: str
    due_date: str
    buyer_label: str
    valid: str


def words_of(view: DocumentView) -> Words:
    """The words of a document in the language that is on now."""
    draft = draft_title_of(view.kind)
    title = title_of(view.kind, view.invoice_type, is_taken_over=view.is_taken_over)
    return Words(
        title=title,
        heading=f"{title} {view.number}" if view.number else draft,
        draft=draft,
        facts=tuple((label, value) for label, value in _facts(view) if value),
        rows=rows_of(view),
        vat_rows=vat_rows_of(view),
        sums=sums_of(view),
        delivery=(view.delivery.name, *address_lines(view.delivery)) if view.delivery else (),
        seller_address=address_lines(view.seller),
        seller_contact=tuple(filter(None, (view.seller.email, view.seller.phone, view.seller.website))),
        buyer_address=address_lines(view.buyer),
        buyer_identifiers=_identifiers(view.buyer),
        legal_lines=legal_lines(view.seller),
        iban=grouped(view.seller.iban, 4),
        due=_due(view),
        due_date=_day(view.due_date),
        buyer_label=_("For") if view.kind is DocumentKind.QUOTE else _("Billed to"),
        valid=_("Valid until %(day)s", day=_day(view.valid_until)) if view.valid_until else "",
    )


def title_of(kind: DocumentKind, invoice_type: InvoiceType, *, is_taken_over: bool = False) -> str:
    """What the document is called: an invoice by its type, everything else by its kind; what was taken over from other
    software states an invoice and is none."""
    if is_taken_over:
        return str(_("Statement of invoice") if kind is DocumentKind.INVOICE else _("Statement withdrawn"))
    by_type = _INVOICES.get(invoice_type) if kind is DocumentKind.INVOICE else None
    return str(by_type or TITLES[kind])


def draft_title_of(kind: DocumentKind) -> str:
    """What a document without a number is called."""
    return str(_DRAFTS[kind])


def address_lines(party: Seller | Buyer | Address) -> tuple[str, ...]:
    """Street, town, and the country where it is not France."""
    town = f"{party.postcode} {party.city}".strip()
    return tuple(filter(None, (party.address1, party.address2, town, _country(party.country))))


def legal_lines(seller: Seller) -> tuple[str, ...]:
    """Legal form, capital and register; then the numbers by which the seller is known."""
    first = " · ".join(filter(None, (seller.name, legal_form_line(seller))))
    second = (
        f"SIREN{NO_BREAK}{siren_text(seller.siren)}",
        f"SIRET{NO_BREAK}{siren_text(seller.siret)}" if seller.siret else "",
        _("VAT number %(number)s", number=seller.vat_number) if seller.vat_number else "",
    )
    return tuple(filter(None, (first, " · ".join(filter(None, second)))))


def unit_text(line: LineView) -> str:
    """The unit as printed: a symbol where one exists, nothing for plain units."""
    return "" if line.unit == DEFAULT_UNIT else _SYMBOLS.get(line.unit) or str(unit_name(line.unit))


def is_long(line: LineView) -> bool:
    """True when the description needs the whole width of the page instead of its column."""
    return len(line.description) > _LONG_TEXT


def grouped(text: str, size: int) -> str:
    """Characters in groups, held together by no-break spaces: `FR76 3000 …`."""
    bare = "".join(text.split())
    return NO_BREAK.join(bare[start : start + size] for start in range(0, len(bare), size))


def _facts(view: DocumentView) -> tuple[tuple[str, str], ...]:
    return (
        (_("Issue date"), _day(view.issue_date)),
        (_supply_label(view.kinds), _day(view.supply_date)),
        (_("Period"), _period(view.period_start, view.period_end)),
        (_("Due date"), _day(view.due_date) if view.kind is DocumentKind.INVOICE else ""),
        (_("Valid until"), _day(view.valid_until) if view.kind is DocumentKind.QUOTE else ""),
        (_("Credited invoice"), view.credited.number if view.credited else ""),
        (_("Reason"), view.reason),
        (_("Quote"), view.quote.number if view.quote else ""),
        (_("Purchase order"), view.purchase_order),
        (_("Contract"), view.contract_reference),
        (_("Your reference"), view.buyer_reference),
        (_("Customer number"), view.buyer.number),
    )


def _supply_label(kinds: frozenset[SupplyKind]) -> str:
    if kinds == {SupplyKind.GOODS}:
        return str(_("Delivery date"))
    return str(_("Service date") if kinds == {SupplyKind.SERVICE} else _("Supply date"))


def _identifiers(buyer: Buyer) -> tuple[str, ...]:
    siren = f"SIREN{NO_BREAK}{siren_text(buyer.siren)}" if buyer.siren else ""
    siret = f"SIRET{NO_BREAK}{siren_text(buyer.siret)}" if buyer.siret else ""
    vat = _("VAT number %(number)s", number=buyer.vat_number) if buyer.vat_number else ""
    return tuple(filter(None, (siren, siret, vat)))


def _due(view: DocumentView) -> str:
    amount = format_cents(view.total_cents, get_locale())
    if view.due_date is None:
        return amount
    return str(_("To be paid by %(date)s: %(amount)s", date=_day(view.due_date), amount=amount))


def _period(start: date | None, end: date | None) -> str:
    if start and end:
        return str(_("%(start)s to %(end)s", start=_day(start), end=_day(end)))
    if start:
        return str(_("from %(day)s", day=_day(start)))
    return str(_("until %(day)s", day=_day(end))) if end else ""


def _day(value: date | None) -> str:
    return "" if value is None else str(format_date(value, DAY_FORMAT, locale=get_locale()))


def siren_text(number: str) -> str:
    """`732 829 320`, and the five digits of the establishment after it when they are there."""
    head, tail = number[:9], number[9:]
    return NO_BREAK.join(filter(None, (grouped(head, 3), tail)))


def _country(code: str) -> str:
    if code in ("", "FR"):
        return ""
    locale: Locale = get_locale()
    return str(locale.territories.get(code, code))
