"""Refunds as the official library meets them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import payplug
import pytest

from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import Create
from tests.payplug_bridge.simulator.merchant import Merchant

DAY = 86_400


@pytest.fixture
def paid(simulator: RunningSimulator, create: Create) -> Any:
    payment = create(amount=5000)
    simulator.pay(payment.id)
    return payment


def test_an_empty_body_refunds_all_that_remains(library: Any, paid: Any) -> None:
    library.Refund.create(paid, amount=1500)
    rest = library.Refund.create(paid)
    assert rest.amount == 3500
    payment = library.Payment.retrieve(paid.id)
    assert (payment.amount_refunded, payment.is_refunded, payment.is_paid) == (5000, True, True)


def test_a_partial_refund_is_an_object_of_its_own(library: Any, paid: Any) -> None:
    refund = library.Refund.create(paid, amount=1500, metadata={"refund_from": "solde"})
    assert re.fullmatch(r"re_[A-Za-z0-9]{22}", refund.id)
    assert (refund.object, refund.payment_id, refund.amount, refund.currency) == (
        "refund",
        paid.id,
        1500,
        "EUR",
    )
    assert (refund.is_live, refund.metadata) == (True, {"refund_from": "solde"})
    assert library.Refund.retrieve(paid, refund.id).created_at == refund.created_at
    payment = library.Payment.retrieve(paid.id)
    assert (payment.amount_refunded, payment.is_refunded) == (1500, False)


def test_the_list_has_every_refund_newest_first(library: Any, paid: Any) -> None:
    made = [library.Refund.create(paid, amount=100).id for _ in range(3)]
    assert [refund.id for refund in paid.list_refunds()] == made[::-1]


@pytest.mark.parametrize("amount", [5001, 9, 0, -1, "100", 1.5])
def test_an_amount_that_cannot_be_refunded_is_refused(library: Any, paid: Any, amount: object) -> None:
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        library.Refund.create(paid, amount=amount)
    assert "amount" in refusal.value.error_object["details"]
    assert library.Payment.retrieve(paid.id).amount_refunded == 0


def test_what_is_not_paid_or_fully_refunded_cannot_be_refunded(
    library: Any, create: Create, paid: Any
) -> None:
    library.Refund.create(paid)
    for payment in (create(), paid):
        with pytest.raises(payplug.exceptions.BadRequest):
            library.Refund.create(payment)


def test_after_a_year_it_is_too_late(simulator: RunningSimulator, library: Any, create: Create) -> None:
    payment = create()
    body = simulator.pay(payment.id, paid_at=payment.created_at - 366 * DAY)
    assert body["refundable_until"] == body["paid_at"] + 365 * DAY
    with pytest.raises(payplug.exceptions.BadRequest):
        library.Refund.create(payment)
    simulator.assume(refundable_days=400, refund_refused_status=403)
    assert library.Refund.create(payment).amount == 1234
    with pytest.raises(payplug.exceptions.Forbidden):
        library.Refund.create(payment)


def test_unknown_refunds_and_other_payments_refunds_are_not_found(
    simulator: RunningSimulator, library: Any, create: Create, paid: Any
) -> None:
    refund = library.Refund.create(paid, amount=100)
    for payment, refund_id in ((paid, "re_unknown"), (create(), refund.id)):
        with pytest.raises(payplug.exceptions.NotFound):
            library.Refund.retrieve(payment, refund_id)


def test_ten_refunds_at_once_never_give_back_more_than_was_paid(library: Any, paid: Any) -> None:
    def refund(_number: int) -> bool:
        try:
            library.Refund.create(paid, amount=1000)
        except payplug.exceptions.BadRequest:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(refund, range(10)))
    assert done.count(True) == 5
    assert library.Payment.retrieve(paid.id).amount_refunded == 5000


def test_a_refund_in_the_portal_reaches_the_merchant_by_notification(
    simulator: RunningSimulator, library: Any, merchant: Merchant, paid: Any
) -> None:
    made = simulator.refund(paid.id, 700)
    merchant.wait_for(2)
    body = merchant.received[-1]
    assert (body["object"], body["id"], body["payment_id"]) == ("refund", made["id"], paid.id)
    assert "metadata" not in body
    trusted = library.notifications.treat(
        f'{{"object": "refund", "id": "{made["id"]}", "payment_id": "{paid.id}"}}'
    )
    assert trusted.amount == 700
