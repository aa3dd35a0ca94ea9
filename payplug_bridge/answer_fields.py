"""Fields of PayPlug's decoded answers, each checked for absence, null and type. Read by `snapshots`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from payplug_bridge.errors import PayplugUnreadable

_LATEST_SECOND = 253_402_300_799  # the end of year 9999
MOST_CENTS = 10**15  # what a column holds; no payment comes near

T = TypeVar("T")
JsonObject = Mapping[str, Any]


def object_of(answer: object, what: str) -> dict[str, Any]:
    """The answer as an object.

    Raises:
        PayplugUnreadable: it is none; `what` names it.
    """
    if not isinstance(answer, dict):
        raise PayplugUnreadable(what)
    return answer


def required(body: JsonObject, key: str, kind: type[T]) -> T:
    """A field that must be there.

    Raises:
        PayplugUnreadable: it is absent, null or of another type.
    """
    value = optional(body, key, kind)
    if value is None:
        raise PayplugUnreadable(key)
    return value


def optional(body: JsonObject, key: str, kind: type[T]) -> T | None:
    """A field that may be absent or null.

    Raises:
        PayplugUnreadable: it is of another type.
    """
    value = body.get(key)
    if value is None:
        return None
    # In Python a bool is an int; in JSON `true` is no amount.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise PayplugUnreadable(key)
    return value


def cents_of(body: JsonObject, key: str) -> int | None:
    """An amount in cents, which may be absent or null.

    Raises:
        PayplugUnreadable: it is no amount.
    """
    cents = optional(body, key, int)
    if cents is not None and not 0 <= cents <= MOST_CENTS:
        raise PayplugUnreadable(key)
    return cents


def instant_of(body: JsonObject, key: str) -> datetime | None:
    """An instant told in Unix seconds, which may be absent or null.

    Raises:
        PayplugUnreadable: it is none.
    """
    seconds = optional(body, key, int)
    if seconds is None:
        return None
    if not 0 <= seconds <= _LATEST_SECOND:
        raise PayplugUnreadable(key)
    return datetime.fromtimestamp(seconds, UTC)
