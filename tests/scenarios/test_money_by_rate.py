"""A month of a shop's money, split by VAT rate: parts, too much, a credit note after payment, money that goes back."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from core.database import transaction
from invoicing.apply_credit import apply_credit
from invoicing.cancel_payment import cancel_payment
from invoicing.collected import VatPart, collected_rows, split_by_part
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.give_back import MoneyBack, give_back
from invoicing.payment_register import MoveKind, money_moves, rate_totals, register_totals, treasury_totals
from invoicing.payments import PaymentMethod
from invoicing.refunds import RefundKind
from invoicing.register_sheets import day_totals
from invoicing.win_dispute import win_dispute
from tests.factories.invoicing import issue, make_individual, make_line, pay
from tests.scenarios.money import all_is_well

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
MAY = (date(2026, 5, 1), date(2026, 5, 31))
EVER = (date(2026, 1, 1), date(2026, 12, 31))


def rows(period) -> list[tuple[str, int, dict[int, int]]]:
    """Day, payment (0: a credit note), cents by rate in %."""
    return [
        (
            f"{row.day:%d/%m}",
            row.payment_id or 0,
            {part.rate // 100: cents for part, cents in row.cents.items()},
        )
        for row in collected_rows(*period)
    ]


def test_a_month_of_money(each_company):
    # 100 at 20 % and 100 at 10 %: 230 to pay, 120 of them at 20 % and 110 at 10 %.
    with transaction():
        person = make_individual()
        invoice = issue(
            make_line("1", "100"),
            make_line("1", "100", rate="10"),
            customer=person,
            today=date(2026, 4, 1),
            prices_include_vat=False,
        )
        other = issue(
            make_line("1", "100", goods=True),
            customer=person,
            today=date(2026, 4, 1),
            prices_include_vat=False,
        )
        first = pay(invoice, "115", paid_on=date(2026, 4, 5), method=PaymentMethod.CHEQUE)
        second = pay(invoice, "135", paid_on=date(2026, 4, 6))  # 20 too many
    assert rows(APRIL) == [
        ("05/04", first.id, {20: 60_00, 10: 55_00}),
        ("06/04", second.id, {20: 60_00, 10: 55_00}),
    ]
    # The 20 are used on the other invoice.
    with transaction():
        apply_credit(other.id, today=date(2026, 4, 7))
    assert rows(APRIL)[2] == ("07/04", second.id, {20: 20_00})
    totals = register_totals(*APRIL)
    assert {t.method.value: (t.count, t.received_cents, t.back_cents) for t in totals.methods} == {
        "transfer": (1, 135_00, 0), "cheque": (1, 115_00, 0),
    }  # fmt: skip
    assert rate_totals(collected_rows(*APRIL)) == {2000: 140_00, 1000: 110_00}
    # Only services of private customers are told to the tax office as payments.
    assert [(d.day.day, d.rate, d.cents) for d in day_totals(collected_rows(*APRIL))] == [
        (5, 2000, 60_00), (5, 1000, 55_00), (6, 2000, 60_00), (6, 1000, 55_00),
    ]  # fmt: skip

    # May: the line at 20 % is credited in full. Of what was paid nothing belongs to it any more.
    with transaction():
        credit_invoice(invoice.id, choice=CreditChoice({1: 10_000}), reason="Annulé", today=date(2026, 5, 2))
    assert rows(MAY) == [("02/05", 0, {20: -120_00})]
    # The cheque bounces, the transfer is disputed, and won.
    with transaction():
        cancel_payment(first.id, reason="Impayé", today=date(2026, 5, 4))
        refund = give_back(
            MoneyBack(second.id, 135_00, date(2026, 5, 5), RefundKind.DISPUTE, external_id="d")
        )
        win_dispute(refund.id, won_on=date(2026, 5, 9), external_id="w")
    moves = [(move.kind, move.cents) for move in money_moves(*MAY)]
    assert moves == [
        (MoveKind.REVERSAL, -115_00), (MoveKind.DISPUTE, -135_00), (MoveKind.DISPUTE_WON, 135_00),
    ]  # fmt: skip
    may = register_totals(*MAY)
    assert (may.received_cents, may.back_cents, may.net_cents) == (135_00, 250_00, -115_00)
    assert (may.grand_received_cents, may.grand_back_cents) == (385_00, 250_00)
    for period in (APRIL, MAY):
        assert sum(t.cents for t in treasury_totals(*period)) == register_totals(*period).net_cents
    all_is_well()


PARTS = st.dictionaries(
    st.builds(VatPart, st.sampled_from([2000, 1000, 550, 0]), st.booleans()),
    st.integers(-5_000, 50_000),
    max_size=5,
)


@given(PARTS, st.lists(st.integers(1, 40_000), max_size=8))
def test_parts_add_up_to_what_was_paid_and_the_last_payment_takes_the_rest(gross, payments):
    total, paid, seen = sum(gross.values()), 0, Counter[VatPart]()
    for payment in payments:
        paid += payment
        now = split_by_part(gross, paid)
        assert sum(now.values()) == max(0, min(paid, total))
        seen = now
    if total > 0 and paid >= total:
        assert seen == Counter(gross)
