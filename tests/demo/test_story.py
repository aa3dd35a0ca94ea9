"""The demo's story leaves books on which the strict check of the FEC has nothing to remark."""

from __future__ import annotations

from datetime import date

from demo.books import _camt
from demo.story import steps
from invoicing.bank.read_camt import read_camt


def test_nothing_of_an_invoice_happens_in_another_year_of_the_books() -> None:
    for today in (date(2026, 11, 27), date(2027, 1, 5), date(2028, 2, 29)):
        story = steps(today)
        issued = {step.invoice: step.day.year for step in story if step.kind == "issue"}
        assert {step.day.year for step in story} == {today.year - 1, today.year}
        assert [step for step in story if step.day.year != issued[step.invoice]] == []


def test_the_demo_statement_is_one_that_can_be_taken_in() -> None:
    day = date(2026, 11, 26)
    lines = [(day, 12_345, "VIR SEPA F-2026-0001", "Garage & Fils"), (day, -1490, "COTISATION", "")]
    read = read_camt(_camt("FR7630006000011234567890189", -5, lines, date(2026, 11, 1), day))
    assert [line.amount_cents for line in read.lines] == [12_345, -1490]
    assert (read.opening_cents, read.closing_cents) == (-5, 10_850)
