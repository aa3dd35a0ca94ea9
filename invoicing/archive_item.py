"""Takes an item out of the catalogue, or back in; called by its page. Nothing is deleted: lines name their item."""

from __future__ import annotations

from core.clock import utc_now
from core.event_log import record_event
from invoicing.items import locked_item
from invoicing.models import Item


def archive_item(item_id: int, *, archived: bool = True, actor_id: int | None = None) -> Item:
    """Archive an item, or take it back. One that is there already stays as it is.

    Raises:
        NotFoundError: this company has no such item.
    """
    item = locked_item(item_id)
    if (item.archived_at is not None) == archived:
        return item
    item.archived_at = utc_now() if archived else None
    record_event(
        "item.archived" if archived else "item.taken_back", actor_id=actor_id, subject=("item", item_id)
    )
    return item
