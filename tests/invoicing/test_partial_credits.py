"""An invoice credited in parts: never above what is left, to the cent at each rate, once per request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.facts import SupplyKind
from core.checks import company_faults
from core.database import db, transaction
from core.seal import verify_chain
from invoicing.balances import balance_of, customer_credit_cents
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.credit_left import credit_left
from invoicing.draft_invoice import LineInput
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Document
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "706", "44571", "44574", "512000")

LINES = st.lists(
    st.builds(
        LineInput,
        label=st.just("Article"),
        quantity=st.integers(1, 70_000),
        unit_price=st.integers(0, 400_000_000),
        vat_rate=st.sampled_from([2000, 1000, 550, 210]),
        kind=st.sampled_from(SupplyKind),
        discount=st.sampled_from([0, 0, 3333]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
TERMS = st.sampled_from([{}, {}, {"discount_rate": 1234}, {"discount_cents": 77}])
STEPS = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 10), min_size=4, max_size=4)), max_size=4)


def _choice(document: Document, by_amounts: bool, tenths: list[int]) -> CreditChoice:
    left = credit_left(document)
    if by_amounts:
        return CreditChoice(
            amounts={i: left.shown_cents(p) * t // 10 for i, (p, t) in enumerate(zip(left.parts, tenths * 2))}  # noqa: B905
        )
    return CreditChoice(
        {one.line.position: one.quantity * t // 10 for one, t in zip(left.lines, tenths, strict=False)}
    )


def _parts(document: Document) -> dict[tuple[object, ...], tuple[int, int]]:
    return {(v.rate, v.kind): (v.net_cents, v.vat_cents) for v in document.vat_lines}


@pytest.mark.timeout(300)
def test_parts_sum_to_the_invoice_to_the_cent_at_each_rate(each_company):
    with transaction():
        customers = [make_customer(), make_individual()]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(lines=LINES, gross=st.booleans(), terms=TERMS, steps=STEPS, paid=st.sampled_from(["0", "1", "5"]))
    def credit_in_parts(lines, gross, terms, steps, paid):
        with transaction():
            draft = make_draft(*lines, customer=customers[gross], prices_include_vat=gross, **terms)
            if draft.total_cents < max(1, terms.get("discount_cents", 0)):
                return
            invoice = issue_invoice(draft.id)
            if paid != "0":
                pay(invoice, paid)
        whole = _parts(invoice)
        for by_amounts, tenths in steps:
            with suppress(InvalidInputError), transaction():
                credit_invoice(invoice.id, reason="Retour", choice=_choice(invoice, by_amounts, tenths))
            left = credit_left(invoice)
            assert left.total_cents >= 0
            for part in left.parts:
                net, vat = whole[part.rate, part.kind]
                assert 0 <= part.net_cents <= net
                assert 0 <= part.vat_cents <= vat
        with transaction():
            credit_invoice(invoice.id, reason="Le reste")
        _sums_to(invoice)
        assert balance_of(invoice.id).status is PaymentStatus.CREDITED

    credit_in_parts()
    assert list(company_faults()) == []
    assert list(verify_chain(each_company.id)) == []


def _sums_to(invoice: Document) -> None:
    notes = credit_left(invoice).notes
    for name in ("net_cents", "vat_cents", "rounding_cents", "total_cents"):
        assert sum(getattr(note, name) for note in notes) == getattr(invoice, name)
    summed: dict[tuple[object, ...], list[int]] = {}
    for note in notes:
        assert note.net_cents + note.vat_cents + note.rounding_cents == note.total_cents
        assert sum(v.net_cents for v in note.vat_lines) == note.net_cents
        discount = sum(v.discount_cents for v in note.vat_lines)
        assert sum(line.net_cents for line in note.lines) - discount == note.net_cents
        for key, (net, vat) in _parts(note).items():
            both = summed.setdefault(key, [0, 0])
            both[0] += net
            both[1] += vat
    assert {k: tuple(v) for k, v in summed.items() if any(v)} == {
        k: v for k, v in _parts(invoice).items() if any(v)
    }


def test_the_rest_of_prices_with_vat_takes_the_cents_that_another_line_was_rounded_by(each_company):
    # 0.03 € and 0.51 € with 20 %: 0.45 € net, of which the second line is 0.42 €, and 0.43 € alone.
    lines = tuple(
        replace(make_line(goods=True), quantity=quantity, unit_price=price)
        for quantity, price in ((533, 479_288), (1820, 2_774_726))
    )
    with transaction():
        invoice = issue_invoice(make_draft(*lines, customer=make_individual(), prices_include_vat=True).id)
    for choice in (CreditChoice({2: 1820}), None):
        with transaction():
            credit_invoice(invoice.id, reason="Retour", choice=choice)
    assert [[line.net_cents for line in note.lines] for note in credit_left(invoice).notes] == [[43], [2]]
    _sums_to(invoice)


def test_vat_on_collection_follows_partial_credits(each_company):
    # Advice of 100 € at 20 % and of 100 € at 10 %: 230 €. All of its VAT waits.
    with transaction():
        invoice = issue(make_line(), make_line(rate="10"), today=date(2026, 6, 1))
    # The part at 20 % is credited, then half of the other.
    with transaction():
        credit_invoice(invoice.id, reason="Erreur", choice=CreditChoice({1: 10_000}), today=date(2026, 6, 2))
    assert open_on(invoice) == ["110.00"]
    assert balance_of(invoice.id).status is PaymentStatus.OPEN
    assert books(*ACCOUNTS) == {"411": "110.00", "706": "-100.00", "44574": "-10.00"}
    with transaction():
        note = credit_invoice(
            invoice.id, reason="Geste", choice=CreditChoice(amounts={1: 5000}), today=date(2026, 6, 3)
        )
    assert (note.net_cents, note.vat_cents, note.total_cents) == (5000, 500, 5500)
    assert open_on(invoice, note) == ["55.00", "0.00"]
    # Half of the rest is paid: half of the VAT that still waits falls due.
    with transaction():
        pay(invoice, "27.50", paid_on=date(2026, 6, 4))
    assert books(*ACCOUNTS) == {
        "411": "27.50", "706": "-50.00", "44571": "-2.50", "44574": "-2.50", "512000": "27.50",
    }  # fmt: skip
    # The rest is credited: what was paid is the customer's, and no VAT is due on it any more.
    with transaction():
        rest = credit_invoice(invoice.id, reason="Le reste", today=date(2026, 6, 5))
    assert open_on(invoice, rest) == ["0.00", "27.50"]
    assert customer_credit_cents(invoice.customer_id) == 2750
    assert books(*ACCOUNTS) == {"411": "-27.50", "512000": "27.50"}
    all_is_well()


def test_more_than_is_left_is_refused_beside_the_field(each_company):
    with transaction():
        invoice_id = issue(make_line("3"), make_line("1", rate="10")).id
    with transaction():
        credit_invoice(invoice_id, reason="Retour", choice=CreditChoice({1: 20_000}))
    for choice, field in (
        (CreditChoice({1: 10_001}), "lines-0-quantity"),
        (CreditChoice({1: -10_000}), "lines-0-quantity"),
        (CreditChoice({2: 10_001}), "lines-1-quantity"),
        (CreditChoice(), "lines-0-quantity"),
        (CreditChoice(amounts={0: 10_001}), "parts-0-amount"),
        (CreditChoice(amounts={1: -1}), "parts-1-amount"),
        (CreditChoice(amounts={}), "parts-0-amount"),
    ):
        with pytest.raises(InvalidInputError) as refused, transaction():
            credit_invoice(invoice_id, reason="Retour", choice=choice)
        assert list(refused.value.errors) == [field]
    invoice = db.session.get_one(Document, invoice_id)
    assert [note.total_cents for note in credit_left(invoice).notes] == [24_000]


def test_amounts_bound_the_lines_that_come_after_them(each_company):
    with transaction():
        invoice_id = issue(make_line("3")).id
    with transaction():
        credit_invoice(invoice_id, reason="Geste", choice=CreditChoice(amounts={0: 15_000}))
    with pytest.raises(InvalidInputError) as refused, transaction():
        credit_invoice(invoice_id, reason="Retour", choice=CreditChoice({1: 20_000}))
    assert list(refused.value.errors) == ["lines-0-quantity"]
    with transaction():
        credit_invoice(invoice_id, reason="Retour", choice=CreditChoice({1: 10_000}))
        rest = credit_invoice(invoice_id, reason="Le reste")
    assert (rest.net_cents, rest.vat_cents, rest.total_cents) == (5000, 1000, 6000)
    _sums_to(db.session.get_one(Document, invoice_id))


def test_a_request_sent_twice_is_one_note(each_company):
    chosen = CreditChoice({1: 10_000})
    with transaction():
        invoice_id = issue(make_line("3")).id
        first = credit_invoice(invoice_id, reason="Retour", choice=chosen, request_key="k" * 32)
    with transaction():
        assert credit_invoice(invoice_id, reason="Retour", choice=chosen, request_key="k" * 32) is first
        other = credit_invoice(invoice_id, reason="Retour", choice=chosen, request_key="l" * 32)
    assert other is not first
    assert balance_of(invoice_id).open_cents == 12_000


def test_a_fully_credited_invoice_takes_no_further_part(each_company):
    with transaction():
        invoice_id = issue().id
        note = credit_invoice(invoice_id, reason="Erreur")
        assert credit_invoice(invoice_id, reason="Encore") is note
        with pytest.raises(InvalidInputError):
            credit_invoice(invoice_id, reason="Encore", choice=CreditChoice(amounts={0: 1}))
