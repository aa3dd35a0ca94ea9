"""Store what PayPlug posts, raw, before anything is made of it; called by the webhook route.

A notification is a trigger, not truth: nothing in its body is believed. The worker reads the payment at PayPlug with
our own key (`process_notifications`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import insert, select

from core.clock import utc_now
from core.database import db, transaction
from core.tenancy import enter_company, unscoped
from core.web.addresses import is_token
from payplug_bridge.models import NotificationState, PayplugEndpoint, PayplugNotification
from payplug_bridge.report_snapshot import is_report_id
from payplug_bridge.snapshots import is_payment_id, is_refund_id

LARGEST_BODY_BYTES: Final = 64 * 1024
_CACHE = "payplug_endpoints"


@dataclass(frozen=True)
class _Read:
    """What a body is about: the payment (or report) to read at PayPlug, or why there is none."""

    resource_id: str = ""
    ignored: str = ""


@dataclass(frozen=True)
class Receipt:
    """How a stored notification was taken: `is_readable` is False for what PayPlug cannot have sent."""

    is_readable: bool
    is_pending: bool


def receive_notification(token: str, body: bytes) -> Receipt | None:
    """Store a notification in a transaction of its own; None when the address was never given to PayPlug.

    When this returns, the row is on disk. The caller wakes `process_notifications` afterwards.
    """
    endpoint = _endpoint(token)
    if endpoint is None:
        return None
    company_id, endpoint_id = endpoint
    read = _read(body)
    now = utc_now()
    enter_company(company_id)
    with transaction() as session:
        # An insert without the unit of work: floods come here, and PayPlug waits for the answer.
        session.execute(
            insert(PayplugNotification),
            [
                {
                    "company_id": company_id,
                    "endpoint_id": endpoint_id,
                    "received_at": now,
                    "body": body,
                    "resource_id": read.resource_id,
                    "state": NotificationState.IGNORED if read.ignored else NotificationState.RECEIVED,
                    "tries": 0,
                    "due_at": now,
                    "outcome": read.ignored,
                }
            ],
        )
    return Receipt(is_readable=not read.ignored.startswith("invalid"), is_pending=not read.ignored)


def _endpoint(token: str) -> tuple[int, int] | None:
    """(company, endpoint) of an address. Kept in memory: the rows never change, and floods come to few of them."""
    cache: dict[str, tuple[int, int]] = current_app.extensions.setdefault(_CACHE, {})
    found = cache.get(token)
    if found is None and is_token(token):
        with unscoped():
            row = db.session.execute(
                select(PayplugEndpoint.company_id, PayplugEndpoint.id).where(PayplugEndpoint.token == token)
            ).one_or_none()
        if row is not None:
            found = cache[token] = (row.company_id, row.id)
    return found


def _read(body: bytes) -> _Read:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return _Read(ignored="invalid_json")
    if not isinstance(data, dict):
        return _Read(ignored="invalid_json")
    kind, resource_id = data.get("object"), data.get("id")
    match kind:
        case "payment":
            return _about(resource_id, is_known=is_payment_id(resource_id))
        case "refund":
            payment_id = data.get("payment_id")
            return _about(payment_id, is_known=is_refund_id(resource_id) and is_payment_id(payment_id))
        case "accounting_report":
            return _about(resource_id, is_known=is_report_id(resource_id))
    # Installment plans: PayPlug's, but nothing that we wait for.
    return _Read(ignored="other_object") if isinstance(kind, str) else _Read(ignored="invalid_object")


def _about(resource_id: object, *, is_known: bool) -> _Read:
    return _Read(resource_id=str(resource_id)) if is_known else _Read(ignored="invalid_id")
