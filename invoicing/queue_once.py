"""Queues the one mail of a row that asks for it (a sending, a receipt), unless it was queued before.

Called by the dispatchers, in their transaction and under the lock of the row: two workers at once make one mail.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select

from core.database import db
from core.mail import Attachment, queue_mail
from core.todo import strike_todo
from invoicing.invoice_mail import InvoiceMail
from invoicing.lifecycle import TodoKind
from invoicing.models import PaymentNotice, Sending


def queue_once(
    kind: TodoKind,
    row: Sending | PaymentNotice,
    made: Select[Any],
    mail: InvoiceMail,
    *,
    reply_to: str,
    sender_name: str,
    attachments: list[Attachment],
) -> int | None:
    """Strike the work off, and queue the mail for the recipients of the row.

    Args:
        kind: of the to-do that led here.
        row: locked; it names the recipients.
        made: finds the mark of a mail that was queued before.
        mail: subject, text and HTML.
        reply_to: where answers go.
        sender_name: shown before the sender's address.
        attachments: stored files.

    Returns:
        The id of the mail, for the caller to mark the row with; None when it has its mail already.
    """
    strike_todo(kind, row.id)
    if db.session.scalars(made).one_or_none() is not None:
        return None
    return queue_mail(
        to=json.loads(row.recipients),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_to=reply_to,
        sender_name=sender_name,
        attachments=attachments,
    ).id
