"""Takes a customer out of lists and proposals, or back in. Called by its page; nothing that was written changes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.clock import utc_now
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from invoicing.customers import locked_customer
from invoicing.models import Customer


def archive_customer(customer_id: int, *, archived: bool = True, actor_id: int | None = None) -> Customer:
    """Archive the customer, or take it back with `archived=False`; done twice, nothing happens the second time.

    Raises:
        NotFoundError: there is no such customer.
        ConflictError: it was merged into another: that one is in use now.
    """
    customer = locked_customer(customer_id)
    if customer.merged_into_id is not None:
        raise ConflictError(_l("This customer was merged into another one, which has taken its place."))
    if (customer.archived_at is not None) == archived:
        return customer
    customer.archived_at = utc_now() if archived else None
    db.session.flush()
    kind = "customer.archived" if archived else "customer.unarchived"
    record_event(kind, actor_id=actor_id, subject=("customer", customer.id))
    return customer
