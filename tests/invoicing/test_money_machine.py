"""Whatever people do with invoices and money, in any order: the books and the documents agree."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from stdnum import luhn
from stdnum.fr import siren as fr_siren

from accounting.carried_lines import carrying_entries
from accounting.facts import SupplyKind, VatRegime
from accounting.models import Account, DepositsScheme, EntryLine
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from accounting.settings.chosen import accounting_settings
from accounting.vat_on_collection import due_vat
from core.database import db, transaction
from core.errors import ConflictError
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
from tests.invoicing.books_machine import BooksRules

FIRST_DAY = date(2024, 11, 4)

EXAMPLES = int(os.environ.get("SOLDE_MONEY_STORIES", "0"))
"""More stories than the profile has, for whoever has changed what they are about."""

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


class MoneyMachine(BooksRules):
    """One company, two customers, days that go by."""

    app: Any

    @initialize()
    def begin(self) -> None:
        self.start_the_clock(FIRST_DAY)
        self.context = self.app.app_context()
        self.context.push()
        type(self).companies += 1
        siren = _siren(type(self).companies)
        self.company_id = make_company(self.app, siren=siren, vat_number=f"FR{fr_siren.to_tva(siren)}")
        enter_company(self.company_id)
        self.invoices: list[int] = []
        self.payments: list[int] = []
        self.refunds: list[int] = []
        self.write_offs: list[int] = []
        self.kept: list[int] = []
        with transaction():
            self.customers = [make_customer().id, make_individual().id]
            for customer, method in enumerate((PaymentMethod.CHEQUE, PaymentMethod.TRANSFER)):
                self._sell_and_be_paid_in_part(customer, method)

    def _sell_and_be_paid_in_part(self, customer: int, method: PaymentMethod) -> None:
        """Without an invoice and money most rules have nothing to do."""
        lines = (
            LineInput(
                label="Pose", quantity=10_000, unit_price=200_000_000, vat_rate=2000, kind=SupplyKind.SERVICE
            ),
            LineInput(
                label="Bois", quantity=30_000, unit_price=55_500_000, vat_rate=550, kind=SupplyKind.GOODS
            ),
        )
        draft = draft_invoice(DraftInput(customer_id=self.customers[customer], lines=lines))
        self.invoices.append(issue_invoice(draft.id, today=self.today).id)
        given = PaymentInput(self.invoices[-1], method, 50_00, self.today, request_key=f"first-{customer}")
        self.payments.append(record_payment(given).id)

    companies = 0

    def teardown(self) -> None:
        if hasattr(self, "context"):
            try:
                self.check_the_books()
                self._check_each_invoice()
            finally:
                self.context.pop()
                self.stop_the_clock()

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
        days_ago=st.sampled_from([0, 0, 0, 20, 90]),
    )
    def pay_an_invoice(self, choice: int, share: int, method: PaymentMethod, days_ago: int) -> None:
        invoice_id = self.invoices[choice % len(self.invoices)]
        amount = max(1, balance_of(invoice_id).total_cents * share // 100)
        with transaction():
            # Told late, its day may lie in a month or a year that is closed.
            day = max(self.today - timedelta(days=days_ago), FIRST_DAY)
            given = PaymentInput(invoice_id, method, amount, day, external_id=f"pay_{self.next_number()}")
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
    @rule(choice=st.integers(0), tenths=st.integers(1, 9), by_amounts=st.booleans(), later=st.booleans())
    def credit_a_part(self, choice: int, tenths: int, by_amounts: bool, later: bool) -> None:
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
            credit_invoice(
                invoice_id, reason="Retour", choice=chosen, is_later_discount=later, today=self.today
            )

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

    def look_at_the_books(self) -> None:
        super().look_at_the_books()
        for customer_id in self.customers:
            code = db.session.get_one(Customer, customer_id).number
            owed = db.session.scalar(
                select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0)).where(
                    EntryLine.auxiliary_code == code, EntryLine.entry_id.not_in(carrying_entries())
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
                assert -_on_key(f"advance:{invoice_id}", "4191") == received
                assert _on_key(f"advance:{invoice_id}", "4458") == due
                for stem in ("411", "416", "44574"):
                    assert _on_key(f"invoice:{invoice_id}", stem) == 0
                continue
            for stem in ("4191", "4458"):
                assert _on_key(f"advance:{invoice_id}", stem) == 0
            doubtful = balance.open_cents if balance.is_doubtful else 0
            assert _on_key(f"invoice:{invoice_id}", "416") == doubtful
            assert _on_key(f"invoice:{invoice_id}", "411") == balance.open_cents - doubtful
            still = sum(waiting.values()) - due
            assert -_on_key(f"invoice:{invoice_id}", "44574") == still


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


def _on_key(match_key: str, stem: str) -> int:
    """What stands on the accounts of that stem: the company may have chosen others of it since."""
    cents = db.session.scalar(
        select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0))
        .join(Account, Account.id == EntryLine.account_id)
        .where(
            EntryLine.match_key == match_key,
            Account.number.startswith(stem),
            EntryLine.entry_id.not_in(carrying_entries()),
        )
    )
    return int(cents or 0)


def _siren(number: int) -> str:
    head = f"{10_000_000 + number}"
    return head + luhn.calc_check_digit(head)


@pytest.mark.timeout(5400 if LONG else 1800)
@pytest.mark.parametrize("engine", ["app", pytest.param("postgres_app", marks=pytest.mark.long)])
def test_books_and_documents_agree_whatever_people_do(request, engine):
    machine = type("Machine", (MoneyMachine,), {"app": request.getfixturevalue(engine)})
    # Each example is a company with its books: it takes a second or two in the short run, up to ten in the long one.
    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES or (120 if LONG else 5)))
