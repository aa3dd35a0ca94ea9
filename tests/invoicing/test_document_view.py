"""What is printed about a document, as data."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from core.database import db, transaction
from core.models import Company
from invoicing.document_view import document_view
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Customer
from tests.factories.invoicing import make_customer, make_draft, make_line

LINES = (
    make_line("2.5", "85", "20", label="Pose", unit="HUR"),
    make_line("42", "39.90", "10", goods=True, label="Lames", discount="5"),
    make_line("1", "10", "20", goods=True, label="Colle"),
)


def _draft_and_issued() -> tuple[int, int]:
    with transaction():
        customer = make_customer()
        return make_draft(*LINES, customer=customer).id, issue_invoice(
            make_draft(*LINES, customer=customer).id
        ).id


def test_a_draft_shows_the_amounts_that_its_issue_will_freeze(each_company: Company) -> None:
    draft, issued = (document_view(document_id) for document_id in _draft_and_issued())
    assert draft.is_draft
    assert (draft.number, draft.payment_url, draft.issued_at) == (None, None, None)
    for name in (
        "lines",
        "vat",
        "net_cents",
        "vat_cents",
        "total_cents",
        "mentions",
        "seller",
        "buyer",
        "due_date",
    ):
        assert getattr(draft, name) == getattr(issued, name), name
    assert (issued.net_cents, issued.vat_cents, issued.total_cents) == (181451, 20370, 201821)


def test_vat_is_shown_once_per_rate_goods_and_services_together(company: Company) -> None:
    view = document_view(_draft_and_issued()[1])
    assert [(row.rate, row.net_cents, row.vat_cents) for row in view.vat] == [
        (2000, 22250, 4450),
        (1000, 159201, 15920),
    ]


def test_an_issued_document_does_not_follow_what_changes_later(company: Company) -> None:
    document_id = _draft_and_issued()[1]
    before = document_view(document_id)
    with transaction():
        db.session.get_one(Company, company.id).name = "Autre Nom"
        customer = db.session.get_one(Customer, before.customer_id)
        customer.name, customer.address1 = "Autre Client", "ailleurs"
        db.session.execute(text("UPDATE invoicing_settings SET late_penalty = 'autre'"))
    assert document_view(document_id) == before


def test_a_draft_without_a_date_is_shown_as_of_today(company: Company) -> None:
    with transaction():
        draft = make_draft(issue_date=None, payment_terms_days=10).id
    view = document_view(draft)
    assert view.due_date is not None
    assert (view.due_date - view.issue_date).days == 10


def test_a_draft_with_a_date_counts_its_terms_from_it(company: Company) -> None:
    with transaction():
        draft = make_draft(issue_date=date(2026, 3, 3), payment_terms_days=30).id
    assert document_view(draft).due_date == date(2026, 4, 2)
