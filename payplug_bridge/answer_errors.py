"""What an error of the library or of the line says: PayPlug's words and fields, or whether anything was done.

Used by `payplug_bridge.client` alone, which knows the library's own exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from payplug_bridge.errors import PayplugUnconfirmed, PayplugUnreachable


def complaint_of(error: Any) -> tuple[str, tuple[str, ...]]:
    """PayPlug's message and the names of the fields it is about; the values are left behind."""
    try:
        body = error.error_object
    except (TypeError, ValueError, RecursionError):
        return "", ()
    if not isinstance(body, dict):
        return "", ()
    message = body.get("message")
    return message if isinstance(message, str) else "", tuple(_field_names(body.get("details")))


def _field_names(details: object, prefix: str = "") -> Iterator[str]:
    if not isinstance(details, dict):
        return
    for key, inner in details.items():
        name = f"{prefix}{key}"[:80]
        if isinstance(inner, dict):
            yield from _field_names(inner, f"{name}.")
        else:
            yield name


def without_answer(error: Exception | None) -> PayplugUnconfirmed:
    """Never connected means never done; a connection that broke or fell silent later says nothing."""
    reason = getattr(error.args[0], "reason", None) if error is not None and error.args else None
    never_connected = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, never_connected):
        return PayplugUnreachable("unreachable")
    if isinstance(error, requests.Timeout):
        return PayplugUnconfirmed("timeout")
    return PayplugUnconfirmed("connection")
