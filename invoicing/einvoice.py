"""The e-invoice of a document before it is XML: what it is made from, which rules bind it, and its coded answers.

Made from the draft and what issue adds to it, so that it stands before a number is taken. `facturx_xml` writes it,
`gate_einvoice` checks it. BT-… and BG-… are the terms of EN 16931; codes and rules: EN 16931, XP Z12-012 (BR-FR-…).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from accounting.facts import SupplyKind, VatRegime
from core.database import db
from invoicing.candidate import Candidate
from invoicing.customers import contacts_of
from invoicing.freeze_document import FrozenPart
from invoicing.legal_mentions import taxed_kinds
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.models import CustomerKind, Document, DocumentLine, EinvoiceRules
from invoicing.parties import Buyer
from invoicing.vat import LineTotals, VatTotals, counts
from invoicing.vat_cases import Ground, ground_of
from invoicing.vat_categories import VatCategory
from invoicing.vat_rates import FRENCH_RATES

PLATFORM: Final = "0225"
"""Scheme of an address on a French platform: the SIREN, alone or with a suffix."""
MAIL: Final = "EM"
_RATES_OF_FRANCE: Final = frozenset(row.rate for row in FRENCH_RATES)


class WhyRules(StrEnum):
    """What decides the set of rules: who the buyer is, where, or a rate of VAT that is none of France's."""

    FRENCH = "french"
    INDIVIDUAL = "individual"
    ABROAD = "abroad"
    OWN_RATE = "own_rate"

    @property
    def rules(self) -> EinvoiceRules:
        """The rules that follow."""
        return EinvoiceRules.FRENCH if self is WhyRules.FRENCH else EinvoiceRules.EUROPEAN


@dataclass(frozen=True)
class Preceding:
    """An earlier document that this one names (BG-3): the invoice it credits, a deposit it deducts."""

    number: str
    issue_date: date


@dataclass(frozen=True)
class VatGroup:
    """One row of the breakdown (BG-23): rate in 1/100 %, cents, and why no VAT is charged where none is."""

    category: VatCategory
    rate: int
    net_cents: int
    vat_cents: int
    discount_cents: int
    ground: Ground | None


@dataclass(frozen=True)
class Einvoice:
    """What the e-invoice of a document is made from.

    Attributes:
        document: the draft with its lines; nothing of it is read that issue changes.
        frozen: what issue adds.
        seller_address: on its platform (BT-34).
        buyer_mail: of an individual or a customer abroad, for want of an address on a platform; may be empty.
        preceding: what it names, in order.
    """

    document: Document
    frozen: FrozenPart
    seller_address: str
    buyer_mail: str = ""
    preceding: tuple[Preceding, ...] = ()

    @property
    def is_credit(self) -> bool:
        """True for a credit note."""
        return self.document.kind is DocumentKind.CREDIT_NOTE

    @property
    def asks_for_money(self) -> bool:
        """True for an invoice with something to pay: it has a payment link."""
        return not self.is_credit and self.frozen.totals.total_cents > 0

    @property
    def why_rules(self) -> WhyRules:
        """What decides the rules it must keep."""
        return why_rules(self.frozen.buyer, (row.rate for row in self.frozen.totals.vat))

    @property
    def lines(self) -> list[tuple[int, DocumentLine, LineTotals]]:
        """The lines that have amounts, with their places on the form."""
        pairs = zip(self.document.lines, self.frozen.totals.lines, strict=True)
        return [(index, line, totals) for index, (line, totals) in enumerate(pairs) if counts(line)]

    @property
    def vat(self) -> list[VatGroup]:
        """The breakdown: one row per category and rate, as the totals have them in order."""
        groups: dict[tuple[VatCategory, int], list[VatTotals]] = {}
        for row in self.frozen.totals.vat:
            groups.setdefault((row.category, row.rate), []).append(row)
        return [self._group(category, rate, rows) for (category, rate), rows in groups.items()]

    def _group(self, category: VatCategory, rate: int, rows: list[VatTotals]) -> VatGroup:
        return VatGroup(
            category,
            rate,
            sum(row.net_cents for row in rows),
            sum(row.vat_cents for row in rows),
            sum(row.discount_cents for row in rows),
            ground_of(self.document.vat_case, rows[0]),
        )

    @property
    def type_code(self) -> str:
        """BT-3 (UNTDID 1001). A credit note is 381 whatever it credits."""
        if self.is_credit:
            return "381"
        return "386" if self.document.invoice_type is InvoiceType.DEPOSIT else "380"

    @property
    def frame(self) -> str:
        """BT-23 (BR-FR-08): B, S or M for goods, services or both; 4 for a final invoice after deposits, else 1.

        The digit of a credit note is 1 whatever it credits (assumed).
        """
        kinds = {line.kind for _, line, _ in self.lines}
        letter = "M" if len(kinds) > 1 else "B" if SupplyKind.GOODS in kinds else "S"
        is_final = not self.is_credit and self.document.invoice_type is InvoiceType.FINAL
        return f"{letter}{4 if is_final else 1}"

    @property
    def treatment(self) -> str:
        """The note BAR (BR-FR-20): how a platform treats it. A public body is B2B like a business (assumed).

        A rate of VAT that is none of France's takes it out of the French circuit, which refuses it (BR-FR-16).
        """
        buyer = self.frozen.buyer
        if buyer.kind is CustomerKind.INDIVIDUAL:
            return "B2C"
        if buyer.country != "FR":
            return "B2BINT"
        return "B2B" if self.why_rules is WhyRules.FRENCH else "OUTOFSCOPE"

    @property
    def vat_due(self) -> str | None:
        """BT-8: `payment` for VAT due on collection, `invoice` for the option for debits; None where neither says it.

        As the books have it: VAT of deposits is due on payment (CGI art. 269, 2 a bis and c). With goods and services
        on one document, the services decide, for they are what is declared on collection (assumed); goods alone
        follow their delivery and need no code.
        """
        kinds = taxed_kinds(self.frozen.totals.vat)
        if not kinds:
            return None
        if self.document.invoice_type is InvoiceType.DEPOSIT:
            return "payment"
        if SupplyKind.SERVICE not in kinds:
            return None
        return "invoice" if self.frozen.regime is VatRegime.DEBITS else "payment"

    @property
    def buyer_address(self) -> tuple[str, str] | None:
        """BT-49 and its scheme: on the platform for a French business or public body, else an e-mail address."""
        buyer = self.frozen.buyer
        if is_on_platform(buyer):
            address = buyer.einvoice_address.strip() or buyer.siren
            return (address, PLATFORM) if address else None
        return (self.buyer_mail, MAIL) if self.buyer_mail else None


def why_rules(buyer: Buyer, rates: Iterable[int]) -> WhyRules:
    """What decides which rules bind a document: those of France its businesses and public bodies, EN 16931 all others.

    Args:
        buyer: the customer on the document.
        rates: of VAT on it, 1/100 %; one that is none of France's leaves EN 16931 alone.
    """
    if buyer.kind is CustomerKind.INDIVIDUAL:
        return WhyRules.INDIVIDUAL
    if buyer.country != "FR":
        return WhyRules.ABROAD
    return WhyRules.FRENCH if _RATES_OF_FRANCE.issuperset(rates) else WhyRules.OWN_RATE


def is_on_platform(buyer: Buyer) -> bool:
    """Whether the buyer receives e-invoices on a French platform."""
    return buyer.kind is not CustomerKind.INDIVIDUAL and buyer.country == "FR"


def einvoice_of_draft(candidate: Candidate, frozen: FrozenPart) -> Einvoice:
    """The e-invoice of a draft about to be issued; deposits it deducts are named."""
    return Einvoice(
        document=candidate.document,
        frozen=frozen,
        seller_address=candidate.settings.einvoice_address.strip() or candidate.company.siren,
        buyer_mail=buyer_mail(frozen.buyer, candidate.document.customer_id),
        preceding=_deposits(candidate.document),
    )


def buyer_mail(buyer: Buyer, customer_id: int) -> str:
    """The e-mail address of a customer that no platform reaches: its first contact that receives invoices, or empty."""
    if is_on_platform(buyer):
        return ""
    reached = (contact.email for contact in contacts_of(customer_id) if contact.receives_invoices)
    return next(filter(None, reached), "")


def _deposits(document: Document) -> tuple[Preceding, ...]:
    ids = {line.deposit_id for line in document.lines if line.deposit_id is not None}
    if not ids:
        return ()
    named = select(Document.number, Document.issue_date).where(Document.id.in_(ids)).order_by(Document.id)
    return tuple(
        Preceding(number, day)
        for number, day in db.session.execute(named)
        if number is not None and day is not None
    )
