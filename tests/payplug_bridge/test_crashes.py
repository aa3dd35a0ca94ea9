"""The process is killed between any two steps; after a restart and one sync everything is as if it had not been."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from core.clock import utc_now
from core.database import db
from payplug_bridge import start_payment
from payplug_bridge.errors import PaymentBeingPrepared
from payplug_bridge.models import PayplugRefund, RefundState
from payplug_bridge.refund import RefundRequest, refund_card
from payplug_bridge.simulator.testing import RunningSimulator
from tests.conftest import MakeApp
from tests.forks import Forks, running_forks
from tests.payplug_bridge.crashing import HEARING, PAYING, REFUNDING
from tests.payplug_bridge.refunding import at_payplug, paid, refunds
from tests.payplug_bridge.shop import BACK, ONE_OF_EACH, Shop, open_shop


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks the ones to be killed."""
    with running_forks("tests.payplug_bridge.crashing") as running:
        yield running


Kill = Callable[..., None]


@pytest.fixture
def killed_at(forks: Forks, tmp_path: Path) -> Kill:
    """Run the steps up to a point in a process of their own, and make sure that it was killed there."""

    def kill(point: str, shop: Shop, *details: str | int) -> None:
        url, api = shop.app.config["SQLALCHEMY_DATABASE_URI"], shop.simulator.url
        assert forks.ended([point, url, str(tmp_path), api, *map(str, details)]) == -signal.SIGKILL

    return kill


def restart_and_sync(shop: Shop) -> None:
    """Some minutes later: leases and calls of the dead process have ended."""
    with time_machine.travel(utc_now() + timedelta(minutes=3), tick=True):
        result = shop.app.test_cli_runner().invoke(args=["payplug", "sync"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("point", [point.__name__ for point in PAYING])
def test_a_kill_while_a_payment_is_started(point: str, shop: Shop, killed_at: Kill) -> None:
    invoice = shop.invoice()
    killed_at(point, shop, shop.company_id, invoice)
    restart_and_sync(shop)
    expected = "refused" if point == "before_the_call" else "created"
    assert shop.states(invoice) == [expected]
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    assert shop.states(invoice)[-1] == "paid"
    assert [p["id"] for p in shop.simulator.payments()] == [payment]
    assert shop.counted() == ONE_OF_EACH
    shop.assert_sound()


@pytest.mark.parametrize("point", [point.__name__ for point in HEARING])
def test_a_kill_while_a_notification_is_done(point: str, shop: Shop, killed_at: Kill) -> None:
    _hear_and_die(point, shop, killed_at)


def test_a_kill_inside_the_transaction_on_postgresql(
    make_app: MakeApp, postgres_url: str, simulator: RunningSimulator, killed_at: Kill
) -> None:
    _hear_and_die("while_applying", open_shop(make_app, postgres_url, simulator), killed_at)


def _hear_and_die(point: str, shop: Shop, killed_at: Kill) -> None:
    invoice = shop.invoice()
    payment, token = shop.click(invoice), shop.webhook_path().rpartition("/")[2]
    shop.simulator.pay(payment, notify=False)
    killed_at(point, shop, token, payment)
    assert shop.states(invoice) == ["created"]
    restart_and_sync(shop)
    assert shop.states(invoice) == ["paid"]
    assert [row.state.value for row in shop.notifications()] == ["done"]
    assert shop.counted() == ONE_OF_EACH
    assert shop.balance(invoice).open_cents == 0
    shop.assert_sound()


@pytest.mark.parametrize("point", [point.__name__ for point in REFUNDING])
def test_a_kill_while_money_is_given_back(point: str, shop: Shop, killed_at: Kill) -> None:
    _invoice, payplug_id, payment_id = paid(shop)
    killed_at(point, shop, shop.company_id, payment_id)
    # The same click once more does not give back what may have been given back.
    again = give_back_again(shop, payment_id)
    assert again.state is (
        RefundState.DONE if point == "after_the_refund_was_recorded" else RefundState.PREPARED
    )
    restart_and_sync(shop)
    given_back = 0 if point == "before_the_refund" else 5_000
    assert give_back_again(shop, payment_id).state is (
        RefundState.DONE if given_back else RefundState.REFUSED
    )
    assert at_payplug(shop, payplug_id) == given_back
    assert [cents for cents, _ in refunds(shop)] == [5_000] * bool(given_back)
    shop.assert_sound()


def give_back_again(shop: Shop, payment_id: int) -> PayplugRefund:
    with shop.inside():
        found = refund_card(RefundRequest(payment_id, 5_000, request_key="killed"))
        db.session.expunge_all()
        return found


def test_a_click_right_after_the_crash_finds_the_payment_that_was_made(
    shop: Shop, killed_at: Kill, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = shop.invoice()
    killed_at("after_the_call", shop, shop.company_id, invoice)
    monkeypatch.setattr(start_payment, "WAIT_SECONDS", 0.2)
    payment = shop.click(invoice)
    assert [p["id"] for p in shop.simulator.payments()] == [payment]
    assert shop.states(invoice) == ["created"]


def test_a_click_while_the_first_is_still_asking_waits_its_turn(
    shop: Shop, killed_at: Kill, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = shop.invoice()
    killed_at("before_the_call", shop, shop.company_id, invoice)
    monkeypatch.setattr(start_payment, "WAIT_SECONDS", 0.2)
    with shop.inside(), pytest.raises(PaymentBeingPrepared):
        start_payment.start_payment(invoice, BACK)
    assert shop.states(invoice) == ["prepared"]
    assert shop.simulator.payments() == []
