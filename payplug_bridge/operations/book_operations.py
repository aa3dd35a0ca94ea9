"""Book what the reports told, each operation once, in the open transaction. Called after each import and by a sweep.

What a document of ours explains is not booked here. Fees: PayPlug's invoice and its payment out of the wallet. Payouts:
to internal transfers. A dispute of a payment of ours: invoicing's verb. Everything else that moved money (a web shop on
the same account) goes to the waiting account in one entry per Paris day and report round: the journal then reads like
a bank statement that an accountant can match with the shop's daily takings, and a busy shop does not flood it. Should
such money turn out to be ours (its notification came later than the report), the waiting account is emptied of it.

What is not understood is left alone until a person decides (`ids`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select

from accounting.facts import ThirdParty
from accounting.record_wallet import record_wallet
from accounting.wallet_facts import FeeTakenFact, OtherActivityFact, PayoutFact, ProcessorFeeFact
from core.clock import paris_date, paris_today
from core.database import db
from core.tenancy import current_company_id
from payplug_bridge.operations.models import (
    BookingPurpose,
    OperationKind,
    PayplugBooking,
    PayplugOperation,
)
from payplug_bridge.operations.own_money import is_ours, is_recorded
from payplug_bridge.operations.wallet_opening import is_followed

FEE_VAT_RATE: Final = 2000
"""VAT on PayPlug's fees in 1/100 %: 20 %, on the sum of the invoice (practice; should the law change it)."""
SUPPLIER: Final = ThirdParty("PAYPLUG", "PayPlug")
SOURCE_KIND: Final = "payplug_operation"

_FEES = (OperationKind.FEE_INVOICE, OperationKind.DISPUTE_FEE)
_OTHERS = (OperationKind.PAYMENT, OperationKind.REFUND, OperationKind.DISPUTE)


def book_operations(ids: Collection[int] = ()) -> int:
    """Book all that can be booked, and take back what was booked as other activity and is explained now.

    Args:
        ids: operations not understood that a person puts on the waiting account.

    Returns:
        How many operations were booked.
    """
    # Locked in one order, then read again: two that book at once share nothing.
    operations = _locked(~has_booking(), ~is_recorded(), is_followed())
    others: dict[date, list[PayplugOperation]] = defaultdict(list)
    booked = 0
    ours = _ours([operation.id for operation in operations])
    for operation in operations:
        if operation.kind in _FEES:
            booked += _book_fee(operation)
        elif operation.kind is OperationKind.PAYOUT:
            booked += _book_payout(operation)
        elif (operation.kind in _OTHERS and operation.id not in ours) or operation.id in ids:
            others[day_of(operation.happened_at)].append(operation)
    for day, group in sorted(others.items()):
        booked += _book_others(group, day, BookingPurpose.OTHER)
    _take_back()
    return booked


def has_bookable() -> bool:
    """Whether `book_operations` would find something; asked before a transaction is opened for it every minute."""
    new = select(PayplugOperation.id).where(
        ~has_booking(),
        ~is_recorded(),
        is_followed(),
        or_(
            PayplugOperation.kind.in_((*_FEES, OperationKind.PAYOUT)),
            and_(PayplugOperation.kind.in_(_OTHERS), ~is_ours()),
        ),
    )
    explained = select(PayplugOperation.id).where(
        has_booking(BookingPurpose.OTHER), ~has_booking(BookingPurpose.OTHER_BACK), is_recorded()
    )
    return any(db.session.scalars(found.limit(1)).first() is not None for found in (new, explained))


def day_of(happened_at: datetime) -> date:
    """The date of an operation's entry: its day in Paris, never after today (PayPlug's clock may be ahead)."""
    return min(paris_date(happened_at), paris_today())


def reference_of(operation: PayplugOperation) -> str:
    """The reference of the piece in the books (a FEC has no empty one)."""
    return f"PP-{operation.id:06d}"


def source_of(operation: PayplugOperation) -> tuple[str, int]:
    """What an entry of this operation is posted under."""
    return SOURCE_KIND, operation.id


def _book_fee(operation: PayplugOperation) -> int:
    day, reference = day_of(operation.happened_at), reference_of(operation)
    gross = -operation.amount_cents
    invoice = record_wallet(
        ProcessorFeeFact(source_of(operation), day, reference, SUPPLIER, gross, FEE_VAT_RATE)
    )
    taken = record_wallet(FeeTakenFact(source_of(operation), day, reference, SUPPLIER, gross))
    note_booking([operation], BookingPurpose.FEE_INVOICE, invoice)
    note_booking([operation], BookingPurpose.FEE_TAKEN, taken)
    return 1


def _book_payout(operation: PayplugOperation) -> int:
    day = day_of(operation.happened_at)
    entry = record_wallet(
        PayoutFact(source_of(operation), day, reference_of(operation), operation.amount_cents)
    )
    note_booking([operation], BookingPurpose.PAYOUT, entry)
    return 1


def _book_others(group: Sequence[PayplugOperation], day: date, purpose: BookingPurpose) -> int:
    first = group[0]
    total = sum(operation.amount_cents for operation in group)
    if not total:
        # A sale and its refund on one day leave nothing to post together, but each must be seen: one entry each.
        return sum(_book_others([operation], day, purpose) for operation in group)
    fact = OtherActivityFact(
        source_of(first), day, reference_of(first), len(group), total,
        is_taken_back=purpose is BookingPurpose.OTHER_BACK,
    )  # fmt: skip
    note_booking(group, purpose, record_wallet(fact))
    return len(group)


def _take_back() -> None:
    """Empty the waiting account of what a document of ours explains by now: dated today, when that is found out."""
    explained = _locked(
        has_booking(BookingPurpose.OTHER), ~has_booking(BookingPurpose.OTHER_BACK), is_recorded()
    )
    if explained:
        _book_others(explained, paris_today(), BookingPurpose.OTHER_BACK)


def note_booking(
    operations: Iterable[PayplugOperation], purpose: BookingPurpose, entry_id: int | None
) -> None:
    """Write down which entry was posted for these operations."""
    assert entry_id is not None, "an operation has an amount"
    company_id = current_company_id()
    db.session.execute(
        insert(PayplugBooking),
        [
            {
                "company_id": company_id,
                "operation_id": operation.id,
                "purpose": purpose,
                "entry_id": entry_id,
            }
            for operation in operations
        ],
    )


def has_booking(purpose: BookingPurpose | None = None) -> ColumnElement[bool]:
    """SQL: an entry was posted for the operation at hand, for this purpose or for any."""
    booking = exists().where(PayplugBooking.operation_id == PayplugOperation.id)
    return booking if purpose is None else booking.where(PayplugBooking.purpose == purpose)


def _locked(*conditions: ColumnElement[bool]) -> list[PayplugOperation]:
    """The operations of these conditions, locked by id and asked again under the lock."""
    statement = select(PayplugOperation).where(*conditions).order_by(PayplugOperation.id)
    # Not their keys: a dispute that is being recorded refers to its operation while it holds what we wait for.
    locked = db.session.scalars(statement.with_for_update(of=PayplugOperation, key_share=True)).all()
    if not locked:
        return []
    return list(db.session.scalars(statement))


def _ours(ids: list[int]) -> set[int]:
    if not ids:
        return set()
    return set(db.session.scalars(select(PayplugOperation.id).where(~has_booking(), is_ours())))
