"""Apprise, behind one door: hands a short text over to an SMS provider or to a chat, and brings back its words.

The only module that imports Apprise, which has no type information. It is imported when something is to be sent.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any, Final

LONGEST_ANSWER: Final = 500
_LOGGER: Final = logging.getLogger("apprise")
# Apprise writes what it sends, and to whom, into its log at the level DEBUG: nothing of that goes into ours.
_LOGGER.propagate = False
_LOGGER.setLevel(logging.WARNING)
_LOGGER.addHandler(logging.NullHandler())
# What it calls with writes the paths of addresses: numbers of customers, and the tokens of some services.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

CLOUD_SCHEMES: Final = frozenset(
    {
        "discord",
        "gchat",
        "msteams",
        "ntfy",
        "pbul",
        "pover",
        "slack",
        "tgram",
        "twilio",
        "whatsapp",
        "workflows",
        "wxteams",
    }
)
"""Services whose servers Apprise knows by itself. An address of any other scheme names its server, which could be one
of the installation's own network."""
MICROSOFT: Final = (".logic.azure.com", ".api.powerplatform.com")
"""Where the flows behind `workflows` live, whose address names its server."""
HARMLESS_OPTIONS: Final = frozenset(
    {
        "footer",
        "format",
        "image",
        "pa",
        "preview",
        "priority",
        "route",
        "silent",
        "sound",
        "thread",
        "topic",
        "ver",
    }
)
"""Options of an address that only say how a text looks. Others read a file or an address and send it (`template`),
choose another server (`mode`, `to`), or keep the worker waiting (`retry`, `wait`, `rto`)."""


@dataclass(frozen=True)
class Handed:
    """Whether the service took the text, and what Apprise said about it."""

    accepted: bool
    words: str


def hand_to_apprise(url: str, text: str) -> Handed:
    """Send a plain text to one Apprise address. Talks over the network: outside transactions only.

    Args:
        url: Apprise's form, such as `twilio://…/33612345678`; may hold secrets, so it is never part of the answer.
        text: what the reader sees; not cut here, whatever a provider's own length is.
    """
    heard = _Heard()
    _LOGGER.addHandler(heard)
    try:
        service = _service(url)
        if service is None:
            return Handed(accepted=False, words="the address is not one that Apprise understands")
        accepted = bool(service.notify(body=text, title="", body_format="text", overflow="upstream"))
    finally:
        _LOGGER.removeHandler(heard)
    return Handed(accepted, "accepted" if accepted else heard.words or "refused without a reason")


def is_apprise_url(url: str) -> bool:
    """True for an address that Apprise understands."""
    return _service(url) is not None


def reaches_beyond_service(url: str) -> bool:
    """True unless the address can reach nothing but a service known to Apprise: it names its server (`json://host`), or
    an option might make this machine read something, call elsewhere or wait."""
    from apprise.plugins import url_to_dict  # noqa: PLC0415  # see `_service`

    # Read as Apprise reads it when it sends: another parser would see other options in an odd address.
    parts: Any = url_to_dict(url)  # type: ignore[no-untyped-call]
    if not parts or parts["schema"] not in CLOUD_SCHEMES:
        return True
    if any(name.lower() not in HARMLESS_OPTIONS for name in parts["qsd"]):
        return True
    if parts["schema"] == "ntfy":
        # `ntfy://topic` is the service, `ntfy://host/topic` a server of somebody's own.
        return bool(parts["mode"] != "cloud")
    return parts["schema"] == "workflows" and not str(parts["host"]).lower().endswith(MICROSOFT)


def _service(url: str) -> Any:
    from apprise import Apprise  # noqa: PLC0415  # a fifth of a second that only who sends waits for

    return Apprise.instantiate(url, suppress_exceptions=True)


class _Heard(logging.Handler):
    """What Apprise warns of in this thread: its only way to say why."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one warning, as one line."""
        if record.thread == self._thread:
            self._said.append(" ".join(record.getMessage().split()))

    @property
    def words(self) -> str:
        """All of them."""
        return " ".join(self._said)[:LONGEST_ANSWER]
