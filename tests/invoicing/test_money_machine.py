"""Whatever people do with invoices and money, in any order: the books and the documents agree."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from stdnum import luhn
from stdnum.fr import siren as fr_siren

from accounting.facts import SupplyKind, VatRegime
from accounting.models import Account, AccountingSettings, DepositsScheme, EntryLine
from accounting.roles import AccountRole
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from accounting.settings.chosen import accounting_settings
from accounting.vat_on_collection import due_vat
from core.checks import company_faults
from core.database import db, transaction
from core.errors import ConflictError
from core.seal import verify_chain
from core.tenancy import enter_company
from invoicing.apply_credit import apply_credit
from invoicing.balances import balance_of, customer_credit_cents, customer_due_cents, open_of_payment
from invoicing.cancel_payment import cancel_payment
from invoicing.claim_again import claim_again
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.credit_left import credit_left
from invoicing.deposit_uses import is_advance
from invoicing.deposits import deduction_lines, open_deposits
from invoicing.dispute_payment import dispute_payment
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.draft_final import deduct_deposits
from invoicing.draft_invoice import DraftInput, LineInput, draft_invoice
from invoicing.end_doubt import end_doubt
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.give_back import MoneyBack
from invoicing.issue_invoice import issue_invoice
from invoicing.keep_surplus import KeepInput, keep_surplus
from invoicing.kept_of_payment import live_kept
from invoicing.lifecycle import DocumentKind, InvoiceType, LineRole
from invoicing.models import Customer, Document
from invoicing.payments import Payment, PaymentMethod
from invoicing.receivables import KeptKind, WriteOff, WriteOffKind
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.refund_payment import refund_payment
from invoicing.refunds import Refund
from invoicing.set_invoice_type import set_deposit
from invoicing.undo_kept_surplus import undo_kept_surplus
from invoicing.undo_write_off import undo_write_off
from invoicing.win_dispute import win_dispute
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests._profiles import LONG
from tests.conftest import make_company
from tests.factories.invoicing import make_customer, make_individual

FIRST_DAY = date(2025, 11, 3)

LINES = st.lists(
    st.builds(
        LineInput,
        label=st.just("Ligne"),
        quantity=st.integers(-20_000, 100_000),
        unit_price=st.integers(0, 300_000_000),
        vat_rate=st.sampled_from([2000, 1000, 550, 210]),
        kind=st.sampled_from(SupplyKind),
        discount=st.sampled_from([0, 0, 1000, 3333]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


class MoneyMachine(RuleBasedStateMachine):
    """One company, two customers, days that go by."""

    app: Any

    @initialize()
    def begin(self) -> None:
        self.context = self.app.app_context()
        self.context.push()
        type(self).companies += 1
        siren = _siren(type(self).companies)
        self.company_id = make_company(self.app, siren=siren, vat_number=f"FR{fr_siren.to_tva(siren)}")
        enter_company(self.company_id)
        self.today = FIRST_DAY
        self.invoices: list[int] = []
        self.payments: list[int] = []
        self.refunds: list[int] = []
        self.write_offs: list[int] = []
        self.kept: list[int] = []
        with transaction():
            self.customers = [make_customer().id, make_individual().id]

    companies = 0

    def teardown(self) -> None:
        if hasattr(self, "context"):
            assert list(verify_chain(self.company_id)) == []
            self._check_each_invoice()
            self.context.pop()

    @rule(days=st.integers(0, 40))
    def days_go_by(self, days: int) -> None:
        self.today = min(self.today + timedelta(days=days), date(2026, 9, 30))

    @rule()
    def choose_vat_on_debits(self) -> None:
        with transaction():
            settings = db.session.scalars(select(AccountingSettings)).one()
            settings.vat_on_debits_from = None if settings.vat_on_debits_from else self.today

    @rule(customer=st.integers(0, 1), lines=LINES, gross=st.booleans())
    def issue_an_invoice(self, customer: int, lines: tuple[LineInput, ...], gross: bool) -> None:
        with transaction():
            draft = draft_invoice(
                DraftInput(customer_id=self.customers[customer], lines=lines, prices_include_vat=gross)
            )
            if draft.total_cents >= 0:
                self.invoices.append(issue_invoice(draft.id, today=self.today).id)

    @rule()
    def book_deposits_the_other_way(self) -> None:
        with transaction():
            way = accounting_settings().deposits_scheme
            choose_deposits_scheme(next(other for other in DepositsScheme if other is not way))

    @rule(customer=st.integers(0, 1), lines=LINES, gross=st.booleans())
    def issue_a_deposit(self, customer: int, lines: tuple[LineInput, ...], gross: bool) -> None:
        # What the gate refuses (a total below zero) is not issued.
        with suppress(NotIssuableError), transaction():
            draft = draft_invoice(
                DraftInput(customer_id=self.customers[customer], lines=lines, prices_include_vat=gross)
            )
            set_deposit(draft.id, is_deposit=True)
            if draft.total_cents > 0:
                self.invoices.append(issue_invoice(draft.id, today=self.today).id)

    @precondition(lambda self: self.invoices)
    @rule(customer=st.integers(0, 1), lines=LINES, gross=st.booleans(), more=st.integers(1, 3))
    def deduct_the_deposits(
        self, customer: int, lines: tuple[LineInput, ...], gross: bool, more: int
    ) -> None:
        """A sale that comes to more than the deposits, at their rates, so that it may be issued."""
        customer_id = self.customers[customer]
        owed = deduction_lines(open_deposits(customer_id, None), "fr", includes_vat=gross)
        sold = tuple(
            replace(line, quantity=-more * line.quantity, role=LineRole.ITEM, deposit_id=None)
            for line in owed
        )
        with suppress(NotIssuableError), transaction():
            draft = draft_invoice(
                DraftInput(customer_id=customer_id, lines=(*lines, *sold), prices_include_vat=gross)
            )
            if deduct_deposits(draft.id) and draft.total_cents >= 0:
                self.invoices.append(issue_invoice(draft.id, today=self.today).id)

    @precondition(lambda self: self.invoices)
    @rule(
        choice=st.integers(0),
        share=st.sampled_from([1, 33, 50, 100, 100, 130]),
        method=st.sampled_from(PaymentMethod),
    )
    def pay_an_invoice(self, choice: int, share: int, method: PaymentMethod) -> None:
        invoice_id = self.invoices[choice % len(self.invoices)]
        amount = max(1, balance_of(invoice_id).total_cents * share // 100)
        with transaction():
            given = PaymentInput(
                invoice_id, method, amount, self.today, external_id=f"pay_{len(self.payments)}"
            )
            payment = record_payment(given)
            assert record_payment(given) is payment
            self.payments.append(payment.id)

    @precondition(lambda self: self.payments)
    @rule(choice=st.integers(0))
    def cancel_a_payment(self, choice: int) -> None:
        payment_id = self.payments[choice % len(self.payments)]
        payment = db.session.get_one(Payment, payment_id)
        if payment.method is PaymentMethod.CARD or payment.refunds or live_kept(payment_id):
            return
        with transaction():
            first = cancel_payment(payment_id, reason="Erreur", today=self.today)
            assert cancel_payment(payment_id, reason="Erreur", today=self.today) is first

    @precondition(lambda self: self.payments)
    @rule(choice=st.integers(0), share=st.sampled_from([10, 50, 100, 100]), disputed=st.booleans())
    def money_goes_back(self, choice: int, share: int, disputed: bool) -> None:
        """As the processor tells it: also more than there was, when a bank takes what was given back already."""
        payment = db.session.get_one(Payment, self.payments[choice % len(self.payments)])
        if payment.reversal is not None:
            return
        cents, name = max(1, payment.amount_cents * share // 100), f"re_{len(self.refunds)}"
        with transaction():
            if disputed:
                refund = dispute_payment(
                    payment.id, amount_cents=cents, disputed_on=self.today, external_id=name
                )
            else:
                given = MoneyBack(payment.id, cents, self.today, external_id=name)
                refund = refund_payment(given)
                assert refund_payment(given) is refund
            self.refunds.append(refund.id)

    @precondition(lambda self: self.refunds)
    @rule(choice=st.integers(0))
    def a_dispute_is_won(self, choice: int) -> None:
        refund = db.session.get_one(Refund, self.refunds[choice % len(self.refunds)])
        if refund.kind == "dispute":
            with transaction():
                win_dispute(refund.id, won_on=self.today)

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0))
    def claim_an_invoice_again(self, choice: int) -> None:
        with transaction():
            claim_again(self.invoices[choice % len(self.invoices)])

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0))
    def credit_an_invoice(self, choice: int) -> None:
        invoice_id = self.invoices[choice % len(self.invoices)]
        # Of an invoice that was given up in part, that is undone first.
        with suppress(NotIssuableError), transaction():
            note = credit_invoice(invoice_id, reason="Erreur", today=self.today)
            assert credit_invoice(invoice_id, reason="Erreur", today=self.today) is note

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0), tenths=st.integers(1, 9), by_amounts=st.booleans())
    def credit_a_part(self, choice: int, tenths: int, by_amounts: bool) -> None:
        invoice_id = self.invoices[choice % len(self.invoices)]
        left = credit_left(db.session.get_one(Document, invoice_id))
        chosen = CreditChoice({one.line.position: one.quantity * tenths // 10 for one in left.lines})
        if by_amounts:
            chosen = CreditChoice(
                amounts={
                    i: max(0, left.shown_cents(part)) * tenths // 10 for i, part in enumerate(left.parts)
                }
            )
        with suppress(InvalidInputError, NotIssuableError), transaction():
            credit_invoice(invoice_id, reason="Retour", choice=chosen, today=self.today)

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0))
    def use_credit(self, choice: int) -> None:
        with transaction():
            apply_credit(self.invoices[choice % len(self.invoices)], today=self.today)

    @precondition(lambda self: self.invoices)
    @rule(
        choice=st.integers(0),
        kind=st.sampled_from(WriteOffKind),
        share=st.sampled_from([1, 40, 100, 100]),
        takes_vat_back=st.booleans(),
    )
    def give_up(self, choice: int, kind: WriteOffKind, share: int, takes_vat_back: bool) -> None:
        invoice_id = self.invoices[choice % len(self.invoices)]
        cents = balance_of(invoice_id).open_cents * share // 100
        if is_advance(db.session.get_one(Document, invoice_id)):
            return
        if kind is WriteOffKind.DIFFERENCE:
            cents = min(cents, 100)
        if cents:
            given = WriteOffInput(invoice_id, kind, cents, self.today, takes_vat_back=takes_vat_back)
            with transaction():
                self.write_offs.append(write_off(given).id)

    @precondition(lambda self: self.write_offs)
    @rule(choice=st.integers(0))
    def give_up_no_longer(self, choice: int) -> None:
        write_off_id = self.write_offs[choice % len(self.write_offs)]
        with suppress(ConflictError), transaction():
            undo_write_off(write_off_id, reason="Erreur", today=self.today)

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0), rate=st.sampled_from([0, 5000, 10_000]))
    def doubt_an_invoice(self, choice: int, rate: int) -> None:
        given = DoubtInput(self.invoices[choice % len(self.invoices)], self.today, rate)
        with suppress(InvalidInputError), transaction():
            doubt_invoice(given)

    @precondition(lambda self: self.invoices)
    @rule(choice=st.integers(0))
    def doubt_no_longer(self, choice: int) -> None:
        with transaction():
            end_doubt(self.invoices[choice % len(self.invoices)], today=self.today)

    @precondition(lambda self: self.payments)
    @rule(
        choice=st.integers(0),
        invoice=st.integers(0),
        kind=st.sampled_from(KeptKind),
        share=st.sampled_from([30, 100]),
    )
    def keep_what_was_too_much(self, choice: int, invoice: int, kind: KeptKind, share: int) -> None:
        payment_id = self.payments[choice % len(self.payments)]
        cents = open_of_payment(payment_id) * share // 100
        about = self.invoices[invoice % len(self.invoices)]
        with suppress(InvalidInputError), transaction():
            self.kept.append(keep_surplus(KeepInput(payment_id, kind, cents, self.today, about)).id)

    @precondition(lambda self: self.kept)
    @rule(choice=st.integers(0))
    def keep_it_no_longer(self, choice: int) -> None:
        with suppress(ConflictError), transaction():
            undo_kept_surplus(self.kept[choice % len(self.kept)], reason="Erreur", today=self.today)

    @invariant()
    def the_customer_account_is_what_is_owed(self) -> None:
        for customer_id in getattr(self, "customers", []):
            code = db.session.get_one(Customer, customer_id).number
            owed = db.session.scalar(
                select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0)).where(
                    EntryLine.auxiliary_code == code
                )
            )
            unbooked = sum(
                _total_left(invoice.id)
                for invoice in (db.session.get_one(Document, id_) for id_ in self.invoices)
                if invoice.customer_id == customer_id and is_advance(invoice)
            )
            due = customer_due_cents(customer_id) - customer_credit_cents(customer_id)
            assert int(owed or 0) == due - unbooked

    @invariant()
    def the_ledger_holds(self) -> None:
        if hasattr(self, "customers"):
            assert list(company_faults()) == []

    @invariant()
    def numbers_have_no_gap(self) -> None:
        if not hasattr(self, "customers"):
            return
        for kind in DocumentKind:
            rows = db.session.execute(
                select(Document.issue_date, Document.sequence)
                .where(Document.kind == kind, Document.number.is_not(None))
                .order_by(Document.number)
            ).all()
            dated = [(day, rank) for day, rank in rows if day is not None]
            assert len(dated) == len(rows)
            for year in {day.year for day, _ in dated}:
                of_year = [row for row in dated if row[0].year == year]
                assert [rank for _, rank in of_year] == list(range(1, len(of_year) + 1))
                assert of_year == sorted(of_year)

    def _check_each_invoice(self) -> None:
        """On each invoice's key: the open part on the customer account, and the VAT that must still wait."""
        for invoice_id in self.invoices:
            balance, invoice = balance_of(invoice_id), db.session.get_one(Document, invoice_id)
            assert 0 <= balance.open_cents <= balance.total_cents
            is_deposit = invoice.invoice_type is InvoiceType.DEPOSIT
            waiting: dict[int, int] = {}
            if (invoice.regime is VatRegime.COLLECTION or is_deposit) and balance.total_cents:
                for v in credit_left(invoice).parts:
                    if v.kind is SupplyKind.SERVICE or is_deposit:
                        waiting[v.rate] = waiting.get(v.rate, 0) + v.vat_cents
                for rate, cents in _never_due(invoice_id).items():
                    waiting[rate] -= cents
            total = balance.total_cents - balance.credited_cents - balance.reduced_cents
            collected = balance.paid_cents - balance.given_back_cents + balance.absorbed_cents
            due = sum(due_vat(waiting, collected, total).values())
            if is_advance(invoice):
                received = _total_left(invoice_id) - balance.open_cents
                assert -_on_key(f"advance:{invoice_id}", AccountRole.DEPOSITS) == received
                assert _on_key(f"advance:{invoice_id}", AccountRole.VAT_ON_DEPOSITS) == due
                for role in (AccountRole.CUSTOMERS, AccountRole.DOUBTFUL, AccountRole.VAT_WAITING):
                    assert _on_key(f"invoice:{invoice_id}", role) == 0
                continue
            for role in (AccountRole.DEPOSITS, AccountRole.VAT_ON_DEPOSITS):
                assert _on_key(f"advance:{invoice_id}", role) == 0
            doubtful = balance.open_cents if balance.is_doubtful else 0
            assert _on_key(f"invoice:{invoice_id}", AccountRole.DOUBTFUL) == doubtful
            assert _on_key(f"invoice:{invoice_id}", AccountRole.CUSTOMERS) == balance.open_cents - doubtful
            still = sum(waiting.values()) - due
            assert -_on_key(f"invoice:{invoice_id}", AccountRole.VAT_WAITING) == still


def _total_left(invoice_id: int) -> int:
    balance = balance_of(invoice_id)
    return balance.total_cents - balance.credited_cents


def _never_due(invoice_id: int) -> dict[int, int]:
    """VAT per rate that waited and that the write-offs which stand have given up."""
    rows = db.session.scalars(select(WriteOff).where(WriteOff.invoice_id == invoice_id))
    found: dict[int, int] = {}
    for row in rows:
        if row.undoes_id is None and row.undo is None:
            for part in row.vat:
                if part.is_waiting:
                    found[part.vat_rate] = found.get(part.vat_rate, 0) + part.vat_cents
    return found


def _on_key(match_key: str, role: AccountRole) -> int:
    cents = db.session.scalar(
        select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0))
        .join(Account, Account.id == EntryLine.account_id)
        .where(EntryLine.match_key == match_key, Account.role == role.value)
    )
    return int(cents or 0)


def _siren(number: int) -> str:
    head = f"{10_000_000 + number}"
    return head + luhn.calc_check_digit(head)


# In full it takes 2 240 s on one engine.
@pytest.mark.timeout(5400 if LONG else 1800)
@pytest.mark.parametrize("engine", ["app", pytest.param("postgres_app", marks=pytest.mark.long)])
def test_books_and_documents_agree_whatever_people_do(request, engine):
    machine = type("Machine", (MoneyMachine,), {"app": request.getfixturevalue(engine)})
    # Each example is a company with its books: a dozen short ones take about ten seconds, the long run five minutes.
    run_state_machine_as_test(machine, settings=settings(max_examples=150 if LONG else 12))
