"""PayPlug's accounting report as a frozen value, every field checked; read by `client` from decoded JSON.

`POST /v1/accounting_reports` makes one, in its own time; both fields about the file are null until then (assumed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeGuard
from urllib.parse import urlsplit

from payplug_bridge.errors import NotPayplugId, PayplugUnreadable

_REPORT_ID = re.compile(r"ar_[A-Za-z0-9]{8,64}")
_LATEST_SECOND = 253_402_300_799  # the end of year 9999
_LONGEST_ADDRESS = 4000
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class ReportSnapshot:
    """A report at one moment. `url` is None until its file is there; `available_until` is when it will be gone."""

    id: str
    is_live: bool
    url: str | None
    available_until: datetime | None

    def is_ready(self, now: datetime) -> bool:
        """Whether the file can be fetched."""
        return self.url is not None and not self.has_run_out(now)

    def has_run_out(self, now: datetime) -> bool:
        """Whether the file was there and is gone: it lives 24 hours."""
        return self.available_until is not None and self.available_until <= now


def is_report_id(text: object) -> TypeGuard[str]:
    """True for a syntactically possible id of an accounting report."""
    return isinstance(text, str) and _REPORT_ID.fullmatch(text) is not None


def checked_report_id(text: object) -> str:
    """The id itself, safe to put into an address.

    Raises:
        NotPayplugId: it is anything else.
    """
    if is_report_id(text):
        return text
    raise NotPayplugId


def read_report_object(answer: object) -> ReportSnapshot:
    """Convert a decoded report object.

    Raises:
        PayplugUnreadable: it is not one, or a field has a wrong type.
    """
    if not isinstance(answer, dict) or answer.get("object") != "accounting_report":
        raise PayplugUnreadable("object")
    if not is_report_id(answer.get("id")) or not isinstance(answer.get("is_live"), bool):
        raise PayplugUnreadable("id")
    url, until = answer.get("temporary_url"), answer.get("file_available_until")
    if url is not None and not (isinstance(url, str) and 0 < len(url) <= _LONGEST_ADDRESS):
        raise PayplugUnreadable("temporary_url")
    if until is not None and (type(until) is not int or not 0 <= until <= _LATEST_SECOND):
        raise PayplugUnreadable("file_available_until")
    return ReportSnapshot(
        id=answer["id"],
        is_live=answer["is_live"],
        url=url,
        available_until=None if until is None else datetime.fromtimestamp(until, UTC),
    )


def checked_file_address(url: str, api_url: str) -> str:
    """The address of a report's file, if it may be fetched: https, or the simulator that the API is.

    Raises:
        PayplugUnreadable: any other address; a file of money does not come over an open line.
    """
    try:
        address, api = urlsplit(url), urlsplit(api_url)
        same_place = (address.scheme, address.hostname, address.port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        raise PayplugUnreadable("temporary_url") from None
    is_simulator = same_place and address.hostname in LOOPBACK
    if not address.hostname or address.username or not (address.scheme == "https" or is_simulator):
        raise PayplugUnreadable("temporary_url")
    return url
