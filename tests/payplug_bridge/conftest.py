"""Fixtures of the bridge: a simulator that answers over HTTP, companies that are paid through it, their browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import MakeApp, signed_in_client
from tests.payplug_bridge.shop import Shop, open_shop


@pytest.fixture(scope="session")
def _shared_simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture
def simulator(_shared_simulator: RunningSimulator) -> RunningSimulator:
    """A simulator in its first state; its threads are shared by the tests of a worker."""
    _shared_simulator.resume_deliveries()
    _shared_simulator.reset()
    return _shared_simulator


@pytest.fixture
def shop(make_app: MakeApp, sqlite_url: str, simulator: RunningSimulator) -> Shop:
    """A company on SQLite with a live key."""
    return open_shop(make_app, sqlite_url, simulator)


@pytest.fixture
def each_shop(make_app: MakeApp, each_url: str, simulator: RunningSimulator) -> Shop:
    """The same on each engine in turn."""
    return open_shop(make_app, each_url, simulator)


@pytest.fixture
def web(shop: Shop) -> FlaskClient:
    """A payer's browser, in English; forms need no token and links may be opened often."""
    shop.app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    client = shop.app.test_client()
    client.set_cookie("language", "en")
    return client


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    """The owner's browser, signed in, in English."""
    client = signed_in_client(shop.app, shop.company_id)
    client.set_cookie("language", "en")
    return client
