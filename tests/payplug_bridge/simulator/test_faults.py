"""The API's faults, as the official library meets them."""

from __future__ import annotations

import time
from typing import Any

import payplug
import pytest
import requests

from payplug_bridge.simulator.testing import RunningSimulator, SimulatorRefused
from tests.payplug_bridge.simulator.conftest import Create


def count(simulator: RunningSimulator) -> int:
    return len(simulator.payments())


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_answers_html(simulator: RunningSimulator, create: Create, status: int) -> None:
    simulator.set_fault("error", status=status, times=1)
    with pytest.raises(payplug.exceptions.PayPlugServerError) as failure:
        create()
    assert failure.value.http_response_code == status
    assert failure.value.error_object is None
    assert count(simulator) == 0
    create()
    assert count(simulator) == 1


@pytest.mark.parametrize(("kind", "status"), [("unprocessable", 422), ("too_many_requests", 429)])
def test_refusals_the_library_has_no_class_for(
    simulator: RunningSimulator, create: Create, kind: str, status: int
) -> None:
    simulator.set_fault(kind, times=1)
    with pytest.raises(payplug.exceptions.HttpError) as refusal:
        create()
    assert type(refusal.value) is payplug.exceptions.HttpError
    assert refusal.value.http_response_code == status
    assert refusal.value.error_object["object"] == "error"


def test_json_null_makes_the_library_raise_a_type_error(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    payment = create()
    simulator.set_fault("null", times=1)
    with pytest.raises(TypeError):
        library.Payment.retrieve(payment.id)


def test_html_instead_of_json_is_an_unexpected_answer(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("html", times=1)
    with pytest.raises(payplug.exceptions.UnexpectedAPIResponseException):
        create()


def test_a_slow_answer_is_late_but_right(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("slow", milliseconds=300, times=1)
    started = time.monotonic()
    create()
    assert time.monotonic() - started >= 0.3
    started = time.monotonic()
    create()
    assert time.monotonic() - started < 0.3


def test_a_dropped_connection_does_nothing(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("drop", times=1)
    with pytest.raises(payplug.exceptions.ClientError):
        create()
    assert count(simulator) == 0


def test_a_lost_answer_leaves_the_payment_created(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("lost_answer", times=1)
    with pytest.raises(payplug.exceptions.ClientError):
        create(metadata={"attempt": "7"})
    assert [payment["metadata"] for payment in simulator.payments()] == [{"attempt": "7"}]


def test_a_lost_answer_can_outlast_the_clients_timeout(simulator: RunningSimulator) -> None:
    simulator.set_fault("lost_answer", times=1, milliseconds=3000, target="account")
    headers = {"Authorization": f"Bearer {simulator.live_key}"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{simulator.url}/v1/account", headers=headers, timeout=0.2)


@pytest.mark.parametrize("kind", ["error", "null", "html"])
def test_an_answer_can_be_spoiled_after_the_call_was_carried_out(
    simulator: RunningSimulator, create: Create, kind: str
) -> None:
    simulator.set_fault(kind, processed=1, times=1)
    with pytest.raises((payplug.exceptions.PayplugError, TypeError)):
        create()
    assert count(simulator) == 1


def test_a_fault_hits_only_the_kind_of_call_it_aims_at(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    simulator.set_fault("error", target="update_payment")
    payment = create()
    assert library.Payment.retrieve(payment.id).id == payment.id
    for _ in range(3):
        with pytest.raises(payplug.exceptions.PayPlugServerError):
            library.Payment.abort(payment)
    simulator.clear_faults()
    assert library.Payment.abort(payment).failure.code == "aborted"


def test_a_fault_counts_down_and_goes(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("error", times=2)
    for remaining in (1, None):
        with pytest.raises(payplug.exceptions.PayPlugServerError):
            create()
        assert [fault["remaining"] for fault in simulator.faults()] == ([remaining] if remaining else [])


def test_slowness_and_an_error_add_up(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_fault("slow", milliseconds=200)
    simulator.set_fault("error")
    started = time.monotonic()
    with pytest.raises(payplug.exceptions.PayPlugServerError):
        create()
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "earthquake"},
        {"kind": "slow", "target": "paid"},
        {"kind": "lose", "target": "create_payment"},
        {"kind": "slow", "seconds": 3},
        {"kind": "error", "status": 404},
        {"kind": "error", "times": 0},
        {"kind": "reorder"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: RunningSimulator, wrong: dict[str, Any]) -> None:
    with pytest.raises(SimulatorRefused):
        simulator.set_fault(**wrong)
    assert simulator.faults() == []


def test_faults_survive_a_restart(simulator: RunningSimulator) -> None:
    simulator.set_fault("error", times=3)
    simulator.restart()
    assert [fault["remaining"] for fault in simulator.faults()] == [3]
