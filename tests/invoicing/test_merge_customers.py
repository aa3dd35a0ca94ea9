"""Merging customers: what moves, what stays, what is refused; the books hold through all that comes later."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from accounting.lettering.letter_lines import is_lettered
from accounting.models import EntryLine, JournalEntry
from core.database import db, transaction
from core.errors import ConflictError
from core.event_log import events_about
from invoicing.apply_credit import apply_credit
from invoicing.archive_customer import archive_customer
from invoicing.balances import customer_credit_cents, customer_due_cents
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.customer_input import ContactInput
from invoicing.customers import contacts_of, find_customer, search_customers
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.issue_invoice import issue_invoice
from invoicing.merge_customers import merge_customers, preview_merge
from invoicing.models import CustomerMerge, Document
from invoicing.send_invoice import proposed_recipients
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line, pay
from tests.scenarios.money import all_is_well, euros, open_on

DAY = date(2026, 9, 1)


def by_code() -> dict[str, str]:
    """What each auxiliary code owes in the books, those at zero left out."""
    cents = func.sum(EntryLine.debit_cents - EntryLine.credit_cents)
    rows = db.session.execute(
        select(EntryLine.auxiliary_code, cents)
        .where(EntryLine.auxiliary_code != "")
        .group_by(EntryLine.auxiliary_code)
    )
    return {code: euros(int(owed)) for code, owed in rows if owed}


def open_lines(code: str) -> list[str]:
    statement = select(EntryLine.debit_cents - EntryLine.credit_cents).where(
        EntryLine.auxiliary_code == code, ~is_lettered()
    )
    return [euros(cents) for cents in db.session.scalars(statement.order_by(EntryLine.id))]


def two_customers():
    """The same bakery twice: C00001 stays, C00002 goes."""
    return make_customer(contacts=()), make_customer(name="Boulangerie imaginaire SARL")


def test_the_open_balance_moves_and_what_comes_later_goes_to_the_target(each_company):
    with transaction():
        target, source = two_customers()
        part = issue(customer=source, today=DAY)
        whole = issue(customer=source, today=DAY)
        over = issue(customer=source, today=DAY)
        waiting = issue(customer=source, today=DAY)
        part_payment = pay(part, "50", paid_on=DAY)
        whole_payment = pay(whole, "120", paid_on=DAY)
        over_payment = pay(over, "150", paid_on=DAY)
        draft = make_draft(customer=source)
        target_id, source_id, draft_id = target.id, source.id, draft.id
    assert by_code() == {"C00002": "160.00"}
    with transaction():
        merge = merge_customers(source_id, target_id, today=date(2026, 9, 2))
        merge_id = merge.id
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.purpose == "balance_move")).one()
    assert (entry.source_kind, entry.source_id, entry.number[:2]) == ("customer_merge", merge_id, "OD")
    assert by_code() == {"C00001": "160.00"}
    assert open_lines("C00002") == []
    assert sorted(open_lines("C00001")) == ["-30.00", "120.00", "70.00"]
    assert (customer_due_cents(target_id), customer_credit_cents(target_id)) == (19000, 3000)
    all_is_well()

    # A later payment of an old invoice meets its balance where it is now.
    with transaction():
        pay(part, "70", paid_on=date(2026, 9, 3))
    assert open_on(part) == ["0.00"]
    assert by_code() == {"C00001": "90.00"}
    all_is_well()

    # The credit of the source pays an invoice of the target, and the other way round an old invoice is credited.
    with transaction():
        issued = issue_invoice(draft_id, today=date(2026, 9, 3))
        assert apply_credit(issued.id, today=date(2026, 9, 4)) == 3000
        credit_invoice(waiting.id, reason="Erreur", today=date(2026, 9, 5))
    assert issued.customer_id == target_id
    assert '"number":"C00001"' in issued.buyer
    assert by_code() == {"C00001": "90.00"}
    assert open_on(issued, waiting) == ["90.00", "0.00"]
    all_is_well()

    # Old payments bounce: what they had paid is owed by the target.
    with transaction():
        for payment in (part_payment, whole_payment, over_payment):
            cancel_payment(payment.id, reason="Chèque impayé", today=date(2026, 9, 6))
    assert open_on(part, whole, over, issued) == ["50.00", "120.00", "120.00", "120.00"]
    assert by_code() == {"C00001": "410.00"}
    assert open_lines("C00002") == []
    all_is_well()
    with transaction():
        for invoice, amount in ((part, "50"), (whole, "120"), (over, "120"), (issued, "120")):
            pay(invoice, amount, paid_on=date(2026, 9, 7))
    assert by_code() == {}
    assert open_lines("C00001") == open_lines("C00002") == []
    all_is_well()


def test_contacts_and_drafts_go_along_and_the_source_is_archived(each_company):
    with transaction():
        target = make_customer(
            contacts=(ContactInput(name="Paule Exemple", email="compta@boulangerie.example.org"),)
        )
        source = make_customer(
            contacts=(
                ContactInput(name="Paule Exemple", email="Compta@boulangerie.example.org"),
                ContactInput(name="Zoé", email="zoe@example.org"),
            )
        )
        invoice, draft = issue(customer=source), make_draft(customer=source)
        version = draft.version
        preview = preview_merge(source, target)
        merge_customers(source.id, target.id)
        ids = source.id, target.id, invoice.id, draft.id
    source_id, target_id, invoice_id, draft_id = ids
    assert (preview.drafts, preview.issued, preview.contacts, preview.due_cents) == (1, 1, 1, 12000)
    source = find_customer(source_id)
    assert (source.merged_into_id, source.archived_at is not None, source.contacts) == (target_id, True, [])
    assert [c.name for c in find_customer(target_id).contacts] == ["Paule Exemple", "Zoé"]
    assert db.session.get_one(Document, draft_id).customer_id == target_id
    assert db.session.get_one(Document, draft_id).version == version + 1
    # The invoice is frozen; who is written to about it are the contacts that moved.
    assert db.session.get_one(Document, invoice_id).customer_id == source_id
    assert proposed_recipients(source_id) == ("compta@boulangerie.example.org", "zoe@example.org")
    assert len(contacts_of(source_id)) == 2
    assert [c.id for c in search_customers("zoe")] == [target_id]
    assert [event.kind for event in events_about("customer", target_id)] == [
        "customer.created",
        "customer.merged",
    ]
    all_is_well()


def test_what_would_break_is_refused_and_changes_nothing(each_company):
    with transaction():
        target, source = two_customers()
        gone = make_individual()
        archive_customer(gone.id)
        crowd = make_individual(contacts=tuple(ContactInput(name=str(n)) for n in range(20)))
        issue(customer=source)
        ids = target.id, source.id, gone.id, crowd.id
    target_id, source_id, gone_id, crowd_id = ids
    for one, other, error in (
        (source_id, source_id, InvalidInputError),
        (source_id, gone_id, InvalidInputError),
        (gone_id, target_id, InvalidInputError),
        (source_id, crowd_id, InvalidInputError),
        (source_id, 999, NotFoundError),
        (999, target_id, NotFoundError),
    ):
        with pytest.raises(error), transaction():
            merge_customers(one, other)
    assert by_code() == {"C00002": "120.00"}
    assert db.session.scalar(select(func.count()).select_from(CustomerMerge)) == 0
    all_is_well()


def test_a_merge_asked_twice_happens_once_and_another_target_is_refused(each_company):
    with transaction():
        target, source = two_customers()
        other = make_individual()
        issue(customer=source)
        ids = target.id, source.id, other.id
    target_id, source_id, other_id = ids
    for _ in range(2):
        with transaction():
            merge_customers(source_id, target_id)
    assert by_code() == {"C00001": "120.00"}
    with pytest.raises(ConflictError), transaction():
        merge_customers(source_id, other_id)
    with pytest.raises(ConflictError), transaction():
        archive_customer(source_id, archived=False)
    all_is_well()


def test_a_customer_merged_twice_over_ends_at_the_last_target(each_company):
    with transaction():
        last, middle = two_customers()
        first = make_customer(name="Boulangerie I.")
        invoice = issue(customer=first, today=DAY)
        merge_customers(first.id, middle.id)
        merge_customers(middle.id, last.id)
        assert find_customer(first.id).merged_into_id == last.id
        assert make_draft(customer=first).customer_id == last.id
    assert by_code() == {"C00001": "120.00"}
    with transaction():
        pay(invoice, "120")
    assert by_code() == {}
    all_is_well()


def test_a_customer_of_another_company_is_not_found(app, company):
    from core.tenancy import in_company
    from tests.conftest import make_company

    with transaction():
        mine = make_customer().id
    other = make_company(
        app, siren="404833048", siret="40483304800022", vat_number="FR83404833048", name="Autre"
    )
    with app.app_context(), in_company(other), transaction():
        make_individual()
        theirs = make_individual().id
    with pytest.raises(NotFoundError), transaction():
        merge_customers(mine, theirs)


def test_entries_of_a_customer_with_its_own_account_stand_there_and_open_ones_stay(each_company):
    with transaction():
        customer = make_customer(ledger_account="411boul")
        own = issue(make_line(), customer=customer, today=DAY)
        collective = issue(customer=make_individual(), today=DAY)
        target = make_customer(name="Autre", ledger_account="411AUTRE")
        merge_customers(customer.id, target.id)
        pay(own, "150")
        pay(collective, "120")
    rows = db.session.execute(
        select(EntryLine.match_key, EntryLine.auxiliary_code).where(EntryLine.account.has(number="411BOUL"))
    )
    assert {code for _key, code in rows} == {"C00001", "C00003"}
    surplus = db.session.scalars(select(EntryLine).where(EntryLine.match_key == "payment:1")).one()
    assert (surplus.account.number, surplus.account.label) == ("411AUTRE", "Autre")
    assert open_lines("C00001") == []
    all_is_well()
