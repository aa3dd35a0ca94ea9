"""Files that go along with a document in its mails, or with one mail alone: how rows keep them, and their limits.

The bytes lie in the storage under their hash (`core.files`); a document or a sending names them in a JSON list. They
are chosen in the editor and on the send page; the payment page shows the PDF alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final

from flask import current_app
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.files import StoredFile
from core.mail import Attachment
from core.money import format_scaled, round_half_up_div
from core.settings import Settings
from invoicing.errors import Message, NotFoundError
from invoicing.file_types import media_type_of
from invoicing.input_checks import FieldErrors
from invoicing.models import Document, Sending

MOST_FILES: Final = 10
FIELD: Final = "files"
"""The form's field that errors about attachments stand beside."""


def read_attachments(text: str) -> tuple[Attachment, ...]:
    """The attachments that a row names."""
    return tuple(Attachment(*parts) for parts in json.loads(text))


def attachments_json(attachments: Iterable[Attachment]) -> str:
    """How a row keeps them: sealed with an issued document, so its form never changes."""
    return json.dumps([astuple(attachment) for attachment in attachments], ensure_ascii=False)


def sizes_of(attachments: Iterable[Attachment]) -> dict[str, int]:
    """The size in bytes of each file the company has stored, by its hash; what it has not is left out."""
    digests = {attachment.sha256 for attachment in attachments}
    if not digests:
        return {}
    columns = select(StoredFile.sha256, StoredFile.size_bytes).where(StoredFile.sha256.in_(digests))
    return {row.sha256: row.size_bytes for row in db.session.execute(columns)}


def check_attachments(
    errors: FieldErrors, attachments: tuple[Attachment, ...], *, beside_bytes: int = 0
) -> tuple[Attachment, ...]:
    """Each file once; refused when one is unknown to the company, or when they are too many or too large for a mail.

    Args:
        errors: where it is noted, beside `files`.
        attachments: what is to go along.
        beside_bytes: what goes in the same mail besides.
    """
    once = tuple(dict.fromkeys(attachments))
    sizes = sizes_of(once)
    if any(one.sha256 not in sizes or media_type_of(one.name) != one.media_type for one in once):
        errors.add(FIELD, _l("A file is no longer there. Take it out and attach it again."))
    if len(once) > MOST_FILES:
        errors.add(FIELD, _l("At most %(count)d files go along.", count=MOST_FILES))
    total = beside_bytes + sum(sizes.get(one.sha256, 0) for one in once)
    if total > limits().largest_mail_bytes:
        errors.add(FIELD, too_much(total))
    return once


@dataclass(frozen=True)
class ShownFile:
    """An attachment as pages list it: its name, its hash for the address, its size in words."""

    name: str
    sha256: str
    size: str


def shown_files(attachments: Iterable[Attachment]) -> list[ShownFile]:
    """Attachments for a page."""
    listed = list(attachments)
    sizes = sizes_of(listed)
    return [
        ShownFile(one.name, one.sha256, size_text(sizes[one.sha256]) if one.sha256 in sizes else "")
        for one in listed
    ]


def find_attachment(document: Document, digest: str) -> Attachment:
    """The file of that hash that went along with a document or with one of its mails.

    Raises:
        NotFoundError: none did.
    """
    sendings = select(Sending.attachments).where(Sending.document_id == document.id)
    for text in (document.attachments, *db.session.scalars(sendings)):
        for attachment in read_attachments(text):
            if attachment.sha256 == digest:
                return attachment
    raise NotFoundError(_l("This file does not go along with this document."))


def too_much(total_bytes: int) -> Message:
    """The sentence about files that are too large together for one mail."""
    return _l(
        "Together the files have %(size)s; a mail takes %(most)s. Take some out, or send a link instead.",
        size=size_text(total_bytes),
        most=size_text(limits().largest_mail_bytes),
    )


def limits() -> Settings:
    """The settings of the installation, which hold the limits."""
    settings: Settings = current_app.config["SOLDE"]
    return settings


def size_text(size_bytes: int) -> str:
    """A size as people read it, in their language."""
    if size_bytes < 1_000_000:
        size = format_scaled(max(1, round_half_up_div(size_bytes, 1000)), 0, get_locale())
        return str(gettext("%(size)s KB", size=size))
    size = format_scaled(round_half_up_div(size_bytes, 100_000), 1, get_locale())
    return str(gettext("%(size)s MB", size=size))
