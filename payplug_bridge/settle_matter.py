"""A person takes a matter off the list *To handle*, with a reason; it is kept for ever with who and when."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.clock import utc_now
from core.database import db
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id
from invoicing.input_checks import FieldErrors
from payplug_bridge.models import PayplugDecision

LONGEST_REASON = 500
NO_REASON = _l("Say why: it stays in the history.")


def settle_matter(
    subject: tuple[str, int], trouble: str, *, reason: str, actor_id: int | None = None
) -> PayplugDecision:
    """Note that nothing is left to do about it; in the open transaction. Books and invoices stay as they are.

    Args:
        subject: what the matter is about, as the list named it.
        trouble: what stood against it; the same row with another trouble comes back to the list.
        reason: why nothing is left to do.
        actor_id: who decides.

    Returns:
        The decision; the first one, when two people decide at once.

    Raises:
        InvalidInputError: no reason was given, or a too long one.
    """
    errors = FieldErrors()
    checked = errors.text("reason", reason, LONGEST_REASON, required=NO_REASON)
    errors.raise_if_any()
    key: dict[str, str | int] = {"subject_kind": subject[0], "subject_id": subject[1], "trouble": trouble}
    before = _decision(key)
    if before is not None:
        return before
    now = utc_now()
    values = {"reason": checked, "actor_id": actor_id, "decided_at": now}
    insert_missing(PayplugDecision, company_id=current_company_id(), **key, **values)
    decision = _decision(key)
    assert decision is not None
    if (decision.decided_at, decision.actor_id) == (now, actor_id):  # else somebody was faster
        record_event(
            "payplug.matter_settled", actor_id=actor_id, subject=subject, trouble=trouble, reason=checked
        )
    return decision


def _decision(key: dict[str, str | int]) -> PayplugDecision | None:
    return db.session.scalars(select(PayplugDecision).filter_by(**key)).one_or_none()
