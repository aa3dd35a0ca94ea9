"""What was collected on invoices, by VAT rate and day: for the status "encaissée", e-reporting, totals of payments.

Of each invoice the collected part per rate is, after every event, G_r × P / T: G_r its total incl. VAT of the rate less
its own credit notes, T their sum, P what payments and credits from elsewhere settled of it, at most T. An event (a
payment, its being taken back, a credit note after payment) makes a row of what it changed; so rows add up to the cent,
and VAT on collection moves by the same rule (`accounting.vat_on_collection`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from accounting.facts import SupplyKind, VatRegime
from core.database import db
from core.money import round_half_up_div, round_to_sum
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType
from invoicing.models import Document, DocumentVat
from invoicing.parties import Buyer, read_buyer
from invoicing.payments import Payment, PaymentMethod, Settlement

_AT_ONCE = 200


class VatPart(NamedTuple):
    """A part of a document: its rate (1/100 %), and whether its VAT falls due when it is paid."""

    rate: int
    on_collection: bool


@dataclass(frozen=True)
class CollectedRow:
    """What one event changed of what is collected on one invoice.

    Attributes:
        day: on which it happened.
        method: how the money came; None when a credit note did it.
        reference: the number of that credit note; empty for payments.
        cents: by part, VAT included; below zero when it went back. Their sum is never zero throughout.
    """

    day: date
    invoice_id: int
    number: str
    issue_date: date
    buyer: Buyer
    payment_id: int | None
    method: PaymentMethod | None
    reference: str
    cents: Mapping[VatPart, int]

    @property
    def total_cents(self) -> int:
        """All parts."""
        return sum(self.cents.values())


def collected_rows(starts_on: date, ends_on: date) -> Iterator[CollectedRow]:
    """The rows of these days, invoice by invoice; no more than some hundred invoices are in memory."""
    after = 0
    while ids := _touched_after(after, starts_on, ends_on):
        after = ids[-1]
        yield from _rows_of(ids, starts_on, ends_on)


def count_touched(starts_on: date, ends_on: date, most: int) -> int:
    """How many invoices have rows in these days, at most about; counting stops just above `most`."""
    found = _touched(0, starts_on, ends_on).limit(most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def _touched_after(after: int, starts_on: date, ends_on: date) -> list[int]:
    statement = _touched(after, starts_on, ends_on)
    return list(db.session.scalars(statement.order_by(statement.selected_columns.invoice_id).limit(_AT_ONCE)))


def _touched(after: int, starts_on: date, ends_on: date) -> Select[int]:
    """The invoices after that one with a settlement or credit note in these days."""
    settled = select(Settlement.invoice_id).where(
        Settlement.invoice_id > after,
        Settlement.write_off_id.is_(None),
        Settlement.settled_on.between(starts_on, ends_on),
    )
    credited = select(Document.credits_id).where(
        Document.credits_id > after,
        Document.kind == DocumentKind.CREDIT_NOTE,
        Document.state == DocumentState.ISSUED,
        Document.issue_date.between(starts_on, ends_on),
    )
    found = settled.union(credited).subquery()
    return select(found.c.invoice_id)


class _Event(NamedTuple):
    """In the order in which they count: credit notes of a day before its settlements."""

    day: date
    rank: int
    id: int
    payment_id: int | None
    method: PaymentMethod | None
    reference: str
    settled_cents: int
    credited: Mapping[VatPart, int]


def _rows_of(ids: list[int], starts_on: date, ends_on: date) -> Iterator[CollectedRow]:
    invoices = {row.id: row for row in db.session.scalars(select(Document).where(Document.id.in_(ids)))}
    parts = _parts(ids)
    events: dict[int, list[_Event]] = defaultdict(list)
    for invoice_id, event in (*_credit_events(ids, ends_on), *_settlement_events(ids, ends_on)):
        events[invoice_id].append(event)
    for id_ in ids:
        yield from _walk(invoices[id_], parts.get(id_, Counter()), sorted(events[id_]), starts_on)


def _walk(
    invoice: Document, gross: Counter[VatPart], events: Iterable[_Event], starts_on: date
) -> Iterator[CollectedRow]:
    gross, paid, before = Counter(gross), 0, Counter[VatPart]()
    changes: dict[tuple[date, int | None, str], Counter[VatPart]] = {}
    causes: dict[tuple[date, int | None, str], _Event] = {}
    for event in events:
        paid += event.settled_cents
        gross.subtract(event.credited)
        now = split_by_part(gross, paid)
        if event.day >= starts_on:
            key = (event.day, event.payment_id, event.reference)
            causes.setdefault(key, event)
            change = changes.setdefault(key, Counter())
            for part in now.keys() | before.keys():
                change[part] += now[part] - before[part]
        before = now
    assert invoice.number is not None
    assert invoice.issue_date is not None
    for key, change in changes.items():
        cents = {part: change[part] for part in sorted(change, reverse=True) if change[part]}
        if cents:
            cause = causes[key]
            yield CollectedRow(
                cause.day, invoice.id, invoice.number, invoice.issue_date, read_buyer(invoice.buyer),
                cause.payment_id, cause.method, cause.reference, cents,
            )  # fmt: skip


def split_by_part(gross: Mapping[VatPart, int], paid_cents: int) -> Counter[VatPart]:
    """What is collected of each part when so much was paid of their sum; the sum is exact, more than all is all."""
    total = sum(gross.values())
    if total <= 0:
        return Counter()
    paid = max(0, min(paid_cents, total))
    keys = sorted(gross, reverse=True)
    shares = [gross[key] * paid for key in keys]
    return Counter(
        dict(zip(keys, round_to_sum(shares, total, round_half_up_div(sum(shares), total)), strict=True))
    )


def _parts(ids: list[int]) -> dict[int, Counter[VatPart]]:
    """Totals incl. VAT by part of these documents; a rounding of the total goes to the largest part."""
    found: dict[int, Counter[VatPart]] = defaultdict(Counter)
    rows = db.session.execute(
        select(
            DocumentVat.document_id,
            DocumentVat.rate,
            DocumentVat.kind,
            Document.regime,
            Document.invoice_type,
            func.sum(DocumentVat.net_cents + DocumentVat.vat_cents),
        )
        .join(Document, Document.id == DocumentVat.document_id)
        .where(DocumentVat.document_id.in_(ids))
        .group_by(
            DocumentVat.document_id,
            DocumentVat.rate,
            DocumentVat.kind,
            Document.regime,
            Document.invoice_type,
        )
    )
    for document_id, rate, kind, regime, invoice_type, cents in rows:
        waits = invoice_type is InvoiceType.DEPOSIT or (
            kind is SupplyKind.SERVICE and regime is VatRegime.COLLECTION
        )
        found[document_id][VatPart(rate, bool(rate) and waits)] += int(cents)
    rounded = select(Document.id, Document.rounding_cents).where(
        Document.id.in_(ids), Document.rounding_cents != 0
    )
    for document_id, cents in db.session.execute(rounded):
        of_document = found[document_id]
        if of_document:
            of_document[max(of_document, key=lambda part: (of_document[part], part))] += cents
    return found


def _credit_events(ids: list[int], ends_on: date) -> list[tuple[int, _Event]]:
    notes = db.session.execute(
        select(Document.id, Document.credits_id, Document.issue_date, Document.number).where(
            Document.credits_id.in_(ids),
            Document.kind == DocumentKind.CREDIT_NOTE,
            Document.state == DocumentState.ISSUED,
            Document.issue_date <= ends_on,
        )
    ).all()
    parts = _parts([note.id for note in notes])
    found = []
    for id_, credits_id, day, number in notes:
        assert credits_id is not None
        assert day is not None
        event = _Event(day, 0, id_, None, None, number or "", 0, parts.get(id_, Counter()))
        found.append((credits_id, event))
    return found


def _settlement_events(ids: list[int], ends_on: date) -> list[tuple[int, _Event]]:
    """Settlements by payments, and by credit notes of other invoices; its own are in the totals already.

    What was written off is no money; its parts are in proportion, so the others' proportions stand.
    """
    is_own = and_(Document.id == Settlement.credit_note_id, Document.credits_id == Settlement.invoice_id)
    rows = db.session.execute(
        select(Settlement, Payment.method, Document.number)
        .outerjoin(Payment, Payment.id == Settlement.payment_id)
        .outerjoin(Document, Document.id == Settlement.credit_note_id)
        .where(
            Settlement.invoice_id.in_(ids),
            Settlement.settled_on <= ends_on,
            Settlement.write_off_id.is_(None),
            or_(Settlement.credit_note_id.is_(None), ~is_own),
        )
    )
    found = []
    for settlement, method, number in rows:
        assert settlement.invoice_id is not None
        sign = 1 if settlement.undoes_id is None else -1
        event = _Event(
            settlement.settled_on, 1, settlement.id, settlement.payment_id, method, number or "",
            sign * settlement.amount_cents, {},
        )  # fmt: skip
        found.append((settlement.invoice_id, event))
    return found
