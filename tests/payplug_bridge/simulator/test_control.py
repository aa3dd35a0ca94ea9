"""The control API, through its typed client."""

from __future__ import annotations

import select
import time
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import payplug
import pytest
import requests
import time_machine

from payplug_bridge.simulator.server import SimulatorServer
from payplug_bridge.simulator.testing import RunningSimulator, SimulatorRefused, running_simulator
from tests.payplug_bridge.simulator.conftest import Create
from tests.payplug_bridge.simulator.merchant import Merchant

DAY = 86_400


def test_the_default_account_has_documented_keys_that_survive(tmp_path: Path) -> None:
    for _ in range(2):
        with running_simulator(tmp_path / "state.db") as simulator:
            assert simulator.live_key == "sk_live_DemoCompanyLiveKey0001"
            assert simulator.test_key == "sk_test_DemoCompanyTestKey0001"
            assert [account["live_key"] for account in simulator.accounts()] == [simulator.live_key]


def test_it_starts_and_stops_fast() -> None:
    started = time.perf_counter()
    with running_simulator():
        # Measured 0.03 to 0.05 s; the bounds leave room for a busy machine.
        assert time.perf_counter() - started < 0.5
    assert time.perf_counter() - started < 0.9


def test_accounts_have_keys_of_their_own(simulator: RunningSimulator, library: Any, create: Create) -> None:
    first, second = simulator.create_account("Une"), simulator.create_account("Deux")
    assert len({first.live_key, first.test_key, second.live_key, second.test_key, simulator.live_key}) == 5
    with pytest.raises(SimulatorRefused):
        simulator.create_account("Une")
    simulator.revoke_key(first.live_key)
    fresh = simulator.add_key(first.id)
    library.config.secret_key = fresh
    assert create().is_live
    with pytest.raises(SimulatorRefused):
        simulator.revoke_key("sk_live_unknown")


def test_an_account_can_be_renamed(simulator: RunningSimulator, create: Create) -> None:
    simulator.rename_account(simulator.accounts()[0]["id"], "Menuiserie Fictive")
    page = requests.get(create().hosted_payment.payment_url, timeout=5).text
    assert "Menuiserie Fictive" in page


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/payments/{id}/pay", {"paid_at": "yesterday"}),
        ("/payments/{id}/pay", ["card"]),
        ("/payments/{id}/refund", {"amount": "1"}),
        ("/payments/{id}/refund", {"amount": True}),
        ("/faults", {"kind": "slow", "times": "3"}),
        ("/faults", {"kind": "slow", "parameters": {"milliseconds": "3"}}),
        ("/accounts", {"surprise": 1}),
        ("/clock", {"advance_seconds": "soon"}),
    ],
)
def test_control_calls_that_make_no_sense_are_refused_with_a_reason(
    simulator: RunningSimulator, create: Create, path: str, body: object
) -> None:
    payment = create()
    address = f"{simulator.url}/simulator{path.format(id=payment.id)}"
    answer = requests.post(address, json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert simulator.payment(payment.id)["is_paid"] is False


def test_a_payment_may_be_dated_in_the_past(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    payment = create()
    paid_at = payment.created_at - 200 * DAY
    simulator.pay(payment.id, paid_at=paid_at, card="4970100000000014", is_3ds=True)
    paid = library.Payment.retrieve(payment.id)
    assert (paid.paid_at, paid.created_at, paid.is_3ds, paid.card.brand) == (paid_at, paid_at, True, "CB")
    refund = simulator.refund(payment.id, 100, created_at=paid_at + DAY)
    assert refund["created_at"] == paid_at + DAY


def test_what_happens_may_stay_untold(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    payment = create()
    simulator.decline(payment.id, notify=False)
    simulator.pay(payment.id, notify=False)
    simulator.refund(payment.id, notify=False)
    simulator.abort(create().id, notify=False)
    simulator.time_out(create().id, notify=False)
    assert simulator.notifications() == []


def test_impossible_steps_are_refused(simulator: RunningSimulator, create: Create) -> None:
    paid, aborted = create(), create()
    simulator.pay(paid.id)
    simulator.abort(aborted.id)
    for step in (simulator.pay, simulator.decline, simulator.abort, simulator.time_out):
        with pytest.raises(SimulatorRefused):
            step(paid.id)
        with pytest.raises(SimulatorRefused):
            step(aborted.id)
        with pytest.raises(SimulatorRefused):
            step("pay_5iHMDxy4ABR4YBVW4UscIn")
    with pytest.raises(SimulatorRefused):
        simulator.decline(create().id, "bad_hair")
    with pytest.raises(SimulatorRefused):
        simulator.refund(aborted.id)


def test_a_success_can_come_after_an_abort_or_a_time_out(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    for end in (simulator.abort, simulator.time_out):
        payment = create()
        end(payment.id)
        simulator.pay(payment.id, force=True)
        assert library.Payment.retrieve(payment.id).is_paid
        with pytest.raises(SimulatorRefused):
            simulator.pay(payment.id, force=True)


def test_the_clock_can_be_set_and_moved(simulator: RunningSimulator, create: Create) -> None:
    simulator.set_clock_offset(-300 * DAY)
    assert abs(create().created_at - (time.time() - 300 * DAY)) < 5
    simulator.advance_clock(100 * DAY)
    assert simulator.status()["clock_offset"] == -200 * DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"unheard_of": 1},
        {"page_timeout_seconds": "soon"},
        {"count_is_total": 1},
        {"retry_delays_seconds": []},
    ],
)
def test_an_assumption_that_makes_no_sense_is_refused(
    simulator: RunningSimulator, wrong: dict[str, object]
) -> None:
    with pytest.raises(SimulatorRefused):
        simulator.assume(**wrong)


def test_assumptions_survive_a_restart(simulator: RunningSimulator, library: Any, create: Create) -> None:
    simulator.assume(second_abort_status=400)
    simulator.restart()
    payment = create()
    library.Payment.abort(payment)
    with pytest.raises(payplug.exceptions.BadRequest):
        library.Payment.abort(payment)


def test_reset_forgets_everything_but_the_default_account(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    simulator.create_account("Autre")
    simulator.set_fault("lose")
    simulator.assume(page_timeout_seconds=5)
    simulator.set_clock_offset(5000)
    payment = create()
    simulator.pay(payment.id)
    simulator.refund(payment.id)
    simulator.reset()
    assert (simulator.payments(), simulator.notifications(), simulator.faults()) == ([], [], [])
    assert [account["live_key"] for account in simulator.accounts()] == [simulator.live_key]
    assert simulator.status()["clock_offset"] == 0
    assert create().id


def test_bulk_use_stays_under_five_milliseconds_a_call(simulator: RunningSimulator, create: Create) -> None:
    simulator.pause_deliveries()
    made = [create().id for _ in range(100)]
    started = time.perf_counter()
    for payment_id in made:
        simulator.pay(payment_id)
    # Measured 1.5 to 2.5 ms; the bound leaves room for a busy machine.
    assert (time.perf_counter() - started) / len(made) < 0.015


def test_a_leap_of_the_clock_cuts_no_connection_off(tmp_path: Path) -> None:
    server = SimulatorServer(tmp_path / "payplug.db")
    server.start()
    with ExitStack() as ending:
        ending.callback(server.stop)
        connection = ending.enter_context(_connection(server))
        _ask(connection)
        # A program that runs the simulator inside itself moves its clock on by three days. The server looks for idle
        # connections at every turn of its loop, which takes a second at most.
        with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
            _ask(ending.enter_context(_connection(server)))
            assert not select.select([connection.sock], [], [], 1.5)[0], "the server closed the connection"
            _ask(connection)


def _connection(server: SimulatorServer) -> AbstractContextManager[HTTPConnection]:
    return closing(HTTPConnection(urlsplit(server.url).netloc, timeout=5))


def _ask(connection: HTTPConnection) -> None:
    connection.request("GET", "/simulator/clock")
    assert connection.getresponse().read()
