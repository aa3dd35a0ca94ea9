"""What giving up a part of an invoice would do: which amount may be, the VAT in it, the fact for the books. Read-only.

`write_off` does it under the invoice's lock; pages show it before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import CollectionState, Share
from accounting.receivable_facts import WriteOffFact
from accounting.vat_on_collection import due_vat
from core.clock import paris_today
from core.database import db
from core.money import format_cents, round_half_up_div
from invoicing.balances import DocumentBalance, balance_of
from invoicing.deposit_uses import is_advance
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import invoice_key, third_party, waiting_vat
from invoicing.legal_mentions import WORDINGS, MentionCode, read_mentions
from invoicing.lifecycle import DocumentState
from invoicing.models import Document, DocumentVat
from invoicing.parties import read_buyer
from invoicing.receivables import WriteOff, WriteOffKind, WriteOffVat
from invoicing.settings import invoicing_settings

NOTHING_TO_GIVE_UP = _l(
    "This deposit is booked when it is paid: what is not paid of it is in no account. Credit the deposit invoice"
    " instead."
)


@dataclass(frozen=True)
class WriteOffInput:
    """A part of an invoice that somebody wants to give up.

    Attributes:
        amount_cents: VAT included, at most what is open.
        written_on: the business day, not in the future and not before the invoice.
        takes_vat_back: of a discount, that the price is lower for VAT too; of a loss, that VAT which was due already is
            taken back. VAT that still waits never falls due on what is lost.
        reason: kept in the history.
        request_key: makes a form sent twice one write-off.
    """

    invoice_id: int
    kind: WriteOffKind
    amount_cents: int
    written_on: date
    takes_vat_back: bool = True
    reason: str = ""
    request_key: str | None = None
    recorded_by_id: int | None = None


@dataclass(frozen=True)
class VatPart:
    """VAT inside a write-off at one rate (1/100 %)."""

    vat_rate: int
    is_waiting: bool
    cents: int


@dataclass(frozen=True)
class WriteOffPlan:
    """A write-off that may be done; `state` is where the invoice will stand for VAT on collection, if it does."""

    invoice: Document
    given: WriteOffInput
    reduces_price: bool
    vat: tuple[VatPart, ...]
    state: CollectionState | None

    @property
    def net_cents(self) -> int:
        """What remains as a cost."""
        return self.given.amount_cents - sum(part.cents for part in self.vat)

    def fact(self, write_off_id: int) -> WriteOffFact:
        """The write-off of that id, told to the ledger."""
        assert self.invoice.number is not None
        return WriteOffFact(
            source=("write_off", write_off_id),
            kind=self.given.kind,
            written_on=self.given.written_on,
            number=self.invoice.number,
            third_party=third_party(read_buyer(self.invoice.buyer)),
            share=Share(invoice_key(self.invoice.id), self.given.amount_cents),
            vat_cents=vat_by_rate((part.vat_rate, part.cents) for part in self.vat),
            collection=() if self.state is None else (self.state,),
        )


def vat_by_rate(parts: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Cents per rate, the higher rate first, from (rate, cents) pairs."""
    cents: dict[int, int] = defaultdict(int)
    for rate, part in parts:
        cents[rate] += part
    return tuple(sorted(cents.items(), reverse=True))


def plan_write_off(invoice: Document, given: WriteOffInput) -> WriteOffPlan:
    """What the write-off will do. A verb holds the invoice's lock.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    balance = balance_of(invoice.id)
    _check(invoice, given, balance)
    before = _before(invoice, balance)
    reduces = given.kind is WriteOffKind.LOSS or (
        given.kind is WriteOffKind.DISCOUNT and given.takes_vat_back
    )
    vat: list[VatPart] = []
    if reduces:
        vat += _parts(before.waiting, given.amount_cents, before.total, is_waiting=True)
        if given.takes_vat_back:
            due = _vat_that_was_due(invoice, before.waiting)
            vat += _parts(due, given.amount_cents, before.total, is_waiting=False)
    return WriteOffPlan(
        invoice, given, reduces, tuple(vat), _state_after(given, before, vat, reduces=reduces)
    )


class _Before(NamedTuple):
    """Where the invoice stands for VAT: its total less notes and reductions, what was collected, the VAT that waits."""

    total: int
    collected: int
    waiting: Mapping[int, int]


def _before(invoice: Document, balance: DocumentBalance) -> _Before:
    total = balance.total_cents - balance.credited_cents - balance.reduced_cents
    collected = balance.paid_cents - balance.given_back_cents + balance.absorbed_cents
    return _Before(total, collected, waiting_vat(invoice))


def _check(invoice: Document, given: WriteOffInput, balance: DocumentBalance) -> None:
    errors = FieldErrors()
    if is_advance(invoice):
        errors.add("amount_cents", NOTHING_TO_GIVE_UP)
    elif given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.amount_cents > balance.open_cents:
        errors.add("amount_cents", _l("This is more than what is still due."))
    elif given.kind is WriteOffKind.DIFFERENCE:
        limit = invoicing_settings().difference_limit_cents
        if given.amount_cents > limit:
            errors.add(
                "amount_cents",
                _l(
                    "A small difference is at most %(amount)s; the settings of invoicing say so.",
                    amount=format_cents(limit, get_locale()),
                ),
            )
    check_day(errors, "written_on", given.written_on, invoice)
    errors.text("reason", given.reason, 255)
    errors.raise_if_any()


def check_day(errors: FieldErrors, field: str, day: date, invoice: Document) -> None:
    """A business day of a decision about an invoice: not in the future, not before the invoice."""
    if errors.day(field, day) is None:
        return
    if day > paris_today():
        errors.add(field, _l("The date lies in the future. Choose today or an earlier day."))
    elif invoice.issue_date is not None and day < invoice.issue_date:
        errors.add(field, _l("The date lies before the invoice."))


def _parts(vat: Mapping[int, int], cents: int, total: int, *, is_waiting: bool) -> list[VatPart]:
    """The VAT of these cents of the total: what the cumulated rounding leaves to the rest is not theirs, so that the
    last part takes all that is left."""
    rest = due_vat(vat, total - cents, total)
    return [VatPart(rate, is_waiting, vat[rate] - rest[rate]) for rate in vat if vat[rate] > rest[rate]]


def _vat_that_was_due(invoice: Document, waiting: Mapping[int, int]) -> dict[int, int]:
    """VAT per rate that fell due with the invoice, less credit notes and what was taken back before."""
    rows = db.session.execute(
        select(DocumentVat.rate, DocumentVat.vat_cents, Document.id)
        .join(Document, Document.id == DocumentVat.document_id)
        .where(
            (Document.id == invoice.id) | (Document.credits_id == invoice.id),
            Document.state == DocumentState.ISSUED,
            DocumentVat.rate > 0,
        )
    )
    due: dict[int, int] = defaultdict(int)
    for rate, vat_cents, document_id in rows:
        due[rate] += vat_cents if document_id == invoice.id else -vat_cents
    for rate, cents in _given_up(invoice.id).items():
        due[rate] -= cents
    for rate, cents in waiting.items():
        due[rate] -= cents
    return {rate: cents for rate, cents in due.items() if cents > 0}


def _given_up(invoice_id: int) -> dict[int, int]:
    """VAT per rate in the write-offs that stand, whether it waited or not."""
    rows = db.session.execute(
        select(WriteOffVat.vat_rate, WriteOffVat.vat_cents, WriteOff.undoes_id)
        .join(WriteOff, WriteOff.id == WriteOffVat.write_off_id)
        .where(WriteOff.invoice_id == invoice_id)
    )
    cents: dict[int, int] = defaultdict(int)
    for rate, vat_cents, undoes_id in rows:
        cents[rate] += vat_cents if undoes_id is None else -vat_cents
    return cents


def _state_after(
    given: WriteOffInput, before: _Before, vat: list[VatPart], *, reduces: bool
) -> CollectionState | None:
    if not before.waiting:
        return None
    total = before.total - (given.amount_cents if reduces else 0)
    collected = before.collected + (0 if reduces else given.amount_cents)
    gone = {part.vat_rate: part.cents for part in vat if part.is_waiting}
    left = tuple((rate, cents - gone.get(rate, 0)) for rate, cents in before.waiting.items())
    return CollectionState(invoice_key(given.invoice_id), total, min(collected, total), left)


def says_discount(invoice: Document) -> bool:
    """True for an invoice that offers an early-payment discount: it may lower the VAT without a credit note."""
    none = {
        text
        for wording in WORDINGS
        if wording.code is MentionCode.DISCOUNT
        for text in (wording.fr, wording.en)
    }
    said = [m.text for m in read_mentions(invoice.mentions) if m.code is MentionCode.DISCOUNT]
    return any(text not in none for text in said)


def discount_wanted_cents(invoice: Document, balance: DocumentBalance, last_paid_on: date | None) -> int:
    """What is open when it is no more than the early-payment discount and the payment came in time; else 0."""
    settings = invoicing_settings()
    if not settings.discount_rate or last_paid_on is None or invoice.issue_date is None:
        return 0
    total = balance.total_cents - balance.credited_cents
    most = round_half_up_div(total * settings.discount_rate, 10_000)
    in_time = last_paid_on <= invoice.issue_date + timedelta(days=settings.discount_days)
    return balance.open_cents if in_time and 0 < balance.open_cents <= most else 0
