"""Which files may go along with a document: known by their name and by what is in them, under a name that is safe.

Only what a customer opens without danger: PDF, pictures, text, and office documents without macros. The older formats
of office programs are refused, because nothing in them says simply whether they hold macros.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import Final

from flask_babel import lazy_gettext as _l

from invoicing.errors import Message

LONGEST_FILE_NAME: Final = 120
EXTENSIONS_SHOWN: Final = "PDF, PNG, JPEG, GIF, WebP, DOCX, XLSX, PPTX, ODT, ODS, ODP, CSV, TXT"
_FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')
_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_MOST_MEMBERS = 20_000
# What Python's reader of archives raises on bytes that are damaged, or made to trip it.
_NO_ARCHIVE = (
    zipfile.BadZipFile, ValueError, RuntimeError, OSError, EOFError, KeyError, zlib.error, LZMAError, struct.error,
)  # fmt: skip
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r"))


class FileRefused(ValueError):
    """A file that may not go along; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class _FileType:
    media_type: str
    fits: Callable[[bytes], bool]


def safe_file_name(name: str) -> str:
    """The name without folders and without what a file system, a header or a reader's eye may be deceived by.

    Control and direction characters go (a name may read backwards, as a PDF that is none), so do dots at either end.
    """
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    # Once more: an accent may stand beside its letter now that what was between them is gone.
    kept = unicodedata.normalize("NFC", kept)
    clean = " ".join(_FORBIDDEN_IN_NAMES.sub("-", kept).split()).strip(". ")
    stem, dot, extension = clean.rpartition(".")
    if not dot:
        return clean[:LONGEST_FILE_NAME]
    return f"{stem[: LONGEST_FILE_NAME - len(extension) - 1].rstrip('. ')}.{extension.lower()}"


def media_type_of(name: str) -> str | None:
    """The media type that goes with a name's ending; None when no such file may go along."""
    found = _TYPES.get(_extension(name))
    return None if found is None else found.media_type


def checked_type(name: str, content: bytes) -> str:
    """The media type of a file.

    Args:
        name: as `safe_file_name` gives it.
        content: all of it.

    Raises:
        FileRefused: the ending is none of those allowed, or the content is something else.
    """
    found = _TYPES.get(_extension(name))
    if found is None:
        raise FileRefused(
            _l(
                "%(name)s: this kind of file is not sent. Allowed are %(kinds)s.",
                name=name,
                kinds=EXTENSIONS_SHOWN,
            )
        )
    if not content:
        raise FileRefused(_l("%(name)s is empty.", name=name))
    if not found.fits(content):
        raise FileRefused(
            _l(
                "%(name)s is not what its name says, or holds macros. Save it again in one of the formats allowed.",
                name=name,
            )
        )
    return found.media_type


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name.strip(".") else ""


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


def _is_pdf(content: bytes) -> bool:
    # Readers accept the mark within the first kilobyte (ISO 32000, implementation note 13).
    return b"%PDF-" in content[:1024] and not _is_markup(content)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_markup(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _is_text(content: bytes) -> bool:
    """Text of an 8-bit encoding or UTF-8; nothing that a browser would take for a page."""
    return len(content.translate(None, _CONTROLS)) == len(content) and not _is_markup(content)


def _is_ooxml(folder: str) -> Callable[[bytes], bool]:
    def fits(content: bytes) -> bool:
        names = _members(content)
        has_macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names)
        is_kind = any(name.startswith(f"{folder}/") for name in names)
        return "[Content_Types].xml" in names and is_kind and not has_macros

    return fits


def _is_odf(kind: str) -> Callable[[bytes], bool]:
    def fits(content: bytes) -> bool:
        names = _members(content)
        has_macros = any(name.startswith(("Basic/", "Scripts/")) for name in names)
        return "mimetype" in names and not has_macros and _mimetype(content) == f"{_ODF}.{kind}"

    return fits


def _members(content: bytes) -> list[str]:
    """The names in an archive, which are read without unpacking any; none when it is no archive."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except _NO_ARCHIVE:
        return []
    return names if len(names) <= _MOST_MEMBERS and content.startswith(b"PK\x03\x04") else []


def _mimetype(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive, archive.open("mimetype") as member:
            return member.read(100).decode("ascii", "replace").strip()
    except _NO_ARCHIVE:
        return ""


_TYPES: Final[dict[str, _FileType]] = {
    "pdf": _FileType("application/pdf", _is_pdf),
    "png": _FileType("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": _FileType("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": _FileType("image/jpeg", _begins(b"\xff\xd8\xff")),
    "gif": _FileType("image/gif", _begins(b"GIF87a", b"GIF89a")),
    "webp": _FileType("image/webp", _is_webp),
    "docx": _FileType(f"{_OOXML}.wordprocessingml.document", _is_ooxml("word")),
    "xlsx": _FileType(f"{_OOXML}.spreadsheetml.sheet", _is_ooxml("xl")),
    "pptx": _FileType(f"{_OOXML}.presentationml.presentation", _is_ooxml("ppt")),
    "odt": _FileType(f"{_ODF}.text", _is_odf("text")),
    "ods": _FileType(f"{_ODF}.spreadsheet", _is_odf("spreadsheet")),
    "odp": _FileType(f"{_ODF}.presentation", _is_odf("presentation")),
    "csv": _FileType("text/csv", _is_text),
    "txt": _FileType("text/plain", _is_text),
}
