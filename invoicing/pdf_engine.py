"""HTML to tagged PDF/A-3b: the one wrapper of WeasyPrint. Called by `invoicing.render_pdf`.

What costs time is kept: the fonts that were found and the parsed style sheets, per thread because Pango's font maps are
not shared between threads. Nothing is fetched, neither from the network nor from the disk: a document is text, styles
and pictures that come with it as data: addresses.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text import ffi
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from invoicing.pdf_einvoice import Embedded, embed

VARIANT = "pdf/a-3b"
"""The e-invoice's container: ISO 19005-3, level B; Factur-X asks for PDF/A-3."""

STAND_IN = "\u25a1"
"""A white square, printed for a character that no font of the machine has."""

_PICTURES = ("data:image/svg+xml", "data:image/png;", "data:image/jpeg;")

# Control characters and marks that turn the writing direction of what follows: they have no place on paper and could
# make an amount or a name read otherwise than it is written.
_UNPRINTABLE_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF),
    (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip
_UNPRINTABLE = {code: None for first, last in _UNPRINTABLE_RANGES for code in range(first, last + 1)}


class _Kept:
    """What one thread keeps between two drawings."""

    def __init__(self) -> None:
        self.fonts = FontConfiguration()
        self.styles: dict[Path, Any] = {}
        self.unknown: set[int] = set()


_local = threading.local()


def _kept() -> _Kept:
    if not hasattr(_local, "kept"):
        _local.kept = _Kept()
    kept: _Kept = _local.kept
    return kept


def _pin_libraries() -> None:
    """Keep Pango and its kin loaded until the process is gone.

    The dying interpreter closes the libraries before it has freed all of their objects (font maps kept here, layouts
    of a thread that still draws), and the late free crashes the process. A reference never given back prevents it.
    """
    for library in (ffi.gobject, ffi.pango, ffi.pangoft2, ffi.fontconfig, ffi.harfbuzz, ffi.harfbuzz_subset):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


_pin_libraries()


class _UnknownCharacters(logging.Filter):
    """Collects the characters that no font of the machine has, and keeps WeasyPrint's warnings out of the log.

    WeasyPrint tells them in a warning only, one for each occurrence.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(".notdef") and isinstance(record.args, tuple):
            _kept().unknown.add(int(str(record.args[1])))
        return record.levelno >= logging.ERROR


logging.getLogger("weasyprint").addFilter(_UnknownCharacters())


class _DataOnly(URLFetcher):
    """Opens pictures that stand in the document itself and refuses everything else."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.startswith(_PICTURES):
            raise ValueError("a document loads nothing from outside")
        return super().fetch(url, headers)


def html_to_pdf(html: str, stylesheet: Path, einvoice: Embedded | None = None) -> bytes:
    """Draw one HTML text with one of our style sheets. The same input gives the same bytes.

    Args:
        html: complete; title, author, language and dates become the PDF's metadata.
        stylesheet: a file of ours; parsed once per thread.
        einvoice: put into the file; None for a document that has none.
    """
    unknown = _kept().unknown = set()
    text = html.translate(_UNPRINTABLE)
    pdf = _draw(text, stylesheet, einvoice)
    if unknown:
        # PDF/A allows no reference to a glyph that is not there (ISO 19005-3, 6.2.11.8).
        pdf = _draw(text.translate(dict.fromkeys(unknown, STAND_IN)), stylesheet, einvoice)
    return pdf


def _draw(text: str, stylesheet: Path, einvoice: Embedded | None) -> bytes:
    def finish(_document: Any, pdf: Any) -> None:
        if einvoice is not None:
            embed(pdf, einvoice)

    document = HTML(string=text, url_fetcher=_fetcher())
    pdf: bytes = document.write_pdf(
        font_config=_kept().fonts, stylesheets=[_styles(stylesheet)], pdf_variant=VARIANT, pdf_tags=True,
        finisher=finish,
    )  # fmt: skip
    return pdf


def _fetcher() -> _DataOnly:
    return _DataOnly(allowed_protocols=("data",), allow_redirects=False)


def _styles(path: Path) -> Any:
    kept = _kept()
    if path not in kept.styles:
        kept.styles[path] = CSS(
            string=path.read_text(encoding="utf-8"), font_config=kept.fonts, url_fetcher=_fetcher()
        )
    return kept.styles[path]
