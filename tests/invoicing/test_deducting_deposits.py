"""What a final invoice takes off for deposits that were written in another way, or for a customer merged since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import Select, event

from accounting.models import DepositsScheme
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from core.database import db, transaction
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.deposits import deduction_lines
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.draft_final import deduct_deposits
from invoicing.draft_input import DraftInput, LineInput
from invoicing.errors import NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.merge_customers import merge_customers
from invoicing.models import Document
from invoicing.set_invoice_type import set_deposit
from invoicing.unbooked_deposits import unpaid_unbooked
from invoicing.update_draft import update_draft
from tests.factories.invoicing import make_customer, make_draft, make_line, pay
from tests.scenarios.money import all_is_well, books, euros

pytestmark = pytest.mark.usefixtures("company")


def deposit_of(customer, *lines, **changes) -> Document:
    draft = make_draft(*(lines or (make_line("1", "100"),)), customer=customer, **changes)
    set_deposit(draft.id, is_deposit=True)
    return issue_invoice(draft.id, today=date(2026, 6, 3))


def final_of(customer, *lines, **changes) -> Document:
    draft = make_draft(*lines, customer=customer, **changes)
    deduct_deposits(draft.id)
    return issue_invoice(draft.id, today=date(2026, 7, 1))


@pytest.mark.parametrize("scheme", DepositsScheme)
@pytest.mark.parametrize(
    ("includes_vat", "sale"), [(True, "1300.00"), (False, "1530.00")], ids=["gross", "net"]
)
def test_a_deposit_is_deducted_whole_whether_its_prices_include_vat_or_not(scheme, includes_vat, sale):
    with transaction():
        choose_deposits_scheme(scheme)
        customer = make_customer()
        asked = (make_line("1", "55.55"), make_line("1", "1.01", rate="10"))
        deposit = deposit_of(customer, *asked, prices_include_vat=not includes_vat)
        pay(deposit, euros(deposit.total_cents), paid_on=date(2026, 6, 4))
        final = final_of(
            customer,
            make_line("1", "1000"),
            make_line("1", "300", rate="10"),
            prices_include_vat=includes_vat,
        )
    assert euros(deposit.total_cents + final.total_cents) == sale
    assert books("4191", "44588", "658", "758") == {}
    all_is_well()


def test_prices_that_change_after_the_deduction_ask_for_a_new_one():
    with transaction():
        customer = make_customer()
        deposit_of(customer)
        draft = make_draft(make_line("1", "1000"), customer=customer)
        deduct_deposits(draft.id)
        kept = tuple(LineInput.of(line) for line in draft.lines)
        update_draft(draft.id, DraftInput(customer_id=customer.id, lines=kept, prices_include_vat=True))
    with pytest.raises(NotIssuableError, match="nouveau"), transaction():
        issue_invoice(draft.id, today=date(2026, 7, 1))
    with transaction():
        deduct_deposits(draft.id)
        assert euros(issue_invoice(draft.id, today=date(2026, 7, 1)).total_cents) == "880.00"


@pytest.mark.parametrize("scheme", DepositsScheme)
def test_what_a_deposit_took_off_at_a_rate_is_deducted_too(scheme):
    with transaction():
        choose_deposits_scheme(scheme)
        customer = make_customer()
        deposit = deposit_of(customer, make_line("1", "1000"), make_line("-1", "200", rate="10"))
        pay(deposit, "980", paid_on=date(2026, 6, 4))
        final = final_of(customer, make_line("1", "5000"))
    assert euros(final.total_cents) == "5020.00"
    assert books("4191", "44588", "658", "758") == {}
    all_is_well()


@pytest.mark.parametrize("scheme", DepositsScheme)
def test_a_deposit_of_a_customer_merged_since_is_deducted(scheme):
    with transaction():
        choose_deposits_scheme(scheme)
        customer, kept = make_customer(), make_customer(siren="732829320", name="Boulangerie Fictive")
        deposit = deposit_of(customer)
        pay(deposit, "60", paid_on=date(2026, 6, 4))
        merge_customers(customer.id, kept.id, today=date(2026, 6, 10))
        unbooked = unpaid_unbooked(date(2026, 6, 30))
        assert [one.code for one in unbooked] == ([kept.number] if deposit.booked_when_paid else [])
        final = final_of(kept, make_line("1", "1000"))
    assert euros(final.total_cents) == "1080.00"
    assert books("411", "4191", "44588") == {"411": "1140.00"}
    all_is_well()


def test_a_part_of_the_final_invoice_is_credited_while_its_deposit_is_doubtful():
    with transaction():
        choose_deposits_scheme(DepositsScheme.WHEN_PAID)
        customer = make_customer()
        deposit = deposit_of(customer)
        final = final_of(customer, make_line("1", "1000"))
        doubt_invoice(DoubtInput(deposit.id, date(2026, 8, 1)))
        # A tenth of the work frees no deposit; all of it would.
        credit_invoice(final.id, reason="Moins", choice=CreditChoice({1: 1000}), today=date(2026, 8, 2))
    with pytest.raises(NotIssuableError, match=str(deposit.number)), transaction():
        credit_invoice(final.id, reason="Erreur", today=date(2026, 8, 3))
    all_is_well()


def test_lines_that_deduct_a_deposit_from_another_invoice_are_refused():
    with transaction():
        customer = make_customer()
        lines = deduction_lines([deposit_of(customer)], "fr", includes_vat=False)
        draft = make_draft(make_line("1", "1000"), *lines, customer=customer)
    with pytest.raises(NotIssuableError, match="facture finale"), transaction():
        issue_invoice(draft.id, today=date(2026, 7, 1))
    with transaction():
        deduct_deposits(draft.id)
        assert euros(issue_invoice(draft.id, today=date(2026, 7, 1)).total_cents) == "1080.00"


@contextmanager
def noted_locks(ids: list[int]) -> Iterator[None]:
    """Note which documents are locked, in which order."""

    def note(_connection, clause, multiparams, params, _options):
        if isinstance(clause, Select) and "document_id" in params:
            ids.append(params["document_id"])

    event.listen(db.engine, "before_execute", note)
    try:
        yield
    finally:
        event.remove(db.engine, "before_execute", note)


def test_the_deposits_are_locked_before_the_younger_draft(company):
    """As a merge locks the documents of a customer: by id, or each would wait for the other (PostgreSQL)."""
    locked: list[int] = []
    with transaction():
        customer = make_customer()
        deposits = [deposit_of(customer), deposit_of(customer)]
        draft = make_draft(make_line("1", "1000"), customer=customer)
        deduct_deposits(draft.id)
        with noted_locks(locked):
            issue_invoice(draft.id, today=date(2026, 7, 1))
    assert locked[:3] == [*(deposit.id for deposit in deposits), draft.id]
