"""Refusals in the API's error format: {"object": "error", "message", "details" nested by field}."""

from __future__ import annotations

from collections.abc import Mapping

Details = Mapping[str, object]


class ApiError(Exception):
    """The API refuses: HTTP status, message, and what is wrong with which field."""

    def __init__(self, status: int, message: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details: Details = details or {}


def error_body(message: str, details: Details, *, leaves_as_lists: bool = False) -> dict[str, object]:
    """Build the error object; leaves of `details` are strings, or lists of one string."""
    shown = _listed(details) if leaves_as_lists else details
    return {"object": "error", "message": message, "details": shown}


def _listed(details: Details) -> dict[str, object]:
    return {key: _listed(leaf) if isinstance(leaf, Mapping) else [leaf] for key, leaf in details.items()}
