"""Drafts: what is taken and refused, and that their totals are those of the one function."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.database import db, transaction
from core.event_log import Event
from invoicing.delete_draft import delete_draft
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.models import Document, DocumentLine, VatRate
from invoicing.update_draft import update_draft
from tests.factories.invoicing import make_customer, make_draft, make_individual, make_line


def errors_of(*lines, **changes) -> list[str]:
    with pytest.raises(InvalidInputError) as caught, transaction():
        make_draft(*lines, **changes)
    return list(caught.value.errors)


def test_a_draft_has_totals_and_no_number(each_company):
    with transaction():
        draft = make_draft(make_line("2", "50"), make_line("1", "10", "5.5", goods=True))
        draft_id = draft.id
    draft = db.session.get_one(Document, draft_id)
    assert draft.number is None
    assert (draft.net_cents, draft.vat_cents, draft.total_cents) == (11000, 2055, 13055)
    assert [(line.position, line.net_cents) for line in draft.lines] == [(1, 10000), (2, 1000)]


def test_an_individual_is_invoiced_vat_included_by_default_and_in_her_language(company):
    with transaction():
        draft = make_draft(make_line("1", "120"), customer=make_individual(language="en"))
    assert (draft.prices_include_vat, draft.total_cents, draft.net_cents) == (True, 12000, 10000)
    assert draft.language == "en"


WRONG_LINES: list[tuple[str, dict[str, Any]]] = [
    ("lines-1-label", {"label": ""}),
    ("lines-1-label", {"label": "x" * 10_000}),
    ("lines-1-description", {"description": "x" * 10_000}),
    ("lines-1-unit", {"unit": "XYZ"}),
    ("lines-1-unit_price", {"price": "-1"}),
    ("lines-1-unit_price", {"price": "1000000000"}),
    ("lines-1-quantity", {"quantity": "10000000000"}),
    ("lines-1-quantity", {"quantity": "100000000", "price": "100000000"}),
    ("lines-1-discount", {"discount": "100.01"}),
    ("lines-1-discount", {"discount": "-1"}),
    ("lines-1-vat_rate", {"rate": "19.6"}),
    ("lines-1-vat_rate", {"rate": "21"}),
]
WRONG_FIELDS: list[tuple[str, dict[str, Any]]] = [
    ("issue_date", {"issue_date": date(206, 1, 1)}),
    ("due_date", {"issue_date": date(2026, 3, 2), "due_date": date(2026, 3, 1)}),
    ("supply_date", {"supply_date": date(2999, 1, 1)}),
    ("payment_terms_days", {"payment_terms_days": 1000}),
    ("purchase_order", {"purchase_order": "x" * 101}),
    ("note", {"note": "x" * 10_000}),
    ("language", {"language": "es"}),
]


def test_a_wrong_line_is_refused_beside_its_field(company):
    for field, line in WRONG_LINES:
        assert errors_of(make_line(), make_line(**line)) == [field], line


def test_a_wrong_field_of_the_document_is_refused(company):
    for field, changes in WRONG_FIELDS:
        assert errors_of(**changes) == [field], changes


def test_all_errors_of_all_lines_are_told_at_once(company):
    wrong = make_line(label="", price="-1", rate="21")
    assert set(errors_of(wrong, wrong, note="x" * 3000)) == {
        "lines-0-label", "lines-0-unit_price", "lines-0-vat_rate",
        "lines-1-label", "lines-1-unit_price", "lines-1-vat_rate", "note",
    }  # fmt: skip


def test_too_many_lines_are_refused(company):
    assert errors_of(*[make_line()] * 501) == ["lines"]


def test_a_missing_customer_is_told_beside_its_field(company):
    with pytest.raises(InvalidInputError) as caught, transaction():
        draft_invoice(DraftInput(customer_id=99))
    assert caught.value.field == "customer_id"


def test_a_rate_the_company_added_is_taken_while_it_holds(company):
    with transaction():
        db.session.add(VatRate(rate=2100, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30)))
        db.session.flush()
        assert make_draft(make_line(rate="21"), issue_date=date(2026, 6, 30)).vat_cents == 2100
    assert errors_of(make_line(rate="21"), issue_date=date(2026, 7, 1)) == ["lines-0-vat_rate"]


def test_a_return_is_a_negative_quantity(company):
    with transaction():
        assert make_draft(make_line("3"), make_line("-1")).total_cents == 24000


def test_text_that_looks_like_markup_is_kept_as_typed(company):
    with transaction():
        draft = make_draft(make_line(label="<script>alert(1)</script>", description="a\r\nb\x00"))
    assert (draft.lines[0].label, draft.lines[0].description) == ("<script>alert(1)</script>", "a\nb")


def test_changing_a_draft_replaces_everything_it_says(each_company):
    with transaction():
        customer = make_customer()
        draft = make_draft(make_line(), make_line("2"), make_line("3"), customer=customer, note="old")
        draft_id, first_line = draft.id, draft.lines[0].id
    with transaction():
        update_draft(draft_id, DraftInput(customer_id=customer.id, lines=(make_line("5"),)))
    draft = db.session.get_one(Document, draft_id)
    assert (draft.note, draft.total_cents) == ("", 60000)
    assert [(line.id, line.position) for line in draft.lines] == [(first_line, 1)]
    with transaction():
        update_draft(draft_id, DraftInput(customer_id=customer.id, lines=(make_line("5"), make_line("6"))))
    assert [line.position for line in db.session.get_one(Document, draft_id).lines] == [1, 2]


def test_an_import_run_twice_makes_one_draft(company):
    with transaction():
        customer = make_customer()
        first = make_draft(customer=customer, external_reference="ERP-1")
        assert make_draft(customer=customer, external_reference="ERP-1") is first
        other = make_draft(customer=customer)
    with pytest.raises(InvalidInputError) as caught, transaction():
        update_draft(other.id, DraftInput(customer_id=customer.id, external_reference="ERP-1"))
    assert caught.value.field == "external_reference"


def test_a_deleted_draft_leaves_a_trace_and_no_rows(each_company):
    with transaction():
        draft_id = make_draft().id
    with transaction():
        delete_draft(draft_id)
    assert db.session.query(Document).count() == db.session.query(DocumentLine).count() == 0
    event = db.session.query(Event).filter_by(kind="draft.deleted").one()
    assert (event.subject_kind, event.subject_id) == ("document", draft_id)
    with pytest.raises(NotFoundError), transaction():
        delete_draft(draft_id)


def test_terms_beyond_the_law_are_refused_beside_their_field_for_businesses_alone(company):
    with transaction(), pytest.raises(InvalidInputError) as refused:
        make_draft(payment_terms_days=61)
    assert list(refused.value.errors) == ["payment_terms_days"]
    with transaction():
        make_draft(payment_terms_days=60)
        make_draft(customer=make_individual(), payment_terms_days=90)
