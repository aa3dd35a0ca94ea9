"""Everything that a page, a PDF or a mail prints about a document, as plain frozen data.

An issued document is read from its frozen rows alone (its copies of parties, wording, amounts), so that it looks the
same for ever; a draft from the rows of now, its totals through the one function that issue uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from accounting.facts import SupplyKind
from core.clock import paris_today
from core.database import db
from invoicing.errors import NotFoundError
from invoicing.issue_invoice import candidate_of, mentions_of
from invoicing.legal_mentions import Mention, read_mentions
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.models import Document, DocumentLine, DocumentVat
from invoicing.parties import (
    Address,
    Buyer,
    Seller,
    buyer_of,
    read_address,
    read_buyer,
    read_seller,
    seller_of,
)
from invoicing.payment_link import link_url, links_of
from invoicing.quotes import link_of_quote
from invoicing.vat import LineTotals, VatTotals, line_amount
from invoicing.vat_categories import VatCase, VatCategory

_SAID: Final = (
    "invoice_type", "vat_case", "vat_ground", "discount_rate", "discount_label", "period_start", "period_end",
    "valid_until", "buyer_reference", "contract_reference", "conditions",
)  # fmt: skip


@dataclass(frozen=True)
class LineView:
    """One printed line. Scaled integers as on the row: quantity 4 decimals, unit price 6, discount and rate 1/100 %.

    `amount_cents` is net, or VAT included when the document's prices are; 0 for what does not count. `option_cents` is
    what an option would add.
    """

    role: LineRole
    kind: SupplyKind
    label: str
    description: str
    quantity: int
    unit: str
    unit_price: int
    discount: int
    vat_rate: int
    vat_ground: str
    amount_cents: int
    option_cents: int = 0


@dataclass(frozen=True)
class VatView:
    """Net and VAT of the whole document at one rate (1/100 %) of one category, goods and services together. Cents.

    `net_cents` is after the `discount_cents` that a discount on the whole takes off here.
    """

    rate: int
    net_cents: int
    vat_cents: int
    category: VatCategory = VatCategory.STANDARD
    ground: str = ""
    discount_cents: int = 0


@dataclass(frozen=True)
class CreditedView:
    """Another document that this one names: the invoice a credit note corrects, the quote an invoice came from."""

    document_id: int
    number: str
    issue_date: date


@dataclass(frozen=True)
class DocumentView:
    """A document as printed; amounts in cents, positive in the document's own sense.

    Attributes:
        number: None for a draft.
        issue_date: a draft's own date, else today.
        due_date: None for a credit note.
        vat: highest rate first.
        quote: what it was invoiced from.
        discount_cents: what a discount on the whole takes off the net; `net_cents` is after it.
        deposits_cents: net of the deposits that are deducted, negative; `net_cents` is after it.
        delivery: where goods go when that is not the buyer's address.
        payment_url: the address of the payment page; None for drafts and credit notes.
        answer_url: the address of a quote's page; None for drafts and everything else.
        link_was_replaced: the stored PDF carries another address, which is dead.
        is_taken_over: it states what is open on an invoice of other software, and is none itself.
        is_duplicate: printed again with a link that was given later; marked so.
        issued_at: UTC; None for a draft.
    """

    document_id: int
    customer_id: int
    kind: DocumentKind
    is_draft: bool
    number: str | None
    language: str
    issue_date: date
    supply_date: date | None
    due_date: date | None
    issued_at: datetime | None
    purchase_order: str
    note: str
    reason: str
    credited: CreditedView | None
    quote: CreditedView | None
    seller: Seller
    buyer: Buyer
    prices_include_vat: bool
    lines: tuple[LineView, ...]
    vat: tuple[VatView, ...]
    net_cents: int
    vat_cents: int
    rounding_cents: int
    total_cents: int
    mentions: tuple[Mention, ...]
    payment_url: str | None
    answer_url: str | None
    invoice_type: InvoiceType
    vat_case: VatCase
    vat_ground: str
    discount_rate: int
    discount_label: str
    discount_cents: int
    deposits_cents: int
    period_start: date | None
    period_end: date | None
    valid_until: date | None
    buyer_reference: str
    contract_reference: str
    delivery: Address | None
    conditions: str
    link_was_replaced: bool = False
    is_duplicate: bool = False
    is_taken_over: bool = False

    @property
    def kinds(self) -> frozenset[SupplyKind]:
        """What is sold: goods, services or both."""
        return frozenset(line.kind for line in self.lines)

    @property
    def asks_for_money(self) -> bool:
        """True for an invoice with something to pay."""
        return self.kind is DocumentKind.INVOICE and self.total_cents > 0


def document_view(document_id: int) -> DocumentView:
    """Read a document of the company entered, draft or issued.

    Raises:
        NotFoundError: this company has none of that id.
    """
    document = db.session.get(Document, document_id)
    if document is None:
        raise NotFoundError
    return view_of(document)


def view_of(document: Document) -> DocumentView:
    """The view of a row already read."""
    return _draft_view(document) if document.state is DocumentState.DRAFT else _issued_view(document)


def _issued_view(document: Document) -> DocumentView:
    assert document.issue_date is not None, "an issued document has a date"
    links = links_of(document.id) if document.kind is DocumentKind.INVOICE else []
    return DocumentView(
        document_id=document.id,
        customer_id=document.customer_id,
        kind=document.kind,
        is_draft=False,
        number=document.number,
        language=document.language,
        issue_date=document.issue_date,
        supply_date=document.supply_date,
        due_date=document.due_date if document.kind is DocumentKind.INVOICE else None,
        issued_at=document.issued_at,
        purchase_order=document.purchase_order,
        note=document.note,
        reason=document.reason,
        credited=_named(document.credits_id),
        quote=_named(document.quote_id),
        seller=read_seller(document.seller),
        buyer=read_buyer(document.buyer),
        prices_include_vat=document.prices_include_vat,
        lines=tuple(_line(line, line.amount_cents) for line in document.lines),
        vat=_by_rate(document.vat_lines),
        net_cents=document.net_cents,
        vat_cents=document.vat_cents,
        rounding_cents=document.rounding_cents,
        total_cents=document.total_cents,
        mentions=read_mentions(document.mentions),
        payment_url=link_url(links[0].token) if links else None,
        link_was_replaced=len(links) > 1,
        answer_url=link_of_quote(document.id) if document.kind is DocumentKind.QUOTE else None,
        discount_cents=sum(row.discount_cents for row in document.vat_lines),
        deposits_cents=_deposits(document.vat_lines),
        is_taken_over=document.is_taken_over,
        **_said(document),
    )


def _draft_view(document: Document) -> DocumentView:
    candidate = candidate_of(document, paris_today())
    totals = candidate.totals
    return DocumentView(
        document_id=document.id,
        customer_id=document.customer_id,
        kind=document.kind,
        is_draft=True,
        number=None,
        language=document.language,
        issue_date=candidate.issue_date,
        supply_date=document.supply_date,
        due_date=candidate.due_date,
        issued_at=None,
        purchase_order=document.purchase_order,
        note=document.note,
        reason=document.reason,
        credited=_named(document.credits_id),
        quote=_named(document.quote_id),
        seller=seller_of(candidate.company, candidate.settings),
        buyer=buyer_of(candidate.customer),
        prices_include_vat=document.prices_include_vat,
        lines=_draft_lines(document.lines, totals.lines),
        vat=_by_rate(totals.vat),
        net_cents=totals.net_cents,
        vat_cents=totals.vat_cents,
        rounding_cents=totals.rounding_cents,
        total_cents=totals.total_cents,
        mentions=mentions_of(candidate) if document.lines else (),
        payment_url=None,
        answer_url=None,
        discount_cents=totals.discount_cents,
        deposits_cents=_deposits(totals.vat),
        **_said(document),
    )


def _said(document: Document) -> dict[str, Any]:
    """What a draft and an issued document say in the same columns."""
    return {**{name: getattr(document, name) for name in _SAID}, "delivery": read_address(document.delivery)}


def _draft_lines(rows: Iterable[DocumentLine], totals: Iterable[LineTotals]) -> tuple[LineView, ...]:
    return tuple(_line(row, amounts.amount_cents) for row, amounts in zip(rows, totals, strict=True))


def _line(row: DocumentLine, amount_cents: int) -> LineView:
    same = {name: getattr(row, name) for name in LineView.__dataclass_fields__ if not name.endswith("_cents")}
    option_cents = line_amount(row) if row.role is LineRole.OPTION else 0
    return LineView(amount_cents=amount_cents, option_cents=option_cents, **same)


def _deposits(rows: Iterable[DocumentVat | VatTotals]) -> int:
    return sum(row.net_cents for row in rows if row.is_deposit)


def _by_rate(rows: Iterable[DocumentVat | VatTotals]) -> tuple[VatView, ...]:
    ordered = sorted(rows, key=lambda row: (-row.rate, row.category, row.ground))
    return tuple(
        VatView(
            rate, sum(row.net_cents for row in members), sum(row.vat_cents for row in members), category, ground,
            sum(row.discount_cents for row in members),
        )
        for (rate, category, ground), members in (
            (key, list(group)) for key, group in groupby(ordered, key=_group_of)
        )
    )  # fmt: skip


def _group_of(row: DocumentVat | VatTotals) -> tuple[int, VatCategory, str]:
    return row.rate, row.category, row.ground


def _named(document_id: int | None) -> CreditedView | None:
    if document_id is None:
        return None
    named = db.session.get_one(Document, document_id)
    assert named.number is not None
    assert named.issue_date is not None
    return CreditedView(named.id, named.number, named.issue_date)
