"""A receivable becomes doubtful, is provided for, is partly paid after all, and the rest is lost."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from accounting import receivable_rules
from accounting.models import JournalEntry
from accounting.receivable_facts import WriteOffKind
from accounting.roles import JournalCode
from accounting.settings.set_vat_on_debits import last_sale
from core.database import db, transaction
from core.errors import ConflictError
from invoicing.balances import balance_of, customer_due_cents
from invoicing.cancel_payment import cancel_payment
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.end_doubt import end_doubt
from invoicing.errors import InvalidInputError
from invoicing.keep_surplus import KeepInput, keep_surplus
from invoicing.lifecycle import PaymentStatus
from invoicing.receivables import KeptKind
from invoicing.undo_kept_surplus import undo_kept_surplus
from invoicing.undo_write_off import undo_write_off
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "416", "706", "707", "44571", "44574", "491", "512000", "654", "6817", "7817", "7583")


def lose(invoice, cents, day, **more):
    return write_off(WriteOffInput(invoice.id, WriteOffKind.LOSS, cents, day, **more))


def test_a_service_that_is_never_paid_owes_no_vat(each_company):
    # 1 200 € of advice on 2 February; 200 € are paid, then nothing more.
    with transaction():
        invoice = issue(make_line("1", "1000"), today=date(2026, 2, 2))
        first = pay(invoice, "200", paid_on=date(2026, 2, 20))
    assert books(*ACCOUNTS) == {
        "411": "1000.00", "706": "-1000.00", "44571": "-33.33", "44574": "-166.67", "512000": "200.00",
    }  # fmt: skip

    # On 30 June the accountant doubts it: 416, and half of the net amount (833,33 €) is provided for.
    with transaction():
        doubt = doubt_invoice(DoubtInput(invoice.id, date(2026, 6, 30), 5000, "Ne répond plus"))
        assert doubt_invoice(DoubtInput(invoice.id, date(2026, 6, 30), 5000)) is doubt
    assert balance_of(invoice.id).status is PaymentStatus.DOUBTFUL
    assert balance_of(invoice.id).asked_cents == 100_000
    assert books(*ACCOUNTS) == {
        "416": "1000.00", "706": "-1000.00", "44571": "-33.33", "44574": "-166.67", "512000": "200.00",
        "6817": "416.67", "491": "-416.67",
    }  # fmt: skip
    all_is_well()

    # A payment by the link still settles it, on 416.
    with transaction():
        pay(invoice, "300", paid_on=date(2026, 7, 3))
    assert books("411", "416", "44571", "44574") == {"416": "700.00", "44571": "-83.33", "44574": "-116.67"}

    # The very first transfer turns out to be somebody else's: what it had paid is doubtful as the rest.
    with transaction():
        cancel_payment(first.id, reason="Client confondu", today=date(2026, 7, 4))
    assert open_on(invoice) == ["900.00"]
    assert books("411", "416", "44571", "44574") == {"416": "900.00", "44571": "-50.00", "44574": "-150.00"}
    all_is_well()

    # The company is wound up: the rest is lost. Its VAT never fell due; the provision is taken back.
    with transaction():
        loss = lose(invoice, 90_000, date(2026, 9, 1), reason="Liquidation judiciaire")
    assert open_on(invoice) == ["0.00"]
    assert balance_of(invoice.id).status is PaymentStatus.LOST
    assert books(*ACCOUNTS) == {
        "706": "-1000.00", "44571": "-50.00", "512000": "300.00", "654": "750.00", "6817": "416.67", "7817": "-416.67",
    }  # fmt: skip
    all_is_well()

    # Two years later the liquidator pays 90 €: 75 € are a gain, 15 € are VAT.
    with transaction():
        late = pay(invoice, "90", paid_on=date(2026, 11, 20))
        with pytest.raises(InvalidInputError):
            keep_surplus(KeepInput(late.id, KeptKind.RECOVERY, 9000, date(2026, 11, 20)))
    with transaction():
        kept = keep_surplus(KeepInput(late.id, KeptKind.RECOVERY, 9000, date(2026, 11, 20), invoice.id))
    assert customer_due_cents(invoice.customer_id) == 0
    assert books(*ACCOUNTS) == {
        "706": "-1000.00", "44571": "-65.00", "512000": "390.00", "654": "750.00", "6817": "416.67",
        "7817": "-416.67", "7583": "-75.00",
    }  # fmt: skip
    all_is_well()

    # Had it been a mistake: undone, it is owed again, among the ordinary customers, and the 90 € are their credit.
    with pytest.raises(ConflictError), transaction():
        undo_write_off(loss.id, reason="Erreur", today=date(2026, 11, 21))
    with transaction():
        undo_kept_surplus(kept.id, reason="Erreur", today=date(2026, 11, 21))
        undo_write_off(loss.id, reason="Erreur", today=date(2026, 11, 21))
    assert open_on(invoice) == ["900.00"]
    assert books("411", "416", "44571", "44574", "654") == {
        "411": "810.00", "44571": "-50.00", "44574": "-150.00",
    }  # fmt: skip
    all_is_well()


def test_vat_that_was_paid_to_the_state_comes_back(each_company):
    # 600 € of goods at 20 %, delivered: their VAT was due at once. Lost directly, without being doubtful first.
    with transaction():
        customer = make_customer(ledger_account="411DURAND")
        invoice = issue(make_line("1", "500", goods=True), customer=customer, today=date(2026, 2, 2))
        lose(invoice, 60_000, date(2026, 9, 1))
    assert books(*ACCOUNTS) == {"707": "-500.00", "654": "500.00"}

    # Where the State keeps it, all of it is a cost.
    with transaction():
        second = issue(make_line("1", "500", goods=True), customer=customer, today=date(2026, 9, 2))
        lose(second, 60_000, date(2026, 9, 2), takes_vat_back=False)
    assert books(*ACCOUNTS) == {"707": "-1000.00", "654": "1100.00", "44571": "-100.00"}
    all_is_well()


def test_a_doubt_ends_when_the_customer_pays(each_company):
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 2, 2))
        doubt_invoice(DoubtInput(invoice.id, date(2026, 3, 2), 10_000))
    with transaction():
        end = end_doubt(invoice.id, reason="Échéancier signé", today=date(2026, 3, 10))
        assert end is not None
        assert end_doubt(invoice.id, today=date(2026, 3, 10)) is None
    assert balance_of(invoice.id).status is PaymentStatus.OPEN
    assert books(*ACCOUNTS) == {
        "411": "120.00", "706": "-100.00", "44574": "-20.00", "6817": "100.00", "7817": "-100.00",
    }  # fmt: skip
    with transaction():
        payment = pay(invoice, "120", paid_on=date(2026, 3, 12))
        cancel_payment(payment.id, reason="Erreur", today=date(2026, 3, 13))
    assert books("411", "416") == {"411": "120.00"}
    # What is settled is not doubted, and a doubt begins after the invoice.
    with transaction():
        pay(invoice, "120", paid_on=date(2026, 3, 14))
    for given, field in (
        (DoubtInput(invoice.id, date(2026, 3, 14)), "provision_rate"),
        (DoubtInput(invoice.id, date(2026, 1, 14)), "decided_on"),
    ):
        with pytest.raises(InvalidInputError) as refused, transaction():
            doubt_invoice(given)
        assert field in refused.value.errors
    all_is_well()


def test_penalties_and_the_indemnity_are_paid_with_the_invoice(each_company):
    # 120 € due on 4 March are paid on 20 May with 40 € of indemnity and 2,10 € of penalties, as the reminder asked.
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 2, 2))
        payment = pay(invoice, "162.10", paid_on=date(2026, 5, 20))
    with transaction():
        keep_surplus(KeepInput(payment.id, KeptKind.INDEMNITY, 4000, date(2026, 5, 20), invoice.id))
        keep_surplus(KeepInput(payment.id, KeptKind.PENALTY, 210, date(2026, 5, 20), invoice.id))
    assert books("411", "44571", "763", "758", "512000") == {
        "44571": "-20.00", "763": "-2.10", "758": "-40.00", "512000": "162.10",
    }  # fmt: skip
    with pytest.raises(InvalidInputError), transaction():
        keep_surplus(KeepInput(payment.id, KeptKind.PENALTY, 1, date(2026, 5, 20)))
    # Both stand in the sales journal, after the invoice; they are no invoice that would fix the option for debits.
    assert kept_in_journals() == ["VE000002", "VE000003"]
    assert last_sale() == date(2026, 2, 2)
    all_is_well()


def kept_in_journals() -> list[str]:
    entries = (
        select(JournalEntry.number).where(JournalEntry.purpose == "kept_surplus").order_by(JournalEntry.id)
    )
    return list(db.session.scalars(entries))


def test_penalties_of_the_time_when_they_stood_in_od_are_taken_back_there(each_company, monkeypatch):
    with transaction():
        payment = pay(issue(make_line("1", "100"), today=date(2026, 2, 2)), "125", paid_on=date(2026, 5, 20))
    with monkeypatch.context() as before, transaction():
        before.setitem(receivable_rules._JOURNALS, KeptKind.PENALTY, JournalCode.GENERAL)
        old = keep_surplus(KeepInput(payment.id, KeptKind.PENALTY, 200, date(2026, 5, 20)))
    with transaction():
        new = keep_surplus(KeepInput(payment.id, KeptKind.PENALTY, 300, date(2026, 5, 20)))
    with transaction():
        undo_kept_surplus(old.id, reason="Rendu", today=date(2026, 5, 21))
        undo_kept_surplus(new.id, reason="Rendu", today=date(2026, 5, 21))
    assert kept_in_journals() == ["OD000001", "VE000002", "OD000002", "VE000003"]
    assert books("411", "763") == {"411": "-5.00"}
    all_is_well()
