"""Sends a customer the statement of its account. Called by its page, which has drawn the PDF before the transaction."""

from __future__ import annotations

import json

from sqlalchemy import select

from core.database import db, lock
from core.event_log import record_event
from core.files import register_file
from core.mail import Attachment, queue_mail
from invoicing.account_statement import StatementView
from invoicing.account_statement_pdf import statement_mail, statement_name
from invoicing.account_statement_sendings import AccountStatementSending
from invoicing.errors import InvalidInputError
from invoicing.models import Customer
from invoicing.render_pdf import MEDIA_TYPE
from invoicing.send_invoice import proposed_recipients
from invoicing.send_to_contacts import NO_RECIPIENT


def send_account_statement(
    view: StatementView, *, digest: str, size_bytes: int, request_key: str, actor_id: int | None = None
) -> AccountStatementSending:
    """Send the statement to the contacts that receive invoices; the same `request_key` sends once.

    Args:
        digest, size_bytes: of its PDF, which is stored already.

    Raises:
        InvalidInputError: the customer has no address to send to.
    """
    lock(select(Customer).where(Customer.id == view.customer_id))
    earlier = db.session.scalars(
        select(AccountStatementSending).where(AccountStatementSending.request_key == request_key)
    ).one_or_none()
    if earlier is not None:
        return earlier
    recipients = list(proposed_recipients(view.customer_id))
    if not recipients:
        raise InvalidInputError({"recipients": NO_RECIPIENT})
    register_file(digest, size_bytes, MEDIA_TYPE)
    written = statement_mail(view)
    mail = queue_mail(
        to=recipients,
        subject=written.subject,
        text=written.text,
        html=written.html,
        reply_to=view.seller.email,
        sender_name=view.seller.name,
        attachments=[Attachment(statement_name(view), digest, MEDIA_TYPE)],
    )
    sending = AccountStatementSending(
        customer_id=view.customer_id,
        first_day=view.first_day,
        last_day=view.last_day,
        recipients=json.dumps(recipients),
        request_key=request_key,
        mail_id=mail.id,
        sent_by_id=actor_id,
    )
    db.session.add(sending)
    db.session.flush()
    record_event(
        "customer.statement_sent", actor_id=actor_id, subject=("customer", view.customer_id),
        first_day=view.first_day, last_day=view.last_day,
    )  # fmt: skip
    return sending
