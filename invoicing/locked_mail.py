"""A mail of the company entered, under lock: the outbox is the installation's, and its rows are not scoped."""

from __future__ import annotations

from sqlalchemy import select

from core.database import lock
from core.mail import OutboxMail
from core.tenancy import current_company_id
from invoicing.errors import NotFoundError


def locked_mail(mail_id: int) -> OutboxMail:
    """The mail of that id.

    Raises:
        NotFoundError: this company has none.
    """
    of_company = OutboxMail.company_id == current_company_id()
    mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id, of_company))
    if mail is None:
        raise NotFoundError
    return mail
