"""The report of VAT of a period, as a return (CA3) needs it: what falls due by invoice and what by payment, tied to the
ledger.

What documents say comes through `vat_sales`, what was booked from the entries; both are shown side by side. Per rate:

- **by invoice**: VAT due when the document is issued (goods, and services under the option for debits);
- **by payment**: what went from waiting to due in the period, the same amounts as from 44574 to 44571; its net is
  worked out from the VAT (practice);
- **corrections**: VAT that other entries take back or claim again (a discount for early payment, a debt that is lost,
  its recovery), without any that waited becoming due.

Bases and VAT are rounded to the euro on the form only (practice).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from accounting.carried_lines import is_later_than, is_repetition
from accounting.chart import read_chart
from accounting.facts import SaleTreatment, SupplyKind
from accounting.models import SIGNED_CENTS, Account, EntryLine, Journal, JournalEntry, JournalKind
from accounting.reading.vat_form import OVERSEAS_POSTCODES, Ca3Form, Ca3Line, form_on, line_of_untaxed
from accounting.reading.vat_sales import VatSale, vat_sales
from accounting.reading.waiting_vat import WaitingKey, is_waiting_line, waiting_keys
from accounting.roles import AccountRole
from core.database import db
from core.models import Company
from core.money import round_half_up_div
from core.tenancy import current_company_id

VAT_DUE, VAT_ON_ASSETS, VAT_CREDIT_CARRIED, VAT_DEDUCTIBLE = "4457%", "44562%", "44567%", "4456%"
"""Accounts of VAT by the plan comptable général: the roles' prefixes hold all accounts a company may choose to them."""

_ALL_DAYS = (date(1900, 1, 1), date(2999, 12, 31))


@dataclass(frozen=True)
class VatRateRow:
    """One rate (1/100 %). Cents; what is taken back is below zero. `ledger_vat_cents`: movements of 44571."""

    rate: int
    invoice_net_cents: int
    invoice_vat_cents: int
    payment_vat_cents: int
    correction_vat_cents: int
    ledger_vat_cents: int

    @property
    def payment_net_cents(self) -> int:
        """The net of what was paid, worked out from its VAT."""
        return _net_of(self.payment_vat_cents, self.rate)

    @property
    def correction_net_cents(self) -> int:
        """The net of what was taken back, worked out from its VAT."""
        return _net_of(self.correction_vat_cents, self.rate)

    @property
    def net_cents(self) -> int:
        """The base of the return."""
        return self.invoice_net_cents + self.payment_net_cents + self.correction_net_cents

    @property
    def vat_cents(self) -> int:
        """VAT due."""
        return self.invoice_vat_cents + self.payment_vat_cents + self.correction_vat_cents

    @property
    def difference_cents(self) -> int:
        """What the ledger has beyond it: zero when the report holds."""
        return self.ledger_vat_cents - self.vat_cents


@dataclass(frozen=True)
class UntaxedRow:
    """Sales without VAT of one treatment and kind, by invoice date, and the line of the return that takes them."""

    treatment: SaleTreatment
    kind: SupplyKind
    net_cents: int
    line: Ca3Line | None


@dataclass(frozen=True)
class FormRow:
    """A line of the return in whole euros; None where the form has no such box."""

    line: Ca3Line
    base_euros: int | None
    vat_euros: int | None


@dataclass(frozen=True)
class VatReport:
    """The report of `starts_on` to `ends_on`, both included.

    `waiting` is the VAT on what is unpaid, document by document; `waiting_ledger_cents` the balance of the accounts it
    stands on; `waiting_taken_over_cents` came with other software's books and is of no invoice that was open there.
    `without_rate_cents` moved on 44571 without a rate: no report can place it.
    """

    starts_on: date
    ends_on: date
    rates: tuple[VatRateRow, ...]
    untaxed: tuple[UntaxedRow, ...]
    deductible_cents: int
    deductible_on_assets_cents: int
    waiting: tuple[WaitingKey, ...]
    waiting_ledger_cents: int
    waiting_taken_over_cents: int
    without_rate_cents: int
    form: Ca3Form
    is_overseas: bool

    @property
    def vat_cents(self) -> int:
        """All VAT due."""
        return sum(row.vat_cents for row in self.rates)

    @property
    def ledger_vat_cents(self) -> int:
        """All movements of 44571."""
        return sum(row.ledger_vat_cents for row in self.rates) + self.without_rate_cents

    @property
    def is_empty(self) -> bool:
        """True when nothing of VAT happened."""
        return not (self.rates or self.untaxed or self.deductible_cents or self.deductible_on_assets_cents)

    @property
    def holds(self) -> bool:
        """True when the report is the ledger, to the cent."""
        return (
            not self.without_rate_cents
            and not self.waiting_difference_cents
            and not any(row.difference_cents for row in self.rates)
        )

    @property
    def waiting_cents(self) -> int:
        """VAT not due yet on the last day: by document, and what was taken over on none."""
        return sum(key.cents for key in self.waiting) + self.waiting_taken_over_cents

    @property
    def waiting_difference_cents(self) -> int:
        """What the waiting accounts hold beyond the documents: zero when the books hold."""
        return self.waiting_ledger_cents - self.waiting_cents

    @cached_property
    def form_rows(self) -> tuple[FormRow, ...]:
        """The lines of the return; totals add up the rounded lines, as the form does."""
        bases, vats = Counter[Ca3Line](), Counter[Ca3Line]()
        for row in self.rates:
            line = self.form.line_of_rate(row.rate, is_overseas=self.is_overseas)
            bases[line] += row.net_cents
            vats[line] += row.vat_cents
        untaxed = Counter[Ca3Line]()
        for sale in self.untaxed:
            if sale.line is not None:
                untaxed[sale.line] += sale.net_cents
        taxed = [FormRow(line, _euros(bases[line]), _euros(vats[line])) for line in Ca3Line if line in bases]
        due = sum(row.vat_euros or 0 for row in taxed)
        assets, others = _euros(self.deductible_on_assets_cents), _euros(self.deductible_cents)
        net = due - assets - others
        return (
            FormRow(Ca3Line.A1, sum(row.base_euros or 0 for row in taxed), None),
            *(FormRow(line, _euros(untaxed[line]), None) for line in Ca3Line if line in untaxed),
            *taxed,
            FormRow(Ca3Line.L16, None, due),
            FormRow(Ca3Line.L19, None, assets),
            FormRow(Ca3Line.L20, None, others),
            FormRow(Ca3Line.L23, None, assets + others),
            FormRow(Ca3Line.L28 if net >= 0 else Ca3Line.L25, None, abs(net)),
        )

    @property
    def has_negative_line(self) -> bool:
        """True when credits exceed sales on a line: the form takes no minus (line 21 instead: practice)."""
        return any((row.base_euros or 0) < 0 or (row.vat_euros or 0) < 0 for row in self.form_rows)


def vat_report(starts_on: date, ends_on: date) -> VatReport:
    """The report of these days, of the company entered. A few queries; their time grows with the period's lines."""
    sales = vat_sales(starts_on, ends_on)
    movements = _movements(starts_on, ends_on)
    others, assets = _deductible(starts_on, ends_on)
    waiting = waiting_keys(ends_on)
    on_accounts = _on_waiting_accounts(waiting, ends_on)
    company = db.session.get_one(Company, current_company_id())
    return VatReport(
        starts_on=starts_on,
        ends_on=ends_on,
        rates=tuple(_rate_rows(sales, movements)),
        untaxed=tuple(_untaxed_rows(sales)),
        deductible_cents=others,
        deductible_on_assets_cents=assets,
        waiting=tuple(waiting),
        waiting_ledger_cents=_credit(*on_accounts),
        waiting_taken_over_cents=_credit(*on_accounts, EntryLine.match_key == "", _is_taken_over()),
        without_rate_cents=sum(moved.due_cents for moved in movements if moved.rate is None),
        form=form_on(ends_on),
        is_overseas=company.postcode.startswith(OVERSEAS_POSTCODES),
    )


def vat_report_faults(starts_on: date, ends_on: date) -> list[str]:
    """Where the report of a period and the ledger differ, one English sentence each; empty when they agree.

    Of books whose documents are not kept here (the ledger's own tests) there is nothing to compare by rate.
    """
    return list(_faults(vat_report(starts_on, ends_on), has_documents=bool(vat_sales(starts_on, ends_on))))


def check_vat() -> list[str]:
    """`vat_report_faults` of all days there are; run by `solde verify` for every company."""
    return vat_report_faults(*_ALL_DAYS)


def _faults(report: VatReport, *, has_documents: bool) -> Iterator[str]:
    for row in report.rates:
        if row.difference_cents and has_documents:
            yield f"VAT at {row.rate / 100:g} %: the report has {row.vat_cents}, the ledger {row.ledger_vat_cents}"
    if report.without_rate_cents:
        yield f"{report.without_rate_cents} cents moved on accounts of VAT due without a rate"
    if report.waiting_difference_cents:
        yield f"waiting VAT: {report.waiting_cents} by document, {report.waiting_ledger_cents} on the accounts"


class _Moved(NamedTuple):
    """VAT that entries of one sort moved at one rate: on accounts of VAT due, and on waiting ones. Credits in cents.

    `is_transfer`: it went from one to the other, as a payment or its being taken back moves it.
    """

    rate: int | None
    is_sale: bool
    is_transfer: bool
    due_cents: int
    waiting_cents: int


def _movements(starts_on: date, ends_on: date) -> list[_Moved]:
    """What the entries of the period moved, opening entries left out (they repeat, or belong to another software)."""
    credit = EntryLine.credit_cents - EntryLine.debit_cents
    is_sale = and_(JournalEntry.source_kind == "document", JournalEntry.purpose == "sale")
    by_entry = (
        select(
            EntryLine.vat_rate.label("rate"),
            func.max(case((is_sale, 1), else_=0)).label("is_sale"),
            func.sum(case((is_waiting_line(), 0), else_=credit)).label("due"),
            func.sum(case((is_waiting_line(), credit), else_=0)).label("waiting"),
        )
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(
            JournalEntry.entry_date.between(starts_on, ends_on),
            Journal.kind != JournalKind.OPENING,
            or_(and_(Account.number.like(VAT_DUE), EntryLine.match_key == ""), is_waiting_line()),
        )
        .group_by(EntryLine.entry_id, EntryLine.vat_rate)
        .subquery()
    )
    columns = by_entry.c
    is_opposite = or_(and_(columns.due > 0, columns.waiting < 0), and_(columns.due < 0, columns.waiting > 0))
    transfer = case((is_opposite, 1), else_=0)
    rows = db.session.execute(
        select(
            columns.rate, columns.is_sale, transfer, func.sum(columns.due), func.sum(columns.waiting)
        ).group_by(columns.rate, columns.is_sale, transfer)
    )
    return [
        _Moved(rate, bool(sale), bool(moved), int(due), int(waiting))
        for rate, sale, moved, due, waiting in rows
    ]


def _rate_rows(sales: Iterable[VatSale], movements: Iterable[_Moved]) -> Iterator[VatRateRow]:
    invoice_net, invoice_vat, payment_vat = Counter[int](), Counter[int](), Counter[int]()
    corrections, ledger = Counter[int](), Counter[int]()
    for sale in sales:
        if not sale.rate:
            continue
        if sale.on_collection:
            # All of it, less what the entry of the document leaves waiting (below).
            payment_vat[sale.rate] += sale.vat_cents
        else:
            invoice_net[sale.rate] += sale.net_cents
            invoice_vat[sale.rate] += sale.vat_cents
    for moved in movements:
        if moved.rate is None:
            continue
        ledger[moved.rate] += moved.due_cents
        if moved.is_sale:
            payment_vat[moved.rate] -= moved.waiting_cents
        elif moved.is_transfer:
            payment_vat[moved.rate] += moved.due_cents
        else:
            corrections[moved.rate] += moved.due_cents
    columns = (invoice_net, invoice_vat, payment_vat, corrections, ledger)
    for rate in sorted({rate for column in columns for rate in column}, reverse=True):
        row = VatRateRow(rate, *(column[rate] for column in columns))
        if any(column[rate] for column in columns):
            yield row


def _untaxed_rows(sales: Iterable[VatSale]) -> Iterator[UntaxedRow]:
    sums = Counter[tuple[SaleTreatment, SupplyKind]]()
    for sale in sales:
        if not sale.rate:
            sums[sale.treatment, sale.kind] += sale.net_cents
    for (treatment, kind), net_cents in sorted(sums.items()):
        if net_cents:
            yield UntaxedRow(treatment, kind, net_cents, line_of_untaxed(treatment, kind))


def _deductible(starts_on: date, ends_on: date) -> tuple[int, int]:
    """VAT that may be deducted, by the movements of 4456: on goods and services, on fixed assets. Cents."""
    debit = SIGNED_CENTS
    is_asset = Account.number.like(VAT_ON_ASSETS)
    row = db.session.execute(
        select(
            func.coalesce(func.sum(case((is_asset, 0), else_=debit)), 0),
            func.coalesce(func.sum(case((is_asset, debit), else_=0)), 0),
        )
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(
            JournalEntry.entry_date.between(starts_on, ends_on),
            Journal.kind != JournalKind.OPENING,
            Account.number.like(VAT_DEDUCTIBLE),
            Account.number.not_like(VAT_CREDIT_CARRIED),
        )
    ).one()
    return int(row[0]), int(row[1])


def _on_waiting_accounts(waiting: Iterable[WaitingKey], day: date) -> tuple[ColumnElement[bool], ...]:
    """SQL: the EntryLine at hand is on an account of waiting VAT, whatever it says, until the end of a day."""
    usual = read_chart().account_id(AccountRole.VAT_WAITING)
    accounts = sorted({usual} | {key.account_id for key in waiting})
    return EntryLine.account_id.in_(accounts), ~is_later_than(day), ~is_repetition()


def _is_taken_over() -> ColumnElement[bool]:
    entries = select(JournalEntry.id).where(JournalEntry.purpose.in_(("takeover", "takeover_undo")))
    return EntryLine.entry_id.in_(entries)


def _credit(*conditions: ColumnElement[bool]) -> int:
    """What these lines leave in credit, in cents."""
    held = select(func.sum(EntryLine.credit_cents - EntryLine.debit_cents)).where(*conditions)
    return int(db.session.scalar(held) or 0)


def _net_of(vat_cents: int, rate: int) -> int:
    return round_half_up_div(vat_cents * 10_000, rate) if rate else 0


def _euros(cents: int) -> int:
    return round_half_up_div(cents, 100)
