"""Sub-totals: what stands above them, back to the last sub-total or heading."""

from __future__ import annotations

from core.database import db, transaction
from invoicing.document_view import document_view
from invoicing.lifecycle import LineRole
from invoicing.models import Document
from invoicing.subtotals import subtotals
from tests.factories.invoicing import issue, make_draft, make_heading, make_line

ITEM, SECTION, SUBTOTAL = LineRole.ITEM, LineRole.SECTION, LineRole.SUBTOTAL


def shown(document_id: int) -> tuple[int | None, ...]:
    return subtotals((line.role, line.amount_cents) for line in document_view(document_id).lines)


def test_a_subtotal_counts_back_to_the_last_subtotal_or_heading():
    lines = [
        (ITEM, 1),
        (SECTION, 0),
        (ITEM, 20),
        (ITEM, -3),
        (SUBTOTAL, 0),
        (ITEM, 400),
        (SUBTOTAL, 0),
        (SUBTOTAL, 0),
    ]
    assert subtotals(lines) == (None, None, None, None, 17, None, 400, 0)


def test_headings_and_subtotals_have_no_amounts_and_add_nothing(each_company):
    lines = (
        make_heading("Fourniture"), make_line("2", "10"), make_heading("", LineRole.SUBTOTAL), make_line("1", "5"),
    )  # fmt: skip
    with transaction():
        document_id = make_draft(*lines).id
    draft = db.session.get_one(Document, document_id)
    assert draft.net_cents == 2500
    assert [(line.quantity, line.unit_price, line.amount_cents) for line in draft.lines[::2]] == [
        (0, 0, 0)
    ] * 2
    assert shown(document_id) == (None, None, 2000, None)


def test_an_issued_invoice_shows_the_same_subtotals(each_company):
    lines = (make_line("2", "10"), make_line("1", "5"), make_heading("Matériel", LineRole.SUBTOTAL))
    with transaction():
        invoice = issue(*lines)
        invoice_id, total = invoice.id, invoice.total_cents
    assert total == 3000
    assert shown(invoice_id) == (None, None, 2500)
