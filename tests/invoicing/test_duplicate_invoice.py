"""A copy of an invoice: what it says again, and what stays behind."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from core.clock import utc_now
from core.database import db, transaction
from core.errors import ConflictError
from invoicing.credit_invoice import credit_invoice
from invoicing.duplicate_invoice import duplicate_invoice
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import DocumentState, LineRole
from invoicing.models import Document
from invoicing.parties import Address
from invoicing.vat_rates import rate_now
from tests.factories.invoicing import issue, make_draft, make_heading, make_item, make_line


def test_a_copy_says_the_same_without_number_dates_and_order(each_company):
    with transaction():
        item = make_item(sales_account="707100")
        invoice = issue(
            make_heading("Fourniture"),
            make_line("2", "49.90", "5.5", goods=True, item_id=item.id, sales_account="707100", discount="10"),
            make_heading("", LineRole.SUBTOTAL),
            purchase_order="BC 12", contract_reference="M-7", discount_rate=500, note="Merci",
            conditions="Port compris",
            period_start=date(2026, 1, 1), supply_date=date(2026, 1, 2),
            delivery=Address("Dépôt", "1 quai", "", "69002", "Lyon"),
        )  # fmt: skip
        invoice_id = invoice.id
    with transaction():
        copy_id = duplicate_invoice(invoice_id, request_key="k" * 32).id
    with transaction():
        assert duplicate_invoice(invoice_id, request_key="k" * 32).id == copy_id
    copy, original = (db.session.get_one(Document, id_) for id_ in (copy_id, invoice_id))
    assert (copy.state, copy.number, copy.issue_date, copy.supply_date, copy.period_start) == (
        DocumentState.DRAFT, None, None, None, None,
    )  # fmt: skip
    assert (copy.purchase_order, copy.contract_reference, copy.conditions) == ("", "M-7", "Port compris")
    assert copy.delivery == original.delivery != ""
    assert copy.total_cents == original.total_cents > 0
    names = (
        "role",
        "label",
        "quantity",
        "unit_price",
        "discount",
        "vat_rate",
        "item_id",
        "sales_account",
        "net_cents",
    )
    said = [[[getattr(line, name) for name in names] for line in one.lines] for one in (copy, original)]
    assert said[0] == said[1]
    assert db.session.scalar(select(func.count(Document.id))) == 2


def test_no_copy_of_a_credit_note_or_for_a_customer_in_the_archive(company):
    with transaction():
        invoice = issue()
        invoice_id, note_id = invoice.id, credit_invoice(invoice.id, reason="Erreur").id
    with pytest.raises(ConflictError), transaction():
        duplicate_invoice(note_id)
    with transaction():
        db.session.get_one(Document, invoice_id).customer.archived_at = utc_now()
    with pytest.raises(InvalidInputError) as caught, transaction():
        duplicate_invoice(invoice_id)
    assert list(caught.value.errors) == ["customer_id"]


def test_rates_that_ended_become_those_that_took_their_place(company):
    today = date(2026, 6, 1)
    assert [rate_now(rate, today) for rate in (1960, 700, 2000, 550, 2100)] == [2000, 1000, 2000, 550, 2100]
    assert rate_now(1960, date(2013, 6, 1)) == 1960


def test_an_item_nobody_has_is_refused(company):
    with pytest.raises(InvalidInputError) as caught, transaction():
        make_draft(make_line(item_id=99))
    assert list(caught.value.errors) == ["lines-0-label"]
