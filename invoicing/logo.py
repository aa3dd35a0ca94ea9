"""A company's logo in the storage: put there once, read by the hash that its documents name.

Used by the settings, by the PDF, which takes pictures from its own text alone, and by the routes that serve a logo.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import structlog
from flask import Response, current_app

from core.files import DamagedFileError, put_bytes, read_bytes
from invoicing.errors import NotFoundError

log = structlog.get_logger(__name__)

MOST_BYTES: Final = 5 * 1024 * 1024
"""What an uploaded picture may weigh."""
LARGEST_LOGO_BYTES: Final = 1_000_000
"""No logo is heavier once it is drawn anew: three bytes for each dot of its box, and its head."""

_PNG = b"\x89PNG"


@dataclass(frozen=True)
class LogoPicture:
    """A logo as it is stored; `media_type` is that of PNG or JPEG."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class LogoFile:
    """A logo whose bytes are in the storage; size in bytes."""

    sha256: str
    size_bytes: int
    media_type: str


def store_logo(upload: bytes) -> LogoFile:
    """Make a logo of an uploaded picture and put it into the storage; outside any transaction.

    Raises:
        InvalidInputError: on `logo`: it is no picture that could be one.
    """
    from invoicing.logo_picture import logo_picture  # noqa: PLC0415

    logo = logo_picture(upload)
    return LogoFile(put_bytes(logo.content), len(logo.content), logo.media_type)


def read_logo(sha256: str) -> LogoPicture:
    """The logo of that hash.

    Raises:
        DamagedFileError: the storage holds other bytes than were stored.
        FileNotFoundError: the storage has lost it.
    """
    return _kept(current_app.config["SOLDE"].files_url, sha256)


def logo_address(sha256: str) -> str:
    """A `data:` address with the logo in it; empty when there is none.

    Raises:
        DamagedFileError: the storage holds other bytes than were stored.
        FileNotFoundError: the storage has lost it.
    """
    if not sha256:
        return ""
    logo = read_logo(sha256)
    return f"data:{logo.media_type};base64,{b64encode(logo.content).decode()}"


def logo_answer(sha256: str) -> Response:
    """The logo as the answer to a request. What is stored under a hash never changes, so browsers keep it.

    Raises:
        NotFoundError: there is none, or the storage no longer has it as it was: the page does without.
    """
    if not sha256:
        raise NotFoundError
    try:
        logo = read_logo(sha256)
    except (DamagedFileError, FileNotFoundError) as error:
        log.exception("logo_not_shown", sha256=sha256)
        raise NotFoundError from error
    answer = Response(logo.content, mimetype=logo.media_type)
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


@lru_cache(maxsize=16)
def _kept(_files_url: str, sha256: str) -> LogoPicture:
    """Read once per process: the storage may be far away, and a hash names the same bytes for ever."""
    content = read_bytes(sha256)
    return LogoPicture(content, "image/png" if content.startswith(_PNG) else "image/jpeg")
