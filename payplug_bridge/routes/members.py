"""PayPlug for the members of a company: attempts and notifications, checking an invoice."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from core.database import db, transaction
from core.errors import NotFoundError
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.documents import find_issued
from invoicing.models import Document
from payplug_bridge.attempts import attempts_of, may_still_be_paid
from payplug_bridge.check_attempt import check_attempt
from payplug_bridge.errors import CardNotPossible, PayplugError, SimulatorNotAllowed
from payplug_bridge.failures import words_for_failure
from payplug_bridge.matters_of_attempts import waits
from payplug_bridge.models import AttemptState, NotificationState, PaymentAttempt, PayplugNotification
from payplug_bridge.outcomes import words_for_outcome
from payplug_bridge.process_notifications import replay_notification
from payplug_bridge.troubles import words_for
from payplug_bridge.waiting import waiting_for_payplug

blueprint = Blueprint("payplug", __name__, url_prefix="/payplug")

ROWS = 10
"""How many notifications are shown beside the attempts; the inbox has all."""
STATES: dict[NotificationState | None, LazyString] = {
    None: _l("All"),
    NotificationState.RECEIVED: _l("To do"),
    NotificationState.STUCK: _l("Cannot be done"),
    NotificationState.DONE: _l("Done"),
    NotificationState.IGNORED: _l("Ignored"),
}


@blueprint.get("")
@requires(Right.READ)
def activity() -> str:
    """Attempts to pay by card, newest first, and what PayPlug has told us lately."""
    total = db.session.scalar(select(func.count()).select_from(PaymentAttempt)) or 0
    page = Page.of_request(total)
    attempts = db.session.execute(
        select(PaymentAttempt, Document.number)
        .join(Document, Document.id == PaymentAttempt.document_id)
        .order_by(PaymentAttempt.id.desc())
        .limit(page.size)
        .offset(page.offset)
    ).all()
    notifications = db.session.scalars(
        select(PayplugNotification).order_by(PayplugNotification.id.desc()).limit(ROWS)
    ).all()
    return render_template(
        "payplug/activity.html",
        attempts=attempts,
        page=page,
        notifications=notifications,
        trouble_words=words_for,
        waits=waits,
        failure_words=words_for_failure,
        outcome_words=words_for_outcome,
    )


@blueprint.get("/notifications")
@requires(Right.READ)
def inbox() -> str:
    """Every notification, of all states or of one, newest first."""
    known = {state.value: state for state in NotificationState}
    state = known.get(request.args.get("state", ""))
    counted = select(PayplugNotification.state, func.count()).group_by(PayplugNotification.state)
    counts: dict[NotificationState | None, int] = {row[0]: row[1] for row in db.session.execute(counted)}
    counts[None] = sum(counts.values())
    page = Page.of_request(counts.get(state, 0))
    statement = select(PayplugNotification).order_by(PayplugNotification.id.desc())
    if state is not None:
        statement = statement.where(PayplugNotification.state == state)
    return render_template(
        "payplug/inbox.html",
        rows=db.session.scalars(statement.limit(page.size).offset(page.offset)).all(),
        states=[(word and word.value, label, counts.get(word, 0)) for word, label in STATES.items()],
        state=state and state.value,
        page=page,
        outcome_words=words_for_outcome,
    )


@blueprint.get("/notifications/<int:notification_id>")
@requires(Right.READ)
def notification(notification_id: int) -> str:
    """One notification with its raw body, as it was received."""
    row = db.session.get(PayplugNotification, notification_id)
    if row is None:
        raise NotFoundError
    return render_template(
        "payplug/notification.html",
        notification=row,
        outcome=words_for_outcome(row.outcome),
        body=row.body.decode("utf-8", "replace"),
    )


@blueprint.post("/notifications/<int:notification_id>/replay")
@requires(Right.CARDS)
def replay(notification_id: int) -> Response:
    """Do a notification again."""
    with transaction():
        replay_notification(notification_id)
    flash(gettext("The notification will be done again in a moment."), "info")
    return redirect(url_for("payplug.activity"), code=303)


@blueprint.post("/invoices/<int:document_id>/check")
@requires(Right.CARDS)
def check(document_id: int) -> Response:
    """Ask PayPlug how the card payments of an invoice stand."""
    find_issued(document_id)
    asked = [a.id for a in attempts_of(document_id) if _may_have_news(a)]
    try:
        with waiting_for_payplug():
            states = [check_attempt(attempt_id) for attempt_id in asked]
    except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
        flash(str(error), "danger")
        return _back()
    if AttemptState.PAID in states:
        flash(gettext("PayPlug confirms the payment. It is recorded."), "success")
    elif asked:
        flash(gettext("PayPlug has no payment for this invoice yet."), "info")
    else:
        flash(gettext("There is no card payment in progress for this invoice."), "info")
    return _back()


def _may_have_news(attempt: PaymentAttempt) -> bool:
    """Everything but what is paid or was never made: also an aborted one, whose success may have come late."""
    is_known = attempt.payplug_id is not None and attempt.state is not AttemptState.PAID
    return is_known or may_still_be_paid(attempt)


def _back() -> Response:
    """Back to the page the button stood on; only ever a path of our own."""
    path = urlsplit(request.form.get("next") or request.referrer or "").path
    is_ours = path.startswith("/") and not path.startswith("//")
    return redirect(path if is_ours else url_for("payplug.activity"), code=303)
