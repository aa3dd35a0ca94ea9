"""The two fields of a form that takes files: those attached so far, each with its box, and more to add.

What was received stays attached while the rest of the form is mended: its hash travels in the page, and a verb accepts
only hashes of files that the company has stored.
"""

from __future__ import annotations

import re
from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput

from core.database import commit_once
from core.files import put_bytes, register_file
from core.mail import Attachment
from core.web.forms import choices
from invoicing.attachments import MOST_FILES, limits, size_text, sizes_of
from invoicing.file_types import EXTENSIONS_SHOWN, FileRefused, checked_type, media_type_of, safe_file_name

_DIGEST = re.compile(r"[0-9a-f]{64}")


class AttachedField(SelectMultipleField):
    """The files attached so far; a box that is unticked takes its file out."""

    def __init__(self, label: LazyString, **kwargs: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, option_widget=CheckboxInput(), **kwargs)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is ticked. What cannot be ours is left out: nobody gets it by our pages."""
        return tuple(found for code in self.data or () if (found := _of_code(code)) is not None)

    def show(self, attachments: tuple[Attachment, ...]) -> None:
        """Offer these, all ticked."""
        sizes = sizes_of(attachments)
        labels = [
            (
                _code_of(one),
                f"{one.name} · {size_text(sizes[one.sha256])}" if one.sha256 in sizes else one.name,
            )
            for one in dict.fromkeys(attachments)
        ]
        self.choices = choices(labels)
        self.data = [code for code, _label in labels]


class FilesField(MultipleFileField):
    """Files to add; its hint says what may be sent."""

    def __init__(self, label: LazyString, **kwargs: Any) -> None:
        super().__init__(label, description=LazyString(_hint), **kwargs)


def _hint() -> str:
    return str(
        gettext(
            "%(kinds)s. At most %(file)s a file, %(mail)s in all.",
            kinds=EXTENSIONS_SHOWN,
            file=size_text(limits().largest_file_bytes),
            mail=size_text(limits().largest_mail_bytes),
        )
    )


def _code_of(attachment: Attachment) -> str:
    return f"{attachment.sha256}:{attachment.name}"


def _of_code(code: str) -> Attachment | None:
    digest, _between, name = code.partition(":")
    media_type = media_type_of(name)
    if not _DIGEST.fullmatch(digest) or media_type is None or safe_file_name(name) != name:
        return None
    return Attachment(name, digest, media_type)


def receive_files(attached: AttachedField, files: FilesField) -> None:
    """Store what was sent and tick it among the attached; what is refused stands beside the field of files.

    Opens a transaction of its own: the bytes are in the storage before a row names them, and a form that is refused for
    another reason does not lose them.
    """
    uploads: list[FileStorage] = files.data or []
    received: list[tuple[Attachment, int]] = []
    refusals: list[str] = []
    for upload in uploads[: MOST_FILES + 1]:
        try:
            received.append(_stored(upload))
        except FileRefused as refused:
            refusals.append(str(refused))
    if received:
        commit_once(lambda: _register(received))
    attached.show((*attached.attachments, *(one for one, _size in received)))
    # Validation keeps these and forgets `errors`.
    files.process_errors = [*files.process_errors, *refusals]
    files.errors = list(files.process_errors)


def _register(received: list[tuple[Attachment, int]]) -> None:
    for one, size_bytes in received:
        register_file(one.sha256, size_bytes, one.media_type)


def _stored(upload: FileStorage) -> tuple[Attachment, int]:
    name = safe_file_name(upload.filename or "")
    most = limits().largest_file_bytes
    content = upload.stream.read(most + 1)
    upload.stream.seek(0)
    if len(content) > most:
        raise FileRefused(
            _l("%(name)s is too large: a file may have %(most)s.", name=name, most=size_text(most))
        )
    media_type = checked_type(name, content)
    return Attachment(name, put_bytes(content), media_type), len(content)
