"""Notifications: what is sent, when again, in which order, and what survives."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from payplug_bridge.simulator.testing import RunningSimulator, SimulatorRefused, running_simulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create
from tests.payplug_bridge.simulator.merchant import Merchant


def test_a_payment_is_notified_with_the_whole_object(
    simulator: RunningSimulator, library: Any, merchant: Merchant, create: Create
) -> None:
    payment = create(metadata={"attempt": "1"})
    simulator.pay(payment.id)
    simulator.wait_for_deliveries()
    assert len(merchant.received) == 1
    body = merchant.received[0]
    assert (body["id"], body["is_paid"], body["metadata"]) == (payment.id, True, {"attempt": "1"})
    assert body["notification"] == {"url": merchant.url, "response_code": None}
    assert merchant.headers[0]["Content-Type"] == "application/json"
    assert library.Payment.retrieve(payment.id).notification.response_code == 200
    assert library.notifications.treat(json.dumps(body)).is_paid is True


def test_every_event_is_notified_in_order(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    payment, other, left = create(), create(), create()
    simulator.decline(payment.id, "insufficient_funds")
    simulator.pay(payment.id)
    simulator.refund(payment.id, 100)
    simulator.abort(other.id)
    simulator.time_out(left.id)
    simulator.wait_for_deliveries()
    reasons = [notification.reason for notification in simulator.notifications()]
    assert reasons == ["failed", "paid", "refunded", "aborted", "timeout"]
    mine = [body for body in merchant.received if payment.id in (body["id"], body.get("payment_id"))]
    assert mine[0]["failure"]["code"] == "insufficient_funds"
    assert mine[1]["is_paid"] is True
    assert mine[2]["object"] == "refund"


def test_a_payment_without_an_address_is_not_notified(simulator: RunningSimulator, create: Create) -> None:
    simulator.pay(create(notification_url=None).id)
    assert simulator.notifications() == []


def test_anything_but_2xx_is_tried_again_until_it_works(
    simulator: RunningSimulator, library: Any, merchant: Merchant, create: Create
) -> None:
    simulator.assume(retry_delays_seconds=[0.05, 0.05])
    merchant.statuses = [500, 404, 302, 204]
    payment = create()
    simulator.pay(payment.id)
    merchant.wait_for(4)
    simulator.wait_for_deliveries()
    notification = simulator.notifications(payment.id)[0]
    assert (notification.state, notification.attempts, notification.response_code) == ("delivered", 4, 204)
    assert [attempt["response_code"] for attempt in notification.log] == [500, 404, 302, 204]
    assert library.Payment.retrieve(payment.id).notification.response_code == 204


def test_retries_are_spaced_and_the_last_delay_repeats(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.assume(retry_delays_seconds=[0.1, 0.3])
    merchant.statuses = [500, 500, 500]
    simulator.pay(create().id)
    merchant.wait_for(4)
    simulator.wait_for_deliveries()
    times = [attempt["at"] for attempt in simulator.notifications()[0].log]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] >= 0.1
    assert all(gap >= 0.3 for gap in gaps[1:])


def test_a_merchant_that_does_not_answer_in_time_is_called_again(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.assume(notification_timeout_seconds=0.1)
    merchant.seconds_to_answer = 0.5
    simulator.pay(create().id)
    simulator.wait_for_deliveries()
    notification = simulator.notifications()[0]
    assert (notification.state, notification.response_code, notification.error) == (
        "waiting",
        None,
        "ReadTimeout",
    )


def test_a_merchant_that_is_down_is_called_again(simulator: RunningSimulator, create: Create) -> None:
    simulator.pay(create(notification_url="http://127.0.0.1:9/closed").id)
    simulator.wait_for_deliveries()
    notification = simulator.notifications()[0]
    assert (notification.state, notification.error) == ("waiting", "ConnectionError")


def test_the_body_can_be_minimal(simulator: RunningSimulator, merchant: Merchant, create: Create) -> None:
    simulator.assume(minimal_notification_body=True)
    payment = create()
    simulator.pay(payment.id)
    refund = simulator.refund(payment.id)
    merchant.wait_for(2)
    assert merchant.received == [
        {"id": payment.id, "object": "payment", "is_live": True},
        {"id": refund["id"], "object": "refund", "payment_id": payment.id, "is_live": True},
    ]


@pytest.mark.parametrize(("each", "expected"), [(True, 3), (False, 1)])
def test_failed_attempts_are_notified_each_or_once(
    simulator: RunningSimulator, create: Create, each: bool, expected: int
) -> None:
    simulator.assume(notify_each_failed_attempt=each)
    payment = create()
    for _ in range(3):
        simulator.decline(payment.id)
    assert len(simulator.notifications(payment.id)) == expected


def test_nothing_is_sent_while_paused_and_everything_when_resumed(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.pause_deliveries()
    simulator.pay(create().id)
    simulator.wait_for_deliveries()
    assert merchant.received == []
    simulator.resume_deliveries()
    merchant.wait_for(1)


def test_flushing_tries_all_that_waits_once_even_when_paused(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.pause_deliveries()
    merchant.statuses = [500] * 3
    for _ in range(3):
        simulator.pay(create().id)
    assert simulator.flush_deliveries() == 3
    assert len(merchant.received) == 3
    assert {notification.state for notification in simulator.notifications()} == {"waiting"}
    assert simulator.flush_deliveries() == 3
    assert {notification.state for notification in simulator.notifications()} == {"delivered"}
    assert simulator.flush_deliveries() == 0


def test_a_delivered_notification_can_be_sent_again(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.pay(create().id)
    merchant.wait_for(1)
    simulator.wait_for_deliveries()
    simulator.redeliver(simulator.notifications()[0].id)
    merchant.wait_for(2)
    assert merchant.received[0] == merchant.received[1]
    with pytest.raises(SimulatorRefused):
        simulator.redeliver(999_999)


def test_duplicates_arrive_at_the_same_time(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.set_fault("duplicate", copies=49, times=1)
    merchant.seconds_to_answer = 0.05
    payment = create()
    simulator.pay(payment.id)
    merchant.wait_for(50)
    assert {body["id"] for body in merchant.received} == {payment.id}
    assert merchant.most_at_once > 3
    simulator.pay(create().id)
    merchant.wait_for(51)
    simulator.wait_for_deliveries()
    assert len(merchant.received) == 51


def test_a_lost_notification_never_comes_unless_sent_again(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.set_fault("lose", times=1, target="paid")
    lost = create()
    simulator.pay(lost.id)
    simulator.wait_for_deliveries()
    assert merchant.received == []
    assert simulator.notifications()[0].state == "lost"
    simulator.redeliver(simulator.notifications()[0].id)
    merchant.wait_for(1)


def test_a_delayed_notification_comes_later(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.set_fault("delay", seconds=1)
    started = time.monotonic()
    simulator.pay(create().id)
    merchant.wait_for(1)
    assert time.monotonic() - started >= 1


def test_reordered_notifications_come_last_one_first(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.set_fault("reorder", times=2)
    payment = create()
    simulator.decline(payment.id)
    assert simulator.notifications()[0].state == "held"
    simulator.pay(payment.id)
    merchant.wait_for(2)
    assert [body["is_paid"] for body in merchant.received] == [True, False]


def test_clearing_the_faults_lets_held_notifications_go(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.set_fault("reorder", times=5)
    simulator.pay(create().id)
    simulator.clear_faults()
    merchant.wait_for(1)


def test_undelivered_notifications_survive_a_restart(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    simulator.pause_deliveries()
    payment = create()
    simulator.pay(payment.id)
    simulator.restart()
    assert simulator.notifications()[0].state == "waiting"
    simulator.resume_deliveries()
    merchant.wait_for(1)
    assert merchant.received[0]["id"] == payment.id


def test_a_killed_process_loses_nothing_it_answered(tmp_path: Path, merchant: Merchant) -> None:

    with running_simulator(tmp_path / "state.db", process=True) as simulator:
        simulator.pause_deliveries()
        body: dict[str, Any] = {
            "amount": 1000,
            "currency": "EUR",
            "billing": BILLING,
            "shipping": {"delivery_type": "OTHER"},
            "notification_url": merchant.url,
        }
        headers = {"Authorization": f"Bearer {simulator.live_key}", "PayPlug-Version": "2019-08-06"}
        made = []
        for _ in range(10):
            answer = requests.post(f"{simulator.url}/v1/payments", json=body, headers=headers, timeout=5)
            made.append(answer.json()["id"])
            simulator.pay(made[-1])
        simulator.kill()
        simulator.restart()
        assert [payment["id"] for payment in simulator.payments()] == made[::-1]
        assert all(payment["is_paid"] for payment in simulator.payments())
        assert simulator.flush_deliveries() == 10
    assert sorted(received["id"] for received in merchant.received) == sorted(made)
