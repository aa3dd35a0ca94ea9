"""Has a failed mail of the company tried again. Called by the page of failed mails."""

from __future__ import annotations

from core.event_log import record_event
from core.mail import MailState, retry_mail
from invoicing.locked_mail import locked_mail


def retry_failed_mail(mail_id: int, *, actor_id: int | None = None) -> bool:
    """Queue it again for those who have not accepted it.

    Returns:
        False when it has not failed, or not any more: somebody else was faster.

    Raises:
        NotFoundError: this company has no such mail.
    """
    if locked_mail(mail_id).state is not MailState.FAILED:
        return False
    retry_mail(mail_id)
    record_event("mail.retried", actor_id=actor_id, subject=("mail", mail_id))
    return True
