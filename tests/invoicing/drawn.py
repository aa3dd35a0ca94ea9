"""Documents drawn in tests: issued from a few lines, and what can be read on the pages of their PDF."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pypdf import PdfReader

from core.database import transaction
from invoicing.document_view import DocumentView, document_view
from invoicing.draft_input import LineInput
from invoicing.issue_invoice import issue_invoice
from tests.factories.invoicing import make_draft, make_line

THREE = (
    make_line("2.5", "85", "20", label="Pose de parquet", description="Chêne massif", unit="HUR"),
    make_line("42", "39.90", "10", goods=True, label="Lames de chêne", unit="MTK", discount="5"),
    make_line("1", "120", "5.5", label="Livraison"),
)


def issued_view(*lines: LineInput, **changes: Any) -> DocumentView:
    """The view of a new invoice."""
    with transaction():
        document_id = issue_invoice(make_draft(*lines, **changes).id).id
    return document_view(document_id)


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page, one space between them."""
    return [plain(page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def plain(text: str) -> str:
    """Words with ordinary spaces."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())
