"""Where received messages are kept: one `.eml` file each, written before the sender hears that it was accepted.

The SMTP side adds, the pages read; both run in threads of one process. The folder alone is the truth: it is read again
at each start.
"""

import os
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from core.local_mailbox.parsing import attachments, header, parse, snippet

_FILE_NAME = re.compile(r"([0-9]{8}T[0-9]{12})-[0-9a-f]{6}\.eml")
_MOMENT = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class Delivery:
    """One message as it was received once. `received` is UTC; the recipients are the envelope's, hidden ones too."""

    id: str
    message_id: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    snippet: str
    attachment_names: tuple[str, ...]


@dataclass(frozen=True)
class Mail:
    """All deliveries of one Message-ID, newest first: a sender that got no answer sends the same message again."""

    deliveries: tuple[Delivery, ...]

    @property
    def latest(self) -> Delivery:
        """The delivery that is shown."""
        return self.deliveries[0]

    @property
    def times(self) -> int:
        """How often it was received."""
        return len(self.deliveries)

    @property
    def recipients(self) -> list[str]:
        """Everybody it was delivered to."""
        return sorted({address for delivery in self.deliveries for address in delivery.recipients})


class MailStore:
    """The messages of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._changed = threading.Condition()
        self._deliveries: dict[str, Delivery] = {}
        for path in sorted(folder.glob("*.eml")):
            if _FILE_NAME.fullmatch(path.name):
                self._deliveries[path.stem] = _delivery(path.stem, path.read_bytes())

    def add(self, content: bytes, sender: str, recipients: Sequence[str], client: str) -> Delivery:
        """Keep a message for good; its envelope goes into headers before its own, as mail servers do."""
        received = datetime.now(UTC)
        identity = f"{received.strftime(_MOMENT)}-{secrets.token_hex(3)}"
        raw = _trace_headers(sender, recipients, client, received) + content
        _write_durably(self._folder / f"{identity}.eml", raw)
        delivery = _delivery(identity, raw)
        with self._changed:
            self._deliveries[identity] = delivery
            self._changed.notify_all()
        return delivery

    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first."""
        with self._changed:
            return list(self._deliveries.values())

    def mails(self) -> list[Mail]:
        """Every message once, the newest first."""
        by_message: dict[str, list[Delivery]] = {}
        for delivery in reversed(self.deliveries()):
            by_message.setdefault(delivery.message_id or delivery.id, []).append(delivery)
        return [Mail(tuple(deliveries)) for deliveries in by_message.values()]

    def mail_of(self, identity: str) -> Mail | None:
        """The message that a delivery belongs to."""
        for mail in self.mails():
            if any(delivery.id == identity for delivery in mail.deliveries):
                return mail
        return None

    def raw(self, identity: str) -> bytes | None:
        """The file of a delivery; None when there is no such delivery."""
        with self._changed:
            if identity not in self._deliveries:
                return None
        return (self._folder / f"{identity}.eml").read_bytes()

    def message(self, identity: str) -> EmailMessage | None:
        """The parsed message of a delivery; None when there is no such delivery."""
        raw = self.raw(identity)
        return None if raw is None else parse(raw)

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until there are at least so many deliveries; False when the time is over first."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._deliveries) >= count, seconds)

    def clear(self) -> None:
        """Delete every message."""
        with self._changed:
            for identity in list(self._deliveries):
                (self._folder / f"{identity}.eml").unlink(missing_ok=True)
                del self._deliveries[identity]


def _delivery(identity: str, raw: bytes) -> Delivery:
    message = parse(raw)
    recipients = tuple(str(value).strip() for value in message.get_all("Delivered-To", []))
    return Delivery(
        id=identity,
        message_id=header(message, "Message-ID"),
        received=datetime.strptime(identity.partition("-")[0], _MOMENT).replace(tzinfo=UTC),
        sender=header(message, "From") or header(message, "Return-Path"),
        recipients=recipients,
        subject=header(message, "Subject"),
        snippet=snippet(message),
        attachment_names=tuple(attachment.name for attachment in attachments(message)),
    )


def _trace_headers(sender: str, recipients: Sequence[str], client: str, received: datetime) -> bytes:
    lines = [f"Return-Path: <{sender}>"]
    lines += [f"Delivered-To: {recipient}" for recipient in recipients]
    lines.append(f"Received: from {client} by local-mailbox; {received:%a, %d %b %Y %H:%M:%S +0000}")
    return "".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _write_durably(path: Path, content: bytes) -> None:
    """The whole file is on the disk under its name, or nothing is: a crash loses no accepted message."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
