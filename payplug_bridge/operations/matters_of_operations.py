"""What the reports leave to a person: activity of others on the account (one line), rows that are not understood,
disputes that could not be recorded, reports that are not to be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from accounting.chart import account_for
from accounting.roles import AccountRole
from core.database import db
from core.web.rights import Right
from payplug_bridge.matters import Action, Matter, Source, is_undecided
from payplug_bridge.models import PayplugDecision
from payplug_bridge.operations.book_operations import has_booking
from payplug_bridge.operations.models import (
    BookingPurpose,
    OperationKind,
    PayplugBooking,
    PayplugOperation,
    PayplugReport,
    ReportState,
)
from payplug_bridge.operations.own_money import is_ours
from payplug_bridge.operations.wallet_opening import is_followed
from payplug_bridge.operations.words import words_for_reason
from payplug_bridge.trouble_words import title_of

OTHERS: Final = "other_activity"
OPERATION: Final = "payplug_operation"
REPORT: Final = "payplug_report"
UNKNOWN: Final = "unknown_operation"
DISPUTE: Final = "dispute_to_record"
MISSING: Final = "report_missing"


def _others() -> Select[Any]:
    """Bookings on the waiting account that no document explains and that nobody has looked at: a decision is about the
    latest booking of its time, and so about all before it."""
    back = aliased(PayplugBooking)
    decided = select(func.coalesce(func.max(PayplugDecision.subject_id), 0)).where(
        PayplugDecision.subject_kind == OTHERS
    )
    return select(PayplugBooking).where(
        PayplugBooking.purpose == BookingPurpose.OTHER,
        PayplugBooking.id > decided.scalar_subquery(),
        ~exists().where(
            back.operation_id == PayplugBooking.operation_id, back.purpose == BookingPurpose.OTHER_BACK
        ),
    )


def _open_operations() -> Select[Any]:
    """Operations that nothing books by itself."""
    is_lost_dispute = (PayplugOperation.kind == OperationKind.DISPUTE) & is_ours()
    return select(PayplugOperation).where(
        ~has_booking(), is_followed(), or_(PayplugOperation.kind == OperationKind.UNKNOWN, is_lost_dispute)
    )


def _missing_reports() -> Select[Any]:
    return select(PayplugReport).where(
        PayplugReport.state == ReportState.REFUSED,
        is_undecided(REPORT, PayplugReport.id.expression, literal(MISSING)),
    )


def _count() -> int:
    has_others = db.session.scalars(_others().with_only_columns(PayplugBooking.id).limit(1)).first()
    counted = (
        db.session.scalar(statement.with_only_columns(func.count())) or 0
        for statement in (_open_operations(), _missing_reports())
    )
    return (has_others is not None) + sum(counted)


def _matters() -> Iterator[Matter]:
    yield from _of_others()
    for operation in db.session.scalars(_open_operations().order_by(PayplugOperation.id)):
        yield _of_operation(operation)
    for report in db.session.scalars(_missing_reports().order_by(PayplugReport.id)):
        yield _of_report(report)


def _of_others() -> Iterator[Matter]:
    row = db.session.execute(
        _others()
        .join(PayplugOperation, PayplugOperation.id == PayplugBooking.operation_id)
        .with_only_columns(
            func.max(PayplugBooking.id),
            func.count(),
            func.min(PayplugBooking.booked_at),
            func.sum(PayplugOperation.amount_cents),
        )
    ).one()
    latest, count, since, cents = row
    if not count:
        return
    account = account_for(AccountRole.SUSPENSE)
    yield Matter(
        subject=(OTHERS, latest),
        trouble=OTHERS,
        icon="bank",
        title=title_of(OTHERS),
        happened=ngettext(
            "%(num)d payment or refund on your PayPlug account belongs to none of your invoices here: a web shop, "
            "perhaps. It stands on the account %(account)s until it is booked where it belongs.",
            "%(num)d payments and refunds on your PayPlug account belong to none of your invoices here: a web shop, "
            "perhaps. They stand on the account %(account)s until they are booked where they belong.",
            count,
            account=f"{account.number} {account.label}",
        ),
        since=since,
        amount_cents=int(cents),
        not_booked=f"{account.number} {account.label}",
        actions=(
            Action(
                _l("Look at the account"), url_for("accounts.ledger", account_id=account.id), "book", right=Right.BOOKS
            ),
        ),
    )  # fmt: skip


def _of_operation(operation: PayplugOperation) -> Matter:
    is_unknown = operation.kind is OperationKind.UNKNOWN
    wallet = Action(_l("PayPlug wallet"), url_for("wallet.index"), "bank", right=Right.BOOKS)
    waiting = Action(
        _l("Put on the waiting account"),
        url_for("wallet.put_on_waiting_account", operation_id=operation.id),
        "ledger",
        is_post=True,
        right=Right.BOOKS,
    )
    return Matter(
        subject=(OPERATION, operation.id),
        trouble=UNKNOWN if is_unknown else DISPUTE,
        icon="help" if is_unknown else "dispute",
        title=_l("A line of PayPlug’s report is not understood")
        if is_unknown
        else _l("A dispute is not recorded yet"),
        happened=_l(
            "PayPlug calls it “%(word)s”. Look it up in the PayPlug portal; on the waiting account it can be booked "
            "where it belongs later.",
            word=operation.type_text or "–",
        )
        if is_unknown
        else _l(
            "PayPlug’s report tells of a dispute of one of your payments that could not be recorded, because the "
            "payment was cancelled here or the dispute was never told. Compare both with the PayPlug portal."
        ),
        since=operation.happened_at,
        amount_cents=operation.amount_cents,
        not_booked=_l("Not booked"),
        actions=(waiting, wallet) if is_unknown else (wallet,),
        can_be_settled=False,
    )


def _of_report(report: PayplugReport) -> Matter:
    return Matter(
        subject=(REPORT, report.id),
        trouble=MISSING,
        icon="file",
        title=title_of(MISSING),
        happened=_l(
            "PayPlug’s report is missing: %(reason)s Without it, fees and payouts are not in the books.",
            reason=words_for_reason(report.reason) or _l("PayPlug has not made it yet."),
        ),
        since=report.requested_at,
        actions=(Action(_l("Accounting reports"), url_for("wallet.reports"), "download", right=Right.BOOKS),),
    )


SOURCE: Final = Source(_count, _matters)
