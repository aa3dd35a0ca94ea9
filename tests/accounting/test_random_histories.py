"""Random histories of one customer: whatever is issued, paid, used, cancelled and credited, the books hold."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count

import pytest
from flask import Flask
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
from stdnum.fr import siren as fr_siren

from accounting.facts import SaleLine, SupplyKind, ThirdParty, Treasury, VatRegime
from accounting.fec.export import write_company_fec
from accounting.fiscal_years import fiscal_years
from accounting.ledger_checks import check_ledger
from accounting.models import Account, EntryLine, FiscalYear
from accounting.reading.trial_balance import trial_balance
from accounting.receivable_facts import WriteOffKind
from accounting.vat_on_collection import due_vat
from core.database import db
from core.seal import verify_chain
from core.tenancy import current_company_id, in_company
from demo.people import siren
from tests._profiles import LONG
from tests.accounting.reading import SIGNED
from tests.accounting.shop import Shop
from tests.conftest import make_company

DAYS = st.dates(date(2025, 10, 1), date(2026, 4, 1))
SALE_LINES = st.builds(
    SaleLine,
    st.sampled_from(SupplyKind),
    st.sampled_from([2000, 1000, 550, 210, 0]),
    st.integers(1, 300_00),
    st.just(0),
)
HISTORIES_OF_A_COMPANY = 10
_ids = count(1)


def _with_vat(lines: list[SaleLine]) -> tuple[SaleLine, ...]:
    """VAT per rate and kind, as a document has it: one line each."""
    nets: dict[tuple[SupplyKind, int], int] = defaultdict(int)
    for line in lines:
        nets[line.kind, line.vat_rate] += line.net_cents
    return tuple(
        SaleLine(kind, rate, net, (net * rate + 5_000) // 10_000) for (kind, rate), net in nets.items()
    )


class Dealings(RuleBasedStateMachine):
    """A customer and a shop."""

    app: Flask
    company_id: int

    @initialize()
    def begin(self) -> None:
        number = next(_ids)
        if number % HISTORIES_OF_A_COMPANY == 0:
            # All of a company's books are gone through at the end of each history.
            digits = siren(number)
            vat_number = f"FR{fr_siren.to_tva(digits)}"
            type(self).company_id = make_company(self.app, siren=digits, vat_number=vat_number)
        self.code = f"C{number:05d}"
        self.shop = Shop(ThirdParty(self.code, "Dupont SARL"), first_id=number * 10_000)

    @contextmanager
    def books(self) -> Iterator[None]:
        with self.app.app_context(), in_company(self.company_id):
            yield

    @rule(lines=st.lists(SALE_LINES, min_size=1, max_size=4), regime=st.sampled_from(VatRegime), on=DAYS)
    def issue(self, lines: list[SaleLine], regime: VatRegime, on: date) -> None:
        with self.books():
            self.shop.invoice(*_with_vat(lines), regime=regime, on=on)

    @precondition(lambda self: self.shop.invoices)
    @rule(data=st.data(), treasury=st.sampled_from(Treasury), on=DAYS)
    def pay(self, data: st.DataObject, treasury: Treasury, on: date) -> None:
        invoice = data.draw(st.sampled_from(list(self.shop.invoices.values())))
        cents = data.draw(
            st.one_of(
                st.integers(1, max(1, invoice.open_cents)),
                st.just(max(1, invoice.open_cents)),
                st.integers(1, 500_00),
            )
        )
        with self.books():
            self.shop.pay(invoice.id, cents, on=on, treasury=treasury)

    @precondition(lambda self: any(self.live_payments()))
    @rule(data=st.data(), on=DAYS)
    def cancel(self, data: st.DataObject, on: date) -> None:
        name = data.draw(st.sampled_from(self.live_payments()))
        with self.books():
            self.shop.cancel(name, on=on)

    @precondition(lambda self: self.uncredited())
    @rule(data=st.data(), on=DAYS)
    def credit(self, data: st.DataObject, on: date) -> None:
        id_ = data.draw(st.sampled_from(self.uncredited()))
        lines = self.shop.invoices[id_].lines
        chosen = data.draw(st.one_of(st.just(lines), st.sampled_from(lines).map(lambda line: (line,))))
        with self.books():
            self.shop.credit(id_, *chosen, on=on)

    @precondition(lambda self: self.surpluses() and self.unpaid())
    @rule(data=st.data(), on=DAYS)
    def use(self, data: st.DataObject, on: date) -> None:
        name = data.draw(st.sampled_from(self.surpluses()))
        with self.books():
            self.shop.use(name, data.draw(st.sampled_from(self.unpaid())), on=on)

    @precondition(lambda self: self.unpaid())
    @rule(data=st.data(), kind=st.sampled_from(WriteOffKind), on=DAYS)
    def give_up(self, data: st.DataObject, kind: WriteOffKind, on: date) -> None:
        invoice = self.shop.invoices[data.draw(st.sampled_from(self.unpaid()))]
        cents = data.draw(st.one_of(st.just(invoice.open_cents), st.integers(1, invoice.open_cents)))
        with self.books():
            self.shop.give_up(invoice.id, kind, cents, on=on)

    @precondition(lambda self: self.written_off())
    @rule(data=st.data(), on=DAYS)
    def claim_again(self, data: st.DataObject, on: date) -> None:
        invoice_id, write_off_id = data.draw(st.sampled_from(self.written_off()))
        with self.books():
            self.shop.claim_again(invoice_id, write_off_id, on=on)

    @precondition(lambda self: self.shop.invoices)
    @rule(data=st.data(), is_doubtful=st.booleans(), on=DAYS)
    def doubt(self, data: st.DataObject, is_doubtful: bool, on: date) -> None:
        with self.books():
            self.shop.doubt(data.draw(st.sampled_from(list(self.shop.invoices))), is_doubtful, on=on)

    def written_off(self) -> list[tuple[int, int]]:
        return [(i.id, id_) for i in self.shop.invoices.values() for id_ in i.given_up]

    def live_payments(self) -> list[str]:
        return [
            name for name, money in self.shop.money.items() if name.startswith("payment") and money.is_live
        ]

    def uncredited(self) -> list[int]:
        """Of what was given up nothing is credited: the verb of invoicing refuses it."""
        return [id_ for id_, i in self.shop.invoices.items() if not i.credited and not i.given_up]

    def surpluses(self) -> list[str]:
        return [name for name, money in self.shop.money.items() if money.surplus_cents and money.is_live]

    def unpaid(self) -> list[int]:
        return [id_ for id_, invoice in self.shop.invoices.items() if invoice.open_cents]

    @invariant()
    def the_customer_account_is_what_is_owed_key_by_key(self) -> None:
        with self.books():
            rows = db.session.execute(
                select(EntryLine.match_key, func.sum(SIGNED))
                .where(EntryLine.auxiliary_code == self.code)
                .group_by(EntryLine.match_key)
            )
            stands = {key: int(cents) for key, cents in rows if cents}
        owed = {i.key: i.open_cents for i in self.shop.invoices.values() if i.open_cents}
        surpluses = {
            m.surplus_key: -m.surplus_cents for m in self.shop.money.values() if m.is_live and m.surplus_cents
        }
        assert stands == {**owed, **surpluses}

    @invariant()
    def what_is_open_stands_on_one_account(self) -> None:
        with self.books():
            rows = db.session.execute(
                select(EntryLine.match_key, Account.number, func.sum(SIGNED))
                .join(Account, Account.id == EntryLine.account_id)
                .where(EntryLine.auxiliary_code == self.code, EntryLine.match_key.in_(self.keys()))
                .group_by(EntryLine.match_key, Account.number)
            )
            stands = {(key, number) for key, number, cents in rows if cents}
        owed = (i for i in self.shop.invoices.values() if i.open_cents)
        assert stands == {(i.key, "416000" if i.is_doubtful else "411000") for i in owed}

    @invariant()
    def the_vat_that_waits_is_that_of_the_unpaid_share(self) -> None:
        with self.books():
            rows = db.session.execute(
                select(EntryLine.match_key, EntryLine.vat_rate, -func.sum(SIGNED))
                .where(EntryLine.auxiliary_code == "", EntryLine.match_key.in_(self.keys()))
                .group_by(EntryLine.match_key, EntryLine.vat_rate)
            )
            waits = {(key, rate): int(cents) for key, rate, cents in rows if cents}
        expected: dict[tuple[str, int], int] = {}
        for invoice in self.shop.invoices.values():
            state = invoice.state()
            waiting = dict(state.waiting_cents)
            due = due_vat(waiting, state.collected_cents, state.total_cents)
            expected |= {
                (invoice.key, rate): waiting[rate] - due[rate]
                for rate in waiting
                if waiting[rate] - due[rate]
            }
        assert waits == expected

    def keys(self) -> list[str]:
        return [invoice.key for invoice in self.shop.invoices.values()]

    def teardown(self) -> None:
        with self.books():
            assert check_ledger() == []
            assert trial_balance(date(2025, 11, 15), date(2026, 2, 1) + timedelta(days=40)).is_balanced
            for year in fiscal_years():
                rows = trial_balance(year.starts_on, year.ends_on).rows
                moved = {row.number: (row.debit_cents, row.credit_cents) for row in rows}
                assert fec_sums(year) == {number: sums for number, sums in moved.items() if any(sums)}
            assert list(verify_chain(current_company_id())) == []


def fec_sums(year: FiscalYear) -> dict[str, tuple[int, int]]:
    """Debits and credits by account, as the file of entries has them; cents."""
    out = io.BytesIO()
    write_company_fec(year, out)
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter="\t"):
        debit, credit = (int(row[name].replace(",", "")) for name in ("Debit", "Credit"))
        before = sums[row["CompteNum"]]
        sums[row["CompteNum"]] = (before[0] + debit, before[1] + credit)
    return sums


@pytest.fixture
def machine(app, company_id):
    Dealings.app, Dealings.company_id = app, company_id
    return Dealings


@pytest.mark.timeout(1800)  # for the long run
def test_the_books_hold_through_any_history(machine):
    run_state_machine_as_test(
        machine, settings=settings(max_examples=300 if LONG else 10, stateful_step_count=20)
    )
