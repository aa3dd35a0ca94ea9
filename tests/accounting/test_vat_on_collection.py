"""VAT on collection: worked examples, then what must hold for any document and any sequence of payments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accounting.vat_on_collection import due_vat
from core.money import round_half_up_div

RATES = st.sampled_from([2000, 1000, 550, 210])
CENTS = st.integers(0, 10**9)


def test_a_third_paid_makes_a_third_of_the_vat_due():
    assert due_vat({2000: 2000}, 4000, 12000) == {2000: 667}


def test_the_last_payment_takes_the_rest():
    first = due_vat({2000: 2000}, 4000, 12000)[2000]
    second = due_vat({2000: 2000}, 8000, 12000)[2000] - first
    third = due_vat({2000: 2000}, 12000, 12000)[2000] - first - second
    assert (first, second, third) == (667, 666, 667)


def test_a_half_cent_is_rounded_up():
    assert due_vat({2000: 1}, 3, 6) == {2000: 1}


def test_the_cent_left_over_goes_to_the_largest_remainder():
    # 20 %: 33.33, 10 %: 16.67, together 50: the cent that both floors leave goes to the 10 %.
    assert due_vat({2000: 100, 1000: 50}, 1, 3) == {2000: 33, 1000: 17}


def test_equal_remainders_give_the_cent_to_the_higher_rate():
    assert due_vat({1000: 1, 2000: 1}, 1, 2) == {2000: 1, 1000: 0}


def test_a_line_credited_in_full_has_no_vat_left_to_fall_due():
    # 100 + 20 % and 100 + 10 %; the 20 % line credited in full, then 110 paid.
    assert due_vat({2000: 0, 1000: 1000}, 11000, 11000) == {2000: 0, 1000: 1000}


def test_nothing_is_due_on_a_document_credited_in_full():
    assert due_vat({2000: 0}, 6000, 0) == {2000: 0}


def test_what_is_paid_above_the_total_makes_no_more_vat_due():
    assert due_vat({2000: 2000}, 99999, 12000) == {2000: 2000}


def test_rates_that_cancel_each_other_out_still_fall_due_in_proportion():
    assert due_vat({2000: 20, 1000: -20}, 50, 100) == {2000: 10, 1000: -10}


@given(st.dictionaries(RATES, CENTS, min_size=1), CENTS, st.integers(1, 10**9))
def test_the_sum_over_the_rates_is_rounded_once(waiting, collected, total):
    due = due_vat(waiting, collected, total)
    assert sum(due.values()) == round_half_up_div(sum(waiting.values()) * min(collected, total), total)


@given(st.dictionaries(RATES, CENTS, min_size=1), CENTS, st.integers(1, 10**9))
def test_each_rate_is_within_a_cent_of_its_exact_part_and_never_above_what_waits(waiting, collected, total):
    paid = min(collected, total)
    for rate, cents in due_vat(waiting, collected, total).items():
        assert abs(cents * total - waiting[rate] * paid) < total
        assert 0 <= cents <= waiting[rate]


@given(RATES, CENTS, CENTS, st.integers(1, 10**9))
def test_with_one_rate_it_is_plain_half_up(rate, waiting, collected, total):
    expected = round_half_up_div(waiting * min(collected, total), total)
    assert due_vat({rate: waiting}, collected, total) == {rate: expected}


@given(st.dictionaries(RATES, st.integers(-(10**6), 10**6), min_size=1), st.integers(1, 10**9))
def test_all_is_due_once_all_is_paid(waiting, total):
    assert due_vat(waiting, total, total) == waiting
