"""What a message says: its headers in clear, its bodies, its attachments. Used by the store and the pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

_SNIPPET = 140
_TAGS = re.compile(r"<(style|script|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message; `index` is its place among them, `size` in bytes."""

    index: int
    name: str
    content_type: str
    content: bytes

    @property
    def size(self) -> int:
        """Bytes after decoding."""
        return len(self.content)


def parse(raw: bytes) -> EmailMessage:
    """The message in a file."""
    return message_from_bytes(raw, policy=policy.default)


def header(message: EmailMessage, name: str) -> str:
    """A header in clear, blank when it is absent or too broken to be read."""
    try:
        return str(message.get(name, "")).strip()
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""


def all_headers(message: EmailMessage) -> list[tuple[str, str]]:
    """All headers in their order, as they were sent."""
    return [(name, str(value)) for name, value in message.raw_items()]


def text_body(message: EmailMessage) -> str:
    """The text part, blank when there is none."""
    return _body(message, "plain")


def html_body(message: EmailMessage) -> str:
    """The HTML part, blank when there is none."""
    return _body(message, "html")


def attachments(message: EmailMessage) -> list[Attachment]:
    """The files that came with the message; pictures inside the HTML part are not among them."""
    return [
        Attachment(index, part.get_filename() or f"{index + 1}", part.get_content_type(), _content(part))
        for index, part in enumerate(_attached_parts(message))
    ]


def inline_part(message: EmailMessage, content_id: str) -> tuple[str, bytes] | None:
    """Type and bytes of the part that the HTML calls `cid:content_id`."""
    for part in message.walk():
        if str(part.get("Content-ID", "")).strip("<> ") == content_id:
            return part.get_content_type(), _content(part)
    return None


def snippet(message: EmailMessage) -> str:
    """The first words of the message, on one line."""
    text = text_body(message) or _TAGS.sub(" ", html_body(message))
    words = " ".join(text.split())
    return words if len(words) <= _SNIPPET else words[: _SNIPPET - 1].rstrip() + "…"


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body(preferencelist=(kind,))
    except (KeyError, AttributeError, ValueError):
        return ""
    if part is None:
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return _content(cast(EmailMessage, part)).decode(charset, "replace")
    except LookupError:
        return _content(cast(EmailMessage, part)).decode("utf-8", "replace")


def _attached_parts(message: EmailMessage) -> Iterator[EmailMessage]:
    if message.is_multipart() and message.get_content_type() != "multipart/alternative":
        yield from message.iter_attachments()


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
