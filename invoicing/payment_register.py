"""The list of money received in any period with its totals: each payment, and each time some of it went back.

It is what the anti-fraud law asks of invoicing software instead of daily closings (CGI art. 286 I 3 bis;
BOI-TVA-DECLA-30-10-30 §50): on request the total of the payments recorded for any period, and a total since the
beginning that is never set back. Nothing is left out: what was cancelled, refunded or disputed stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from accounting.models import SIGNED_CENTS, Account, EntryLine, JournalEntry
from core.database import db
from invoicing.collected import CollectedRow
from invoicing.models import Customer
from invoicing.payments import Payment, PaymentMethod, PaymentReversal
from invoicing.refunds import DisputeWin, Refund, RefundKind

_AT_ONCE = 1_000


class MoveKind(StrEnum):
    """What moved money."""

    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"


@dataclass(frozen=True)
class MoneyMove:
    """One row. `cents` is below zero when money went back; `payment_id` is the payment it is about."""

    day: date
    kind: MoveKind
    payment_id: int
    method: PaymentMethod
    reference: str
    customer_number: str
    customer: str
    cents: int
    recorded_at: datetime


@dataclass(frozen=True)
class MethodTotal:
    """What one means brought in, and what of it went back, in a period. Cents, both above zero."""

    method: PaymentMethod
    count: int
    received_cents: int
    back_cents: int

    @property
    def net_cents(self) -> int:
        """What is left."""
        return self.received_cents - self.back_cents


@dataclass(frozen=True)
class RegisterTotals:
    """Totals of a period. `grand_received_cents` and `grand_back_cents`: since the beginning, up to its end."""

    methods: tuple[MethodTotal, ...]
    move_count: int
    grand_received_cents: int
    grand_back_cents: int

    @property
    def received_cents(self) -> int:
        """All that came in."""
        return sum(total.received_cents for total in self.methods)

    @property
    def back_cents(self) -> int:
        """All that went back."""
        return sum(total.back_cents for total in self.methods)

    @property
    def net_cents(self) -> int:
        """What is left of the period."""
        return self.received_cents - self.back_cents


@dataclass(frozen=True)
class TreasuryTotal:
    """What the entries of these moves did to one treasury account. Cents, a debit above zero."""

    account_id: int
    number: str
    label: str
    cents: int


def register_totals(starts_on: date, ends_on: date) -> RegisterTotals:
    """Totals by means of these days, and since the beginning."""
    moves = _moves(None, ends_on)
    is_inside = moves.c.day >= starts_on
    came, went = _sum(moves, 1), _sum(moves, -1)
    rows = db.session.execute(
        select(
            moves.c.method,
            func.sum(case((is_inside, 1), else_=0)),
            _sum(moves, 1, is_inside),
            _sum(moves, -1, is_inside),
            came,
            went,
        ).group_by(moves.c.method)
    ).all()
    by_method = {row[0]: row for row in rows}
    totals = [
        MethodTotal(method, int(by_method[method][1]), int(by_method[method][2]), int(by_method[method][3]))
        for method in PaymentMethod
        if method in by_method and by_method[method][1]
    ]
    return RegisterTotals(
        tuple(totals),
        sum(total.count for total in totals),
        sum(int(row[4]) for row in rows),
        sum(int(row[5]) for row in rows),
    )


def money_moves(
    starts_on: date, ends_on: date, *, limit: int | None = None, offset: int = 0
) -> Iterator[MoneyMove]:
    """The moves of these days in order, read a thousand at a time."""
    while limit is None or limit > 0:
        size = _AT_ONCE if limit is None else min(limit, _AT_ONCE)
        rows = _page(starts_on, ends_on, size, offset)
        yield from rows
        if len(rows) < size:
            return
        offset += size
        limit = None if limit is None else limit - size


def treasury_totals(starts_on: date, ends_on: date) -> list[TreasuryTotal]:
    """What the ledger says of the same moves, by treasury account.

    By the date of the piece: money of a closed period is posted later, under its true date. What the bank charges for
    a payment that it sent back is no money of a customer.
    """
    cents = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(Account.id, Account.number, Account.label, cents)
        .select_from(JournalEntry)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(
            JournalEntry.entry_date >= starts_on,
            JournalEntry.piece_date.between(starts_on, ends_on),
            JournalEntry.source_kind.in_(["payment", "payment_reversal", "refund", "dispute_win"]),
            JournalEntry.purpose != "bank_fee",
            Account.number.like("5%"),
        )
        .group_by(Account.id, Account.number, Account.label)
        .order_by(Account.number)
    )
    return [TreasuryTotal(id_, number, label, int(total)) for id_, number, label, total in rows]


def _page(starts_on: date, ends_on: date, limit: int, offset: int) -> list[MoneyMove]:
    moves = _moves(starts_on, ends_on)
    found = (
        select(moves).order_by(moves.c.day, moves.c.recorded_at, moves.c.id).limit(limit).offset(offset)
    ).subquery()
    rows = db.session.execute(
        select(found, Customer.number.label("customer_number"), Customer.first_name, Customer.name)
        .join(Payment, Payment.id == found.c.payment_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .order_by(found.c.day, found.c.recorded_at, found.c.id)
    )
    return [
        MoneyMove(
            row.day,
            MoveKind(row.move),
            row.payment_id,
            row.method,
            row.reference,
            row.customer_number,
            f"{row.first_name} {row.name}".strip(),
            int(row.cents),
            row.recorded_at,
        )
        for row in rows
    ]


def _moves(starts_on: date | None, ends_on: date) -> Subquery:
    """Payments and what came back of them, as one table: each part reads along the index of its days."""
    is_dispute = Refund.kind == RefundKind.DISPUTE
    parts: list[Select[*tuple[Any, ...]]] = [
        select(
            Payment.id.label("id"),
            Payment.paid_on.label("day"),
            literal(MoveKind.PAYMENT.value).label("move"),
            Payment.id.label("payment_id"),
            Payment.method.label("method"),
            Payment.reference.label("reference"),
            Payment.amount_cents.label("cents"),
            Payment.recorded_at.label("recorded_at"),
        ).where(*_between(Payment.paid_on, starts_on, ends_on)),
        select(
            PaymentReversal.id,
            PaymentReversal.reversed_on,
            literal(MoveKind.REVERSAL.value),
            Payment.id,
            Payment.method,
            PaymentReversal.reason,
            -PaymentReversal.amount_cents,
            PaymentReversal.recorded_at,
        )
        .join(Payment, Payment.id == PaymentReversal.payment_id)
        .where(*_between(PaymentReversal.reversed_on, starts_on, ends_on)),
        select(
            Refund.id,
            Refund.refunded_on,
            case((is_dispute, MoveKind.DISPUTE.value), else_=MoveKind.REFUND.value),
            Payment.id,
            Payment.method,
            Refund.reference,
            -Refund.amount_cents,
            Refund.recorded_at,
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .where(*_between(Refund.refunded_on, starts_on, ends_on)),
        select(
            DisputeWin.id,
            DisputeWin.won_on,
            literal(MoveKind.DISPUTE_WON.value),
            Payment.id,
            Payment.method,
            DisputeWin.reference,
            DisputeWin.amount_cents,
            DisputeWin.recorded_at,
        )
        .join(Refund, Refund.id == DisputeWin.refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(*_between(DisputeWin.won_on, starts_on, ends_on)),
    ]
    return union_all(*parts).subquery()


def _between(day: InstrumentedAttribute[date], starts_on: date | None, ends_on: date) -> list[Any]:
    return [day <= ends_on] if starts_on is None else [day.between(starts_on, ends_on)]


def _sum(moves: Subquery, side: int, condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """The cents that came in (side 1) or went back (-1), above zero."""
    signed = side * moves.c.cents
    counts = signed > 0 if condition is None else and_(condition, signed > 0)
    return func.coalesce(func.sum(case((counts, signed), else_=0)), 0)


def rate_totals(rows: Iterable[CollectedRow]) -> Counter[int]:
    """Collected cents by VAT rate (1/100 %)."""
    totals: Counter[int] = Counter()
    for row in rows:
        for part, cents in row.cents.items():
            totals[part.rate] += cents
    return totals
