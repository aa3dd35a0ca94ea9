"""The verbs seal what they have just written without reading it again: it is what reading it again gives."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from accounting.chart import account_for
from accounting.models import Account
from accounting.roles import AccountRole
from core import seal as chain
from core.database import db, transaction
from core.seal import SealLink, canonical, verify_chain
from core.tenancy import current_company_id
from invoicing.apply_credit import apply_credit
from invoicing.balances import balance_of, paid_further
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from tests.factories.invoicing import issue, make_customer, make_individual, make_line, pay

AWKWARD = "Café  « Œuvre » — 10 % \u202f€ \U0001f9fe " + "très long " * 30


@pytest.fixture
def given(monkeypatch):
    """The payloads that verbs hand over, by kind and id."""
    payloads = {}
    links_after = chain._links_after

    def note(head, pending):
        payloads.update({(kind, id_): payload for kind, id_, payload in pending if payload is not None})
        return links_after(head, pending)

    monkeypatch.setattr(chain, "_links_after", note)
    return payloads


def money_goes_round() -> None:
    """An invoice at three rates, part payments, a surplus used, a cancellation, a credit note."""
    rates = ("20", "10", "5.5")
    with transaction():
        customer = make_customer(name=AWKWARD[:250])
        lines = [make_line(rate=rate, label=AWKWARD[:250], goods=rate == "10") for rate in rates]
        first, second = (issue(*lines, customer=customer) for _ in range(2))
        pay(first, "12.34", reference=AWKWARD[:90])
    with transaction():
        pay(first, "900")
        apply_credit(second.id)
    with transaction():
        cancel_payment(pay(second, "1").id, reason=AWKWARD[:200])
        credit_invoice(second.id, reason=AWKWARD[:200])


def test_what_is_sealed_from_memory_is_what_the_rows_say(each_company, given):
    money_goes_round()
    db.session.expunge_all()
    assert {kind for kind, _ in given} == {"invoice", "entry", "settlement", "event"}
    for (kind, subject_id), payload in given.items():
        rebuilt = chain._CURRENT[kind].payload(subject_id)
        assert rebuilt is not None
        assert canonical(payload) == canonical(rebuilt)
    assert list(verify_chain(current_company_id())) == []


def test_an_entry_on_an_account_without_a_role_is_sealed_from_its_rows(each_company, given):
    with transaction():
        invoice = issue(customer=make_individual())
    with transaction():
        account_for(AccountRole.CUSTOMERS).role = None
        db.session.flush()
        db.session.add(Account(number="411900", label="Autre", role=AccountRole.CUSTOMERS))
    given.clear()
    with transaction():
        pay(invoice, "10")
    assert {kind for kind, _ in given} == {"settlement", "event"}
    sealed = db.session.scalars(select(SealLink.payload).where(SealLink.kind == "entry")).all()
    assert len(sealed) == 2
    assert all('"411000"' in payload for payload in sealed)
    assert list(verify_chain(current_company_id())) == []


@pytest.mark.parametrize("amount", ["10", "100", "130"], ids=["part", "whole", "surplus"])
def test_the_balance_told_to_the_ledger_is_the_one_read_afterwards(company, amount):
    with transaction():
        invoice = issue(customer=make_individual())
    before = balance_of(invoice.id)
    with transaction():
        payment = pay(invoice, amount)
        settled = min(before.open_cents, payment.amount_cents)
    assert paid_further(before, settled) == balance_of(invoice.id)
