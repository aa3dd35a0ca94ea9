"""What a person decides about an SMS that did not arrive: try it again, or let it be. Called by the page of failed
mails and by the document's page.
"""

from __future__ import annotations

from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock
from core.event_log import record_event
from core.sms import OutboxSms, SmsState, retry_sms
from core.tenancy import current_company_id
from invoicing.errors import NotFoundError
from invoicing.sms_status import GIVEN_UP


def decide_on_sms(sms_id: int, *, again: bool, actor_id: int | None = None) -> bool:
    """Queue a failed SMS again, or wait for it no more; the event log keeps who said so.

    Returns:
        False when it has not failed, or not any more: somebody else was faster.

    Raises:
        NotFoundError: this company has no such SMS.
    """
    of_company = OutboxSms.company_id == current_company_id()
    sms = lock(select(OutboxSms).where(OutboxSms.id == sms_id, of_company))
    if sms is None:
        raise NotFoundError
    if sms.state is not SmsState.FAILED:
        return False
    if again:
        retry_sms(sms_id)
    else:
        # The list compares it with the event: what fails after this moment is listed again.
        sms.due_at = utc_now()
        db.session.flush()
    record_event("sms.retried" if again else GIVEN_UP, actor_id=actor_id, subject=("sms", sms_id))
    return True
