"""The PDF of an invoice, template included, against WeasyPrint alone on the finished HTML."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from flask import current_app
from weasyprint import CSS, HTML
from weasyprint.text import ffi
from weasyprint.text.fonts import FontConfiguration

from benchmarks import report
from benchmarks.installation import installation
from benchmarks.samples import FIVE_LINES, drafts
from benchmarks.side_by_side import compare
from core.database import transaction
from demo.people import customers
from invoicing.customers import save_customer
from invoicing.document_view import document_view
from invoicing.draft_input import MOST_LINES, DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.einvoice_xml import xml_of
from invoicing.issue_invoice import issue_invoice
from invoicing.pdf_engine import VARIANT
from invoicing.render_pdf import document_html, issued_pdf, pdf_bytes

PER_ROUND = 5
ROUNDS = 5
_STYLESHEET = "templates/pdf/document.css"


def run() -> None:
    """Measure; the database plays no part, so one engine is enough."""
    has_subset = ffi.harfbuzz_subset not in (None, ffi.harfbuzz)
    report.heading(
        f"PDF of a 5-line invoice ({ROUNDS} rounds of {PER_ROUND}; bare = WeasyPrint on the same HTML, fonts and style"
        f" sheet kept); libharfbuzz-subset0 is {'present' if has_subset else 'MISSING'}"
    )
    with installation("sqlite"):
        document_id = drafts(1)[0]
        with transaction():
            issue_invoice(document_id)
        view, xml = document_view(document_id), xml_of(document_id)
        assert xml is not None
        einvoice, html = xml.content, document_html(view)
        bare = _Bare(Path(current_app.root_path) / _STYLESHEET)

        def ours_round(_number: int) -> None:
            for _ in range(PER_ROUND):
                issued_pdf(view, einvoice)

        def bare_round(_number: int) -> None:
            for _ in range(PER_ROUND):
                bare.draw(html)

        report.ratio_line(
            "issued_pdf, e-invoice inside",
            compare(ours_round, bare_round, ROUNDS),
            per=PER_ROUND,
            aim="≤ 1.15",
        )
        longest = document_view(_longest_invoice())
        started = time.process_time()
        pdf_bytes(longest)
        taken = time.process_time() - started
        report.note(f"an invoice of {MOST_LINES} lines: {taken:.1f} s of one core (aim ≤ 5 s)")


def _longest_invoice() -> int:
    """As many lines as a document may have."""
    lines = tuple(replace(FIVE_LINES[n % 5], label=f"Article {n + 1}") for n in range(MOST_LINES))
    with transaction():
        customer_id = save_customer(customers()[0]).id
        return issue_invoice(draft_invoice(DraftInput(customer_id=customer_id, lines=lines)).id).id


class _Bare:
    """WeasyPrint as its documentation says to use it for many documents."""

    def __init__(self, stylesheet: Path) -> None:
        self._fonts = FontConfiguration()
        self._styles = CSS(filename=str(stylesheet), font_config=self._fonts)

    def draw(self, html: str) -> bytes:
        """The PDF of finished HTML."""
        pdf: bytes = HTML(string=html).write_pdf(
            font_config=self._fonts, stylesheets=[self._styles], pdf_variant=VARIANT, pdf_tags=True
        )
        return pdf
