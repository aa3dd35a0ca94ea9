"""The owner of a workshop files her return each month: goods by invoice, services by payment, and everything that
takes back. The figures are worked out by hand beside each step."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from accounting.facts import SaleTreatment, SupplyKind
from accounting.reading.vat_form import Ca3Line
from accounting.reading.vat_report import vat_report, vat_report_faults
from accounting.reading.waiting_vat import waiting_documents, waiting_keys
from accounting.settings.chosen import accounting_settings
from core.database import transaction
from invoicing.collected import collected_rows
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.give_back import MoneyBack, give_back
from invoicing.receivables import WriteOffKind
from invoicing.refunds import RefundKind
from invoicing.vat_categories import VatCase
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
MAY = (date(2026, 5, 1), date(2026, 5, 31))
JUNE = (date(2026, 6, 1), date(2026, 6, 30))


def by_rate(period) -> dict[int, tuple[int, int, int, int]]:
    """Rate → net and VAT by invoice, net and VAT by payment, in cents."""
    report = vat_report(*period)
    assert report.holds
    return {
        row.rate // 100: (
            row.invoice_net_cents, row.invoice_vat_cents, row.payment_net_cents, row.payment_vat_cents,
        )
        for row in report.rates
    }  # fmt: skip


def form(period) -> dict[str, tuple[int | None, int | None]]:
    return {row.line.value: (row.base_euros, row.vat_euros) for row in vat_report(*period).form_rows}


def test_goods_by_invoice_services_by_payment_and_what_takes_back(each_company):
    customer = make_customer_()
    # April: 300 of goods and 100 of work on one invoice, both at 20 %; 200 of work at 10 % on another.
    with transaction():
        mixed = issue(
            make_line("1", "300", goods=True),
            make_line("1", "100"),
            customer=customer,
            today=date(2026, 4, 3),
        )
        works = issue(make_line("1", "200", rate="10"), customer=customer, today=date(2026, 4, 20))
    # Nothing is paid: only the goods are taxed; 20 and 20 wait.
    assert by_rate(APRIL) == {20: (300_00, 60_00, 0, 0)}
    assert form(APRIL) == {
        "A1": (300, None), "08": (300, 60), "16": (None, 60), "19": (None, 0), "20": (None, 0), "23": (None, 0),
        "28": (None, 60),
    }  # fmt: skip
    waiting = {row.document.name: row.waiting_cents for row in waiting_documents(waiting_keys(APRIL[1]))}
    assert waiting == {mixed.number: 20_00, works.number: 20_00}

    # May: the mixed invoice is paid by half (240 of 480): half of 20 is due; the other one whole.
    with transaction():
        pay(mixed, "240", paid_on=date(2026, 5, 5))
        whole = pay(works, "220", paid_on=date(2026, 5, 6))
    assert by_rate(MAY) == {20: (0, 0, 50_00, 10_00), 10: (0, 0, 200_00, 20_00)}
    assert form(MAY)["08"] == (50, 10)
    assert form(MAY)["9B"] == (200, 20)
    assert by_rate(APRIL) == {20: (300_00, 60_00, 0, 0)}

    # June: half of the work at 10 % is credited after it was paid: 10 of VAT, collected in May, comes back.
    # The bank of the customer then takes all 220 back, so the other half is not collected either.
    with transaction():
        credit_invoice(
            works.id, choice=CreditChoice({1: 5_000}), reason="Moins de travaux", today=date(2026, 6, 2)
        )  # fmt: skip
    assert by_rate(JUNE) == {10: (0, 0, -100_00, -10_00)}
    assert vat_report(*JUNE).has_negative_line
    with transaction():
        give_back(MoneyBack(whole.id, 220_00, date(2026, 6, 9), RefundKind.DISPUTE, external_id="dp_1"))
    june = vat_report(*JUNE)
    assert june.holds
    assert by_rate(JUNE)[10][3] <= -10_00
    quarter = vat_report(APRIL[0], JUNE[1])
    assert quarter.vat_cents == sum(vat_report(*month).vat_cents for month in (APRIL, MAY, JUNE))
    all_is_well()


def test_what_is_not_taxed_stands_on_its_lines(company):
    abroad = make_customer_(name="Muster GmbH", country="DE", siren="", vat_number="DE129273398")
    builder = make_customer_(vat_number="FR83404833048")
    with transaction():
        issue(
            make_line("1", "500", rate="0", goods=True), customer=abroad, vat_case=VatCase.INTRA_EU,
            today=date(2026, 4, 3),
        )  # fmt: skip
        issue(
            make_line("1", "80", rate="0"), customer=abroad, vat_case=VatCase.INTRA_EU, today=date(2026, 4, 4)
        )
        issue(
            make_line("1", "70", rate="0"), customer=builder, vat_case=VatCase.CONSTRUCTION,
            today=date(2026, 4, 5),
        )  # fmt: skip
    report = vat_report(*APRIL)
    assert {(row.treatment, row.kind): (row.net_cents, row.line) for row in report.untaxed} == {
        (SaleTreatment.INTRA_EU, SupplyKind.GOODS): (500_00, Ca3Line.F2),
        (SaleTreatment.INTRA_EU, SupplyKind.SERVICE): (80_00, Ca3Line.E2),
        (SaleTreatment.REVERSE_CHARGE, SupplyKind.SERVICE): (70_00, Ca3Line.E2),
    }
    assert form(APRIL)["E2"] == (150, None)
    assert form(APRIL)["F2"] == (500, None)
    assert report.rates == ()
    assert report.holds


def test_with_the_option_for_debits_the_invoice_decides(company):
    with transaction():
        accounting_settings().vat_on_debits_from = date(2026, 1, 1)
    with transaction():
        invoice = issue(make_line("1", "99.99"), customer=make_customer(), today=date(2026, 4, 3))
        pay(invoice, "119.99", paid_on=date(2026, 5, 3))
        credit_invoice(invoice.id, reason="Geste", today=date(2026, 6, 3))
    assert by_rate(APRIL) == {20: (99_99, 20_00, 0, 0)}
    assert by_rate(MAY) == {}
    assert by_rate(JUNE) == {20: (-99_99, -20_00, 0, 0)}
    assert form(APRIL)["08"] == (100, 20)


def test_what_is_given_up_is_a_correction_and_no_payment(company):
    # 120 of work, paid but for 12: 90 % of its 20 fall due. Of the 12 their 2 never do; the discount's come back.
    with transaction():
        customer = make_customer()
        lost = issue(make_line("1", "100"), customer=customer, today=date(2026, 4, 3))
        goods = issue(make_line("1", "100", goods=True), customer=customer, today=date(2026, 4, 3))
        pay(lost, "108", paid_on=date(2026, 5, 4))
        pay(goods, "108", paid_on=date(2026, 5, 4))
    with transaction():
        write_off(WriteOffInput(lost.id, WriteOffKind.LOSS, 12_00, date(2026, 6, 3)))
        write_off(WriteOffInput(goods.id, WriteOffKind.DISCOUNT, 12_00, date(2026, 6, 4)))
    assert by_rate(MAY) == {20: (0, 0, 90_00, 18_00)}
    (row,) = vat_report(*JUNE).rates
    assert (row.payment_vat_cents, row.correction_net_cents, row.correction_vat_cents) == (0, -10_00, -2_00)
    assert [r.total_cents for r in collected_rows(*JUNE)] == []
    assert waiting_keys(JUNE[1]) == []
    all_is_well()


@pytest.mark.parametrize("cents", [1, -1])
def test_a_ledger_that_says_something_else_is_found(company, cents):
    with transaction():
        issue(make_line("1", "100", goods=True), customer=make_customer(), today=date(2026, 4, 3))
    assert vat_report_faults(*APRIL) == []
    with transaction() as session:
        session.execute(text("DROP TRIGGER frozen_entry_line_update"))
        session.execute(
            text(
                "UPDATE entry_line SET credit_cents = credit_cents + :cents"
                " WHERE vat_rate = 2000 AND credit_cents = 2000"
            ),
            {"cents": cents},
        )
    report = vat_report(*APRIL)
    assert not report.holds
    assert [row.difference_cents for row in report.rates] == [cents]
    assert vat_report_faults(*APRIL) == [f"VAT at 20 %: the report has 2000, the ledger {2000 + cents}"]


def make_customer_(**changes):
    with transaction():
        return make_customer(**changes)
