"""What a line of the bank may be, and why. Pure: a table of lines, each with the best proposal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounting.bank_positions import BankPosition
from invoicing.bank.models import MatchKind
from invoicing.bank.proposals import Candidates, Line, Proposal, Why, propose
from invoicing.open_invoices import OpenInvoice

DAY = date(2026, 11, 20)


def invoice(
    id_: int, cents: int, customer: int = 1, name: str = "Boulangerie Imaginaire SARL"
) -> OpenInvoice:
    return OpenInvoice(id_, f"F2026-{id_:05d}", customer, name, DAY - timedelta(days=40), DAY, cents)


def position(id_: int, cents: int, label: str = "", days: int = 0, twin: int | None = None) -> BankPosition:
    return BankPosition(id_, f"BQ{id_:06d}", DAY - timedelta(days=days), "", label, twin, cents)


INVOICES = [invoice(1, 12000), invoice(2, 5000), invoice(12, 7000), invoice(3, 9900, 2, "Garage du Lac")]
E, P, PAY = MatchKind.ENTRY, MatchKind.PAYOUT, MatchKind.PAYMENT
CASES: list[tuple[str, int, int | None, tuple[object, ...], bool, tuple[Why, ...]]] = [
    ("VIR SEPA FACT F2026-00001", 12000, None, (1,), True, (Why.NUMBER, Why.AMOUNT)),
    ("fact f2026 00001 merci", 12000, None, (1,), True, (Why.NUMBER, Why.AMOUNT)),
    ("F2026-00001 ET F2026-00002", 17000, None, (1, 2), True, (Why.NUMBER, Why.AMOUNT)),
    ("F2026-00001 12/11/2026", 12000, None, (1,), True, (Why.NUMBER, Why.AMOUNT)),
    ("F2026-00001", 6000, None, (1,), False, (Why.NUMBER, Why.PART)),
    ("F2026-00001", 15000, None, (1,), False, (Why.NUMBER, Why.MORE)),
    ("F2026-00001 F2026-00003", 12000, None, (1,), False, (Why.NUMBER, Why.AMOUNT)),
    ("VIR BOULANGERIE IMAGINAIRE", 7000, None, (12,), True, (Why.AMOUNT, Why.NAME)),
    ("BOULANGERIE IMAGINAIRE", 24000, None, (1, 2, 12), False, (Why.SUM, Why.NAME)),
    ("BOULANGERIE IMAGINAIRE", 19000, None, (1, 12), False, (Why.SUM, Why.NAME)),
    ("BOULANGERIE IMAGINAIRE", 1100, None, (1,), False, (Why.NAME, Why.PART)),
    ("VIR RECU", 9900, 2, (3,), True, (Why.AMOUNT, Why.IBAN)),
    ("VIR RECU", 24000, 1, (1, 2, 12), True, (Why.SUM, Why.IBAN)),
    ("VIR RECU", 9900, None, (3,), False, (Why.AMOUNT,)),
    ("LAC", 9900, None, (3,), False, (Why.AMOUNT,)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]}")
def test_a_line_is_a_payment_of_these_invoices(case):
    text, cents, customer, ids, is_sure, why = case
    best = propose([Line(7, DAY, cents, text, customer)], Candidates(invoices=INVOICES))[7][0]
    assert (best.kind, tuple(i.id for i in best.invoices), best.is_sure, best.why) == (PAY, ids, is_sure, why)
    assert sum(part for _, part in best.parts) <= cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [("VIR RECU", 4321), ("VIR PAYPLUG", 9900), ("F2026-000012", 4321), ("PRLV F2026-00001", -12000)],
)
def test_what_nothing_speaks_for_has_no_proposal(text, cents):
    assert propose([Line(7, DAY, cents, text)], Candidates(invoices=INVOICES)) == {7: []}


def test_what_the_books_have_already_comes_before_what_would_be_booked():
    entries = [
        position(5, 12000, "Encaissement VIR 1"),
        position(6, -1840, days=3),
        position(8, 12000, days=40),
    ]
    found = propose(
        [Line(1, DAY, 12000, "F2026-00001"), Line(2, DAY, -1840, "FRAIS")],
        Candidates(entries=entries, invoices=INVOICES),
    )
    assert [(p.kind, p.is_sure, p.choice) for p in found[1]] == [
        (E, True, "entry:5"),
        (PAY, True, "payment:1-12000"),
    ]
    assert [p.choice for p in found[2]] == ["entry:6"]


def test_two_equal_lines_or_entries_are_for_a_person_to_tell_apart():
    entries = [position(5, 500), position(6, 500)]
    two = propose([Line(1, DAY, 500, "A"), Line(2, DAY, 500, "B")], Candidates(entries=entries))
    assert [p.is_sure for proposals in two.values() for p in proposals] == [False] * 4
    # What was recorded and taken back may never have been at the bank.
    back = propose([Line(1, DAY, 500, "A")], Candidates(entries=[position(5, 500, twin=9)]))
    assert [p.is_sure for p in back[1]] == [False]


def test_a_payout_is_known_by_its_amount_and_sure_by_the_name_of_the_processor():
    payouts = [position(5, 25000, "Virement PayPlug", days=2)]
    for text, is_sure in (("VIR SEPA PAYPLUG SA", True), ("VIR SEPA", False)):
        best = propose([Line(1, DAY, 25000, text)], Candidates(payouts=payouts))[1][0]
        assert (best.kind, best.is_sure) == (P, is_sure)
    early = [Line(1, DAY - timedelta(days=10), 25000, "PAYPLUG")]
    assert propose(early, Candidates(payouts=payouts)) == {1: []}


def test_what_a_sure_line_takes_is_not_proposed_to_the_next():
    lines = [Line(1, DAY, 12000, "F2026-00001"), Line(2, DAY, 12000, "F2026-00001")]
    found = propose(lines, Candidates(invoices=INVOICES))
    assert [p.choice for p in found[1]] == ["payment:1-12000"]
    assert found[2] == []


def test_many_open_invoices_are_not_tried_in_every_sum():
    many = [invoice(n, 1000 + n) for n in range(1, 400)]
    best: list[Proposal] = propose([Line(1, DAY, 999, "BOULANGERIE IMAGINAIRE")], Candidates(invoices=many))[
        1
    ]
    assert best[0].why == (Why.NAME, Why.PART)
