"""What people do with the books beside invoices and money: months and years, the bank, cheques, exports, the settings.

The rules of `test_money_machine` on which its own stand. They need its days, customers, invoices and payments.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from accounting.bank_positions import bank_positions, bookable_accounts
from accounting.carried_lines import carrying_entries
from accounting.closed_periods import close_months, month_ends, reopen_months
from accounting.closing.close_year import close_year
from accounting.errors import AccountingError, MonthNotClosable, YearNotClosable
from accounting.exports.cancel_batch import cancel_batch
from accounting.exports.make_batch import StoredExport, make_batch
from accounting.exports.models import ExportBatchCancellation, ExportBatchItem
from accounting.exports.selection import ExportChoice, preview_export, usual_journals
from accounting.exports.write_file import write_export
from accounting.fiscal_years import fiscal_years
from accounting.models import (
    SIGNED_CENTS,
    Account,
    AccountingSettings,
    CustomerAccounts,
    EntryLine,
    Journal,
    JournalEntry,
    SalesExtension,
)
from accounting.reading.ageing import ageing
from accounting.reading.customers_in_credit import customers_in_credit
from accounting.reading.trial_balance import trial_balance
from accounting.reading.vat_report import vat_report_faults
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from accounting.settings.choose_customer_accounts import choose_customer_accounts
from accounting.settings.choose_sales_extension import choose_sales_extension
from core.checks import company_faults
from core.database import commit_once, db, transaction
from core.errors import ConflictError
from core.files import put_path
from invoicing.bank.banks import banks
from invoicing.bank.book_line import book_line
from invoicing.bank.cheques import cheques_in_hand
from invoicing.bank.confirm_proposal import confirm_proposal
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.lines import is_awaited, is_decided, proposals_of
from invoicing.bank.models import BankLine
from invoicing.bank.reconciliation import reconciliation
from invoicing.bank.statement_files import keep_file
from invoicing.bank.undo_deposit import undo_deposit
from invoicing.bank.undo_match import undo_match
from invoicing.cancel_payment import CardPaymentError, cancel_payment
from invoicing.errors import InvalidInputError
from invoicing.open_invoices import all_open_invoices
from invoicing.payments import Payment, PaymentMethod, PaymentReversal, ReversalKind
from invoicing.refunds import DisputeWin, Refund
from tests.accounting.test_random_histories import fec_sums
from tests.invoicing.bank.bank_files import camt
from tests.scenarios.money import all_is_well

PARIS = ZoneInfo("Europe/Paris")
LAST_DAY = date(2026, 9, 30)
STEPS_BETWEEN_LOOKS = 5
CHANGING_ROLES = (
    (AccountRole.CUSTOMERS, None, "411"),
    (AccountRole.SALES_SERVICE, None, "706"),
    (AccountRole.SALES_GOODS, 2000, "707"),
    (AccountRole.REBATES_GOODS, None, "709"),
    (AccountRole.VAT_COLLECTED, 2000, "44571"),
    (AccountRole.VAT_COLLECTED, None, "44571"),
    (AccountRole.VAT_WAITING, None, "44574"),
    (AccountRole.BANK, None, "512"),
    (AccountRole.CHEQUES, None, "5112"),
    (AccountRole.DEPOSITS, None, "4191"),
    (AccountRole.VAT_ON_DEPOSITS, None, "4458"),
    (AccountRole.DOUBTFUL, None, "416"),
    (AccountRole.LATE_PENALTIES, None, "763"),
)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), PARIS)


class BooksRules(RuleBasedStateMachine):
    """One company whose clock goes with its story: what is posted first is validated first."""

    today: date
    invoices: list[int]
    payments: list[int]

    def start_the_clock(self, day: date) -> None:
        self.today = day
        self.travel = time_machine.travel(noon(day), tick=True)
        self.clock = self.travel.start()
        self.count = self.steps = 0
        self.slips: list[int] = []
        self.batches: list[int] = []

    def stop_the_clock(self) -> None:
        self.travel.stop()

    def move_to(self, day: date) -> None:
        if day > self.today:
            self.today = min(day, LAST_DAY)
            self.clock.move_to(noon(self.today))

    def next_number(self) -> int:
        self.count += 1
        return self.count

    @rule(days=st.integers(0, 40))
    def days_go_by(self, days: int) -> None:
        self.move_to(self.today + timedelta(days=days))

    @rule()
    def the_new_year_comes(self) -> None:
        self.move_to(date(self.today.year + 1, 1, 4))

    # Months and years.

    @precondition(lambda _self: bool(fiscal_years()))
    @rule(year=st.integers(0), month=st.integers(0, 11))
    def close_some_months(self, year: int, month: int) -> None:
        years = fiscal_years()
        found = years[year % len(years)]
        ends = month_ends(found)
        with suppress(MonthNotClosable), transaction():
            close_months(found.id, ends[month % len(ends)], today=self.today)

    @precondition(lambda _self: bool(fiscal_years()))
    @rule(year=st.integers(0), month=st.integers(1, 12))
    def open_months_again(self, year: int, month: int) -> None:
        years = fiscal_years()
        found = years[year % len(years)]
        with suppress(MonthNotClosable), transaction():
            reopen_months(found.id, found.starts_on.replace(month=month))

    @precondition(lambda _self: bool(fiscal_years()))
    @rule(year=st.integers(0))
    def close_a_year(self, year: int) -> None:
        open_years = [found for found in reversed(fiscal_years()) if found.closed_at is None]
        if open_years:
            with suppress(YearNotClosable), transaction():
                first = close_year(open_years[0].id, today=self.today)
                assert close_year(first.id, today=self.today) is first

    # The bank.

    @rule(
        known=st.lists(st.integers(0), max_size=3),
        by_invoice=st.lists(st.integers(0), max_size=2),
        others=st.lists(st.sampled_from([-18_40, -250_00, 7_00, 120_00]), max_size=2),
    )
    def a_statement_comes(self, known: list[int], by_invoice: list[int], others: list[int]) -> None:
        bank = banks()[0]
        positions = bank_positions(bank.account_id, is_awaited())
        amounts = [(positions[i % len(positions)].cents, "VIR") for i in known] if positions else []
        due = all_open_invoices()
        amounts += [(row.open_cents, row.number) for i in by_invoice if due for row in [due[i % len(due)]]]
        amounts += [(cents, "DIVERS") for cents in others]
        day = self.today.isoformat()
        entries = [
            (day, f"{cents / 100:.2f}", f"{text} {self.next_number()}", "", "")
            for cents, text in amounts
            if cents
        ]
        if entries:
            file_id = keep_file(camt(*entries))
            with transaction():
                first = import_statement(file_id, bank.account_id)
                assert import_statement(file_id, bank.account_id) is first

    def open_lines(self) -> list[BankLine]:
        return list(db.session.scalars(select(BankLine).where(~is_decided()).order_by(BankLine.id)))

    @rule(choice=st.integers(0), way=st.integers(0, 4))
    def confirm_a_line(self, choice: int, way: int) -> None:
        lines = self.open_lines()
        if not lines:
            return
        line = lines[choice % len(lines)]
        proposals = proposals_of(line.bank_account_id, [line]).get(line.id, [])
        if proposals:
            chosen = proposals[way % len(proposals)].choice
            with suppress(ConflictError, InvalidInputError), transaction():
                match = confirm_proposal(line.id, chosen)
                if match.payment_id is not None:
                    self.payments.append(match.payment_id)

    @rule(choice=st.integers(0), account=st.integers(0), is_ignored=st.booleans())
    def book_or_ignore_a_line(self, choice: int, account: int, is_ignored: bool) -> None:
        lines = self.open_lines()
        if not lines:
            return
        line_id, accounts = lines[choice % len(lines)].id, bookable_accounts()
        with transaction():
            if is_ignored:
                ignore_line(line_id, "Vu avec la banque")
            else:
                book_line(line_id, accounts[account % len(accounts)].id)

    @rule(choice=st.integers(0))
    def undo_a_line(self, choice: int) -> None:
        lines = list(db.session.scalars(select(BankLine.id).where(is_decided()).order_by(BankLine.id)))
        if lines:
            with suppress(ConflictError), transaction():
                undo_match(lines[choice % len(lines)])

    # Cheques.

    @rule(some=st.integers(1, 4))
    def hand_cheques_in(self, some: int) -> None:
        cheques = [cheque.id for cheque in cheques_in_hand()[:some]]
        if cheques:
            with transaction():
                bank_id, key = banks()[0].account_id, f"slip-{self.next_number()}"
                slip = deposit_cheques(
                    cheques, bank_account_id=bank_id, deposited_on=self.today, request_key=key
                )
                self.slips.append(slip.id)

    @precondition(lambda self: bool(self.slips))
    @rule(choice=st.integers(0))
    def take_a_slip_back(self, choice: int) -> None:
        with suppress(ConflictError), transaction():
            undo_deposit(self.slips[choice % len(self.slips)], reason="Erreur", today=self.today)

    @precondition(lambda self: bool(self.payments))
    @rule(choice=st.integers(0), fee=st.sampled_from([0, 12_00]))
    def the_bank_sends_a_payment_back(self, choice: int, fee: int) -> None:
        payment_id = self.payments[choice % len(self.payments)]
        with suppress(ConflictError, CardPaymentError, InvalidInputError), transaction():
            cancel_payment(
                payment_id,
                reason="Sans provision",
                kind=ReversalKind.REJECTION,
                fee_cents=fee,
                today=self.today,
            )

    # Exports.

    @rule(months=st.integers(0, 30))
    def make_an_export_batch(self, months: int) -> None:
        wanted = ExportChoice("coala", self.today - timedelta(days=30 * months), self.today, usual_journals())
        preview = preview_export(wanted)
        if not preview.can_be_made:
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "export")
            written = write_export(preview, path)
            db.session.rollback()
            made = StoredExport(written, *put_path(path))
        key = f"batch-{self.next_number()}"
        self.batches.append(commit_once(lambda: make_batch(made, request_key=key).id))

    @precondition(lambda self: bool(self.batches))
    @rule(choice=st.integers(0))
    def cancel_an_export_batch(self, choice: int) -> None:
        with transaction():
            cancel_batch(self.batches[choice % len(self.batches)], "Refusé par le logiciel")

    # What the company chooses.

    @rule(choice=st.sampled_from(CHANGING_ROLES), back=st.booleans())
    def choose_another_account(self, choice: tuple[AccountRole, int | None, str], back: bool) -> None:
        role, vat_rate, stem = choice
        number = f"{stem}{'8' if back else '9'}".ljust(6, "0")
        with suppress(AccountingError), transaction():
            assign_account(role, number, f"Compte {number}", vat_rate=vat_rate)

    @rule(extension=st.sampled_from(SalesExtension), customers=st.sampled_from(CustomerAccounts))
    def choose_how_accounts_are_told_apart(
        self, extension: SalesExtension, customers: CustomerAccounts
    ) -> None:
        with suppress(AccountingError), transaction():
            choose_sales_extension(extension)
        with transaction():
            choose_customer_accounts(customers)

    @rule()
    def choose_vat_on_debits(self) -> None:
        with transaction():
            settings = db.session.scalars(select(AccountingSettings)).one()
            settings.vat_on_debits_from = None if settings.vat_on_debits_from else self.today

    # What holds after every step.

    @invariant()
    def the_wallet_is_what_came_by_card_less_what_went_back(self) -> None:
        if not hasattr(self, "clock"):
            return
        assert _balance("512500") == (
            _total(Payment.amount_cents, Payment.method == PaymentMethod.CARD)
            - _total(PaymentReversal.amount_cents, _of_card(PaymentReversal))
            - _total(Refund.amount_cents, _of_card(Refund))
            + int(
                db.session.scalar(
                    select(func.coalesce(func.sum(DisputeWin.amount_cents), 0))
                    .join(Refund, Refund.id == DisputeWin.refund_id)
                    .where(_of_card(Refund))
                )
                or 0
            )
        )

    @invariant()
    def the_books_and_the_documents_agree(self) -> None:
        """Each few steps, and at the end of the story: it takes longer than the step."""
        if hasattr(self, "clock"):
            self.steps += 1
            if self.steps % STEPS_BETWEEN_LOOKS == 0:
                self.look_at_the_books()

    def look_at_the_books(self) -> None:
        """Checks of all that is kept, and what customers owe by age, which is what the books have."""
        assert list(company_faults()) == []
        assert ageing(LAST_DAY).holds
        assert customers_in_credit(LAST_DAY).cents >= 0

    def check_the_books(self) -> None:
        """What takes longer, at the end of a story: files of entries, balances, the bank."""
        self.look_at_the_books()
        all_is_well()
        for year in fiscal_years():
            balance = trial_balance(year.starts_on, year.ends_on)
            assert balance.is_balanced
            moved = {row.number: (row.debit_cents, row.credit_cents) for row in balance.rows}
            found = {number: sums for number, sums in fec_sums(year).items() if any(sums)}
            opened = {row.number: row.opening_cents for row in balance.rows if row.opening_cents}
            if not opened:
                assert found == {number: sums for number, sums in moved.items() if any(sums)}
            assert vat_report_faults(year.starts_on, year.ends_on) == []
        for bank in banks(closed=True):
            reconciliation(bank.account_id)
        self._each_entry_is_in_one_batch_or_in_none()

    def _each_entry_is_in_one_batch_or_in_none(self) -> None:
        """What an export of everything would take, and what batches that stand have, are all entries, each once."""
        journals = usual_journals()
        rest = preview_export(ExportChoice("coala", date(2000, 1, 1), date(2100, 1, 1), journals))
        cancelled = select(ExportBatchCancellation.batch_id)
        held = select(ExportBatchItem.entry_id).where(ExportBatchItem.batch_id.not_in(cancelled))
        ids = list(db.session.scalars(held))
        assert len(ids) == len(set(ids)) == rest.held_count
        entries = (
            select(func.count())
            .select_from(JournalEntry)
            .join(Journal, Journal.id == JournalEntry.journal_id)
            .where(Journal.code.in_(journals))
        )
        assert rest.entry_count + rest.held_count == db.session.scalar(entries)


def _of_card(model: Any) -> Any:
    return model.payment_id.in_(select(Payment.id).where(Payment.method == PaymentMethod.CARD))


def _total(column: Any, condition: Any) -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(column), 0)).where(condition)) or 0)


def _balance(number: str) -> int:
    found = (
        select(func.coalesce(func.sum(SIGNED_CENTS), 0))
        .join(Account, Account.id == EntryLine.account_id)
        .where(Account.number == number, EntryLine.entry_id.not_in(carrying_entries()))
    )
    return int(db.session.scalar(found) or 0)
