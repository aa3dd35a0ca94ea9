"""The catalogue: items made and changed by `save_item`, found by id, by code, or by a few letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from accounting.sales_accounts import ensure_sales_account
from core.database import db, lock
from core.event_log import record_event
from core.versions import count_save, is_changed
from invoicing.errors import InvalidInputError, Message, NotFoundError
from invoicing.item_input import ItemInput, checked_item, plain_code
from invoicing.models import Item
from invoicing.search_text import folded, has_word_beginning, has_words

_COPIED = (
    "label",
    "description",
    "kind",
    "unit",
    "unit_price",
    "price_includes_vat",
    "vat_rate",
    "vat_ground",
    "sales_account",
)


def save_item(
    given: ItemInput,
    *,
    item_id: int | None = None,
    version: int | None = None,
    actor_id: int | None = None,
) -> Item:
    """Make an item, or change the one named. Lines have copied it: no document changes.

    A form sent twice is harmless: a new item whose request key exists returns the earlier one unchanged.

    Args:
        given: what was typed.
        item_id: the item to change; None makes a new one.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        InvalidInputError: naming every field that is wrong.
        OutdatedError: the item was saved since that version, and says something else.
        NotFoundError: `item_id` names no item of this company.
    """
    checked = checked_item(given)
    if item_id is None:
        earlier = _find_by_request(checked.request_key)
        if earlier is not None:
            return earlier
        _refuse_taken_code(checked.code)
        item = Item(request_key=checked.request_key)
        _write(item, checked)
        db.session.add(item)
    else:
        item = locked_item(item_id)
        _refuse_taken_code(checked.code, item_id)
        with db.session.no_autoflush:
            _write(item, checked)
            if not is_changed():
                return item
            count_save(item, version)
    db.session.flush()
    if item.sales_account:
        ensure_sales_account(item.sales_account)
    kind = "item.created" if item_id is None else "item.changed"
    record_event(kind, actor_id=actor_id, subject=("item", item.id))
    return item


def _write(item: Item, checked: ItemInput) -> None:
    for name in _COPIED:
        setattr(item, name, getattr(checked, name))
    item.code = checked.code or None
    item.search_text = folded(checked.code, checked.label, checked.description)


def _refuse_taken_code(code: str, item_id: int | None = None) -> None:
    holder = _with_code(code)
    if holder is None or holder.id == item_id:
        return
    message: Message = _l("“%(label)s” already has this code. Choose another one.", label=holder.label)
    if holder.archived_at is not None:
        message = _l(
            "“%(label)s” in the archive has this code. Choose another one, or take it back from the archive.",
            label=holder.label,
        )
    raise InvalidInputError({"code": message})


def locked_item(item_id: int) -> Item:
    """The item of that id, locked.

    Raises:
        NotFoundError: this company has none.
    """
    item = lock(select(Item).where(Item.id == item_id))
    if item is None:
        raise NotFoundError(_l("This item does not exist."))
    return item


def find_item(item_id: int) -> Item:
    """The item of that id.

    Raises:
        NotFoundError: this company has none.
    """
    item = db.session.get(Item, item_id)
    if item is None:
        raise NotFoundError(_l("This item does not exist."))
    return item


def find_by_code(code: str) -> Item | None:
    """The item with that code, whatever its capitals; none that is archived."""
    item = _with_code(plain_code(code))
    return item if item is not None and item.archived_at is None else None


def _with_code(code: str) -> Item | None:
    return db.session.scalars(select(Item).where(Item.code == code)).one_or_none() if code else None


def _find_by_request(request_key: str | None) -> Item | None:
    if request_key is None:
        return None
    return db.session.scalars(select(Item).where(Item.request_key == request_key)).one_or_none()


def search_items(text: str = "", *, archived: bool = False, limit: int = 50, offset: int = 0) -> list[Item]:
    """Items whose code, label or description has all words of the text, accents forgiven: those with a word that begins
    so first, then in order of label.
    """
    order = [has_word_beginning(Item.search_text, text).desc()] if text else []
    found = _matching(text, archived=archived).order_by(*order, Item.label, Item.id)
    return list(db.session.scalars(found.limit(limit).offset(offset)))


def count_items(text: str = "", *, archived: bool = False) -> int:
    """How many items `search_items` would find in all."""
    return (
        db.session.scalar(select(func.count()).select_from(_matching(text, archived=archived).subquery()))
        or 0
    )


def _matching(text: str, *, archived: bool) -> Select[Item]:
    is_archived = Item.archived_at.is_not(None) if archived else Item.archived_at.is_(None)
    return select(Item).where(is_archived, has_words(Item.search_text, text))
