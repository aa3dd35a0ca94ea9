"""A simulator, a merchant's server and the official library pointed at the simulator, for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import payplug
import payplug.notifications
import pytest

from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.payplug_bridge.simulator.merchant import Merchant

Create = Callable[..., Any]

BILLING = {
    "first_name": "Camille",
    "last_name": "Exemple",
    "email": "camille@example.org",
    "address1": "1 rue des Essais",
    "postcode": "75001",
    "city": "Paris",
    "country": "FR",
}


@pytest.fixture(scope="session")
def started_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path_factory.mktemp("simulator") / "payplug.db") as running:
        yield running


@pytest.fixture
def simulator(started_simulator: RunningSimulator) -> RunningSimulator:
    """A simulator that has forgotten the test before."""
    started_simulator.reset()
    return started_simulator


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    server = Merchant()
    yield server
    server.close()


@pytest.fixture
def library(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The official library, in live mode and the current API version."""
    monkeypatch.setattr(payplug.routes, "API_BASE_URL", simulator.url)
    monkeypatch.setattr(payplug.config, "secret_key", simulator.live_key)
    monkeypatch.setattr(payplug.config, "api_version", "2019-08-06")
    return payplug


@pytest.fixture
def create(library: Any, merchant: Merchant) -> Create:
    """Create a payment of 12.34 EUR through the library; keyword arguments replace or add parameters."""

    def create_payment(**changes: Any) -> Any:
        parameters: dict[str, Any] = {
            "amount": 1234,
            "currency": "EUR",
            "billing": BILLING,
            "shipping": {"delivery_type": "DIGITAL_GOODS"},
            "notification_url": merchant.url,
            "hosted_payment": {
                "return_url": "http://127.0.0.1:9/return",
                "cancel_url": "http://127.0.0.1:9/cancel",
            },
        } | changes
        return library.Payment.create(
            **{name: value for name, value in parameters.items() if value is not None}
        )

    return create_payment
