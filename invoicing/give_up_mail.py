"""Lets a failed mail be: it is tried no more and leaves the list. Called by the page of failed mails."""

from __future__ import annotations

from core.clock import utc_now
from core.database import db
from core.event_log import record_event
from core.mail import MailState
from invoicing.locked_mail import locked_mail
from invoicing.mail_troubles import GIVEN_UP


def give_up_mail(mail_id: int, *, actor_id: int | None = None) -> None:
    """Note that nobody waits for this mail any more; the event log keeps who said so. One that has not failed is left.

    Raises:
        NotFoundError: this company has no such mail.
    """
    mail = locked_mail(mail_id)
    if mail.state is not MailState.FAILED:
        return
    # The list compares it with the event: what fails after this moment is listed again.
    mail.due_at = utc_now()
    db.session.flush()
    record_event(GIVEN_UP, actor_id=actor_id, subject=("mail", mail_id))
