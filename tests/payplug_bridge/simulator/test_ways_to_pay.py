"""Ways to pay beside cards: what an account says of them, what a request must carry, and the buyer's page."""

from __future__ import annotations

from typing import Any

import payplug
import pytest
import requests
from payplug import routes
from payplug.network import HttpClient

from payplug_bridge.simulator.control_client import SimulatorRefused
from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create
from tests.payplug_bridge.simulator.merchant import Merchant

CART = {"cart": [{"name": "Facture", "total_amount": 12_000}]}
ONEY = {
    "amount": None, "authorized_amount": 12_000, "auto_capture": True, "payment_method": "oney_x3_with_fees",
    "billing": BILLING | {"mobile_phone_number": "+33612345678"}, "payment_context": CART,
}  # fmt: skip


@pytest.fixture
def account(simulator: RunningSimulator) -> str:
    """The default account with some ways of its own."""
    account_id = str(simulator.accounts()[0]["id"])
    methods = {
        "ideal": {"allowed_countries": ["NL"], "maximum_cents": 50_000},
        "wero": {},
        "bizum": {"enabled": False},
    }
    simulator.set_features(account_id, methods=methods, permissions={"can_use_oney": True})
    return account_id


def asked_account(simulator: RunningSimulator) -> dict[str, Any]:
    client = HttpClient(token=simulator.live_key, api_version="2019-08-06")
    answer: dict[str, Any] = client.get(f"{simulator.url}/v{routes.API_VERSION}/account")[0]
    return answer


def test_the_account_lists_its_ways(simulator: RunningSimulator, account: str) -> None:
    found = asked_account(simulator)
    assert found["payment_methods"] == {
        "ideal": {"enabled": True, "allowed_countries": ["NL"], "max_amounts": {"EUR": 50_000}},
        "wero": {"enabled": True, "allowed_countries": ["ALL"]},
        "bizum": {"enabled": False, "allowed_countries": ["ALL"]},
    }
    assert found["permissions"]["can_use_oney"] is True
    assert found["configuration"]["oney"]["min_amounts"] == {"EUR": 10_000}
    simulator.set_features(account, methods={}, currencies=["EUR", "USD"])
    changed = asked_account(simulator)
    assert (changed["payment_methods"], changed["configuration"]["currencies"]) == ({}, ["EUR", "USD"])
    assert changed["permissions"]["can_use_oney"] is True  # what is not named stays


@pytest.mark.parametrize(
    "features",
    [
        {"methods": {"barter": {}}},
        {"methods": {"wero": {"colour": 1}}},
        {"permissions": {"fly": True}},
        {"x": 1},
    ],
)
def test_what_an_account_cannot_offer_is_refused(
    simulator: RunningSimulator, account: str, features: dict[str, Any]
) -> None:
    with pytest.raises(SimulatorRefused):
        simulator.set_features(account, **features)
    assert set(asked_account(simulator)["payment_methods"]) == {"ideal", "wero", "bizum"}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"payment_method": "ideal"}, {"billing"}),  # the buyer is in France
        ({"payment_method": "ideal", "amount": 60_000}, {"amount", "billing"}),
        ({**ONEY, "authorized_amount": 9_999}, {"authorized_amount"}),
        ({**ONEY, "authorized_amount": None, "amount": 12_000}, {"authorized_amount"}),
        ({**ONEY, "billing": BILLING}, {"billing"}),
        ({**ONEY, "auto_capture": None}, {"auto_capture"}),
        ({**ONEY, "payment_context": {"cart": []}}, {"payment_context"}),
    ],
)
def test_what_a_way_does_not_take_is_refused_beside_its_field(
    account: str, create: Create, changes: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        create(**changes)
    assert set(refusal.value.error_object["details"]) == fields


@pytest.mark.parametrize("method", ["bizum", "apple_pay", "card_of_somebody", 5])
def test_a_way_that_the_account_has_not_is_forbidden(account: str, create: Create, method: object) -> None:
    with pytest.raises(payplug.exceptions.Forbidden):
        create(payment_method=method)


def test_parameters_of_a_way_alone_are_forbidden(account: str, create: Create) -> None:
    with pytest.raises(payplug.exceptions.Forbidden):
        create(authorized_amount=1234, auto_capture=True)


def test_the_buyer_confirms_or_refuses(
    simulator: RunningSimulator, account: str, create: Create, merchant: Merchant
) -> None:
    made = create(payment_method="wero")
    page = requests.get(made.hosted_payment.payment_url, params={"lang": "en"}, timeout=5).text
    assert "Payment by Wero" in page
    assert 'name="number"' not in page
    send(made, attempts="0", outcome="card_declined")
    assert simulator.payment(made.id)["failure"]["code"] == "card_declined"
    assert (
        "Wero refused the payment"
        in requests.get(made.hosted_payment.payment_url + "?lang=en", timeout=5).text
    )
    send(made, attempts="0", outcome="paid")  # from the page before the refusal: a second click is nothing
    assert simulator.payment(made.id)["is_paid"] is False
    send(made, attempts="1", outcome="paid")
    paid = simulator.payment(made.id)
    assert (paid["is_paid"], paid["card"]["last4"]) == (True, None)
    assert paid["payment_method"] == {"type": "wero", "is_pending": False}
    merchant.wait_for(2)
    assert merchant.received[-1]["payment_method"]["type"] == "wero"


def send(payment: Any, **fields: str) -> None:
    requests.post(payment.hosted_payment.payment_url, data=fields, timeout=5, allow_redirects=False)


def test_oney_is_an_authorisation_without_an_amount(
    simulator: RunningSimulator, account: str, library: Any, create: Create
) -> None:
    made = create(**ONEY)
    found = simulator.payment(made.id)
    assert "amount" not in found
    assert (found["authorized_amount"], found["authorization"]["authorized_at"]) == (12_000, None)
    simulator.pay(made.id)
    paid = simulator.payment(made.id)
    assert paid["authorization"]["authorized_at"] == paid["paid_at"]
    assert library.Payment.retrieve(made.id).refund().amount == 12_000


def test_the_portal_switches_ways_on_and_off(simulator: RunningSimulator, account: str) -> None:
    page = requests.get(f"{simulator.url}/portal/accounts", timeout=5).text
    assert 'value="wero" checked' in page
    assert 'value="apple_pay" checked' not in page
    address = f"{simulator.url}/portal/accounts/{account}/methods"
    assert requests.post(address, data={"method": ["ideal", "apple_pay"]}, timeout=5).status_code == 200
    found = asked_account(simulator)
    enabled = {name for name, facts in found["payment_methods"].items() if facts["enabled"]}
    assert enabled == {"ideal", "apple_pay"}
    assert found["payment_methods"]["ideal"]["allowed_countries"] == ["NL"]
    assert found["permissions"]["can_use_oney"] is False
    assert requests.post(f"{simulator.url}/portal/accounts/nobody/methods", timeout=5).status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("unauthorized", 401), ("forbidden", 403)])
def test_a_refusal_of_key_or_right_on_demand(
    simulator: RunningSimulator, create: Create, kind: str, status: int
) -> None:
    simulator.set_fault(kind, target="create_payment", times=1)
    with pytest.raises(payplug.exceptions.HttpError) as refusal:
        create()
    assert refusal.value.http_response_code == status
    assert create().id


def test_the_live_mode_can_be_taken_away(simulator: RunningSimulator, account: str, create: Create) -> None:
    simulator.allow_live_mode(account, allowed=False)
    with pytest.raises(payplug.exceptions.Forbidden):
        create()
    simulator.allow_live_mode(account, allowed=True)
    assert create().id
