"""The v1 API's payments as the official library meets them."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import payplug
import pytest
import requests

from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create

BILLING_KEYS = {
    "title", "first_name", "last_name", "email", "mobile_phone_number", "landline_phone_number", "address1",
    "address2", "company_name", "postcode", "city", "state", "country", "language",
}  # fmt: skip
PAYMENT_KEYS = {
    "id", "object", "is_live", "amount", "amount_refunded", "authorization", "currency", "installment_plan_id",
    "is_paid", "paid_at", "is_refunded", "is_3ds", "save_card", "allow_save_card", "created_at", "refundable_after",
    "refundable_until", "card", "billing", "shipping", "hosted_payment", "notification", "failure", "description",
    "metadata",
}  # fmt: skip
VERSION = {"PayPlug-Version": "2019-08-06"}


def details_of(error: payplug.exceptions.HttpError) -> Any:
    assert error.error_object["object"] == "error"
    assert error.error_object["message"]
    return error.error_object["details"]


def test_a_new_payment_has_every_documented_field(simulator: RunningSimulator, create: Create) -> None:
    before = int(time.time())
    payment = create(metadata={"attempt": "att_1"}, description="Facture FA-1")
    body = simulator.payment(payment.id)
    assert body.keys() == PAYMENT_KEYS
    assert re.fullmatch(r"pay_[A-Za-z0-9]{22}", payment.id)
    assert body["billing"].keys() == BILLING_KEYS
    assert body["shipping"].keys() == BILLING_KEYS | {"delivery_type"}
    assert body["shipping"]["delivery_type"] == "DIGITAL_GOODS"
    assert body["card"] == dict.fromkeys(
        ("last4", "country", "exp_year", "exp_month", "brand", "id", "metadata")
    )
    assert body["hosted_payment"] == {
        "payment_url": f"{simulator.url}/pay/{payment.id.removeprefix('pay_')}",
        "return_url": "http://127.0.0.1:9/return",
        "cancel_url": "http://127.0.0.1:9/cancel",
        "paid_at": None,
        "sent_by": None,
    }
    assert body["notification"]["response_code"] is None
    assert (body["amount"], body["amount_refunded"], body["currency"]) == (1234, 0, "EUR")
    assert (body["is_live"], body["is_paid"], body["is_refunded"], body["save_card"]) == (
        True,
        False,
        False,
        False,
    )
    assert before <= body["created_at"] <= int(time.time())
    for name in ("paid_at", "is_3ds", "failure", "installment_plan_id", "authorization", "refundable_until"):
        assert body[name] is None
    assert (body["metadata"], body["description"]) == ({"attempt": "att_1"}, "Facture FA-1")


def test_creation_answers_201_and_reading_200(simulator: RunningSimulator, library: Any) -> None:
    client = library.HttpClient(token=simulator.live_key, api_version="2019-08-06")
    parameters = {
        "amount": 30,
        "currency": "EUR",
        "billing": BILLING,
        "shipping": {"delivery_type": "OTHER"},
    }
    payment, status = client.post(library.routes.url("/payments"), parameters)
    assert status == 201
    assert client.get(library.routes.url("/payments", resource_id=payment["id"])) == (payment, 200)


def test_the_test_key_makes_test_payments(simulator: RunningSimulator, library: Any, create: Create) -> None:
    library.config.secret_key = simulator.test_key
    payment = create()
    assert payment.is_live is False
    assert payment.hosted_payment.payment_url == f"{simulator.url}/pay/test/{payment.id.removeprefix('pay_')}"


@pytest.mark.parametrize("amount", [29, 2_000_001, 0, -5, "1234", 12.5, True, None])
def test_an_amount_that_is_no_integer_within_the_limits_is_refused_beside_its_field(
    create: Create, amount: object
) -> None:
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        create(amount=amount)
    assert list(details_of(refusal.value)) == ["amount"]


@pytest.mark.parametrize("amount", [30, 2_000_000])
def test_the_limits_themselves_are_accepted(create: Create, amount: int) -> None:
    assert create(amount=amount).amount == amount


def test_each_account_has_its_own_limits(simulator: RunningSimulator, library: Any, create: Create) -> None:
    account = simulator.create_account("Petite boutique", minimum_cents=100, maximum_cents=5000)
    library.config.secret_key = account.live_key
    for amount in (99, 5001):
        with pytest.raises(payplug.exceptions.BadRequest):
            create(amount=amount)
    simulator.set_limits(account.id, minimum_cents=50, maximum_cents=6000)
    assert create(amount=5001).amount == 5001


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"billing": BILLING | {"postcode": "7" * 17}}, {"billing": {"postcode"}}),
        ({"billing": BILLING | {"country": "France"}}, {"billing": {"country"}}),
        ({"billing": BILLING | {"email": "nobody"}}, {"billing": {"email"}}),
        ({"billing": BILLING | {"mobile_phone_number": "0612345678"}}, {"billing": {"mobile_phone_number"}}),
        ({"billing": BILLING | {"title": "dr"}}, {"billing": {"title"}}),
        ({"billing": {"email": "a@example.org"}}, {"billing": set(BILLING) - {"email"}}),
        ({"billing": "Camille"}, {"billing": None}),
        ({"shipping": None}, {"shipping": None}),
        ({"shipping": {"delivery_type": "PIGEON"}}, {"shipping": {"delivery_type"}}),
        ({"currency": "USD"}, {"currency": None}),
        ({"notification_url": "ftp://example.org"}, {"notification_url": None}),
        ({"notification_url": "http://[broken"}, {"notification_url": None}),
        ({"hosted_payment": {"return_url": "javascript:alert(1)"}}, {"hosted_payment": {"return_url"}}),
        ({"hosted_payment": {"sent_by": "SMS"}}, {"billing": {"mobile_phone_number"}}),
        ({"metadata": {"note": "x" * 501}}, {"metadata": None}),
        ({"metadata": ["a"]}, {"metadata": None}),
        ({"description": "x" * 81}, {"description": None}),
        ({"save_card": "yes"}, {"save_card": None}),
        ({"surprise": 1}, {"surprise": None}),
        ({"customer": BILLING}, {"customer": None}),
    ],
)
def test_a_bad_field_is_named_in_nested_details(
    create: Create, changes: dict[str, Any], details: dict[str, set[str] | None]
) -> None:
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        create(**changes)
    found = details_of(refusal.value)
    assert found.keys() == details.keys()
    for name, keys in details.items():
        assert isinstance(found[name], str) if keys is None else found[name].keys() == keys


def test_details_can_be_lists(simulator: RunningSimulator, create: Create) -> None:
    simulator.assume(details_are_lists=True)
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        create(amount=1, billing=BILLING | {"country": "France"})
    assert isinstance(details_of(refusal.value)["amount"], list)
    assert isinstance(details_of(refusal.value)["billing"]["country"], list)


def test_what_the_account_may_not_use_is_forbidden(create: Create) -> None:
    with pytest.raises(payplug.exceptions.Forbidden):
        create(payment_method="oney_x3_with_fees")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"5", b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_a_bad_request(simulator: RunningSimulator, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {simulator.live_key}", **VERSION}
    answer = requests.post(f"{simulator.url}/v1/payments", data=body, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["object"]) == (400, "error")


@pytest.mark.parametrize("authorization", [None, "Bearer sk_live_unknown", "Basic abc", "Bearer "])
def test_a_missing_or_unknown_key_is_unauthorized(
    simulator: RunningSimulator, authorization: str | None
) -> None:
    headers = {"Authorization": authorization, **VERSION} if authorization is not None else VERSION
    for path in ("/v1/payments", "/v1/account", "/v1/payments/pay_5iHMDxy4ABR4YBVW4UscIn"):
        answer = requests.get(simulator.url + path, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["object"]) == (401, "error")


def test_a_revoked_key_is_unauthorized(simulator: RunningSimulator, library: Any, create: Create) -> None:
    payment = create()
    simulator.revoke_key(simulator.live_key)
    with pytest.raises(payplug.exceptions.Unauthorized):
        library.Payment.retrieve(payment.id)


def test_ids_of_nobody_and_of_others_are_not_found_and_of_the_other_mode_forbidden(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    payment = create()
    with pytest.raises(payplug.exceptions.NotFound):
        library.Payment.retrieve("pay_5iHMDxy4ABR4YBVW4UscIn")
    library.config.secret_key = simulator.create_account("Autre").live_key
    with pytest.raises(payplug.exceptions.NotFound):
        library.Payment.retrieve(payment.id)
    library.config.secret_key = simulator.test_key
    with pytest.raises(payplug.exceptions.Forbidden):
        library.Payment.retrieve(payment.id)


def test_a_wrong_method_is_not_allowed_and_a_wrong_address_not_found(
    simulator: RunningSimulator, library: Any
) -> None:
    client = library.HttpClient(token=simulator.live_key)
    with pytest.raises(payplug.exceptions.NotAllowed):
        client.delete(library.routes.url("/payments"))
    with pytest.raises(payplug.exceptions.NotFound):
        client.get(library.routes.url("/nothing"))


def test_without_a_version_the_legacy_shape_answers(
    library: Any, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = create()
    monkeypatch.setattr(payplug.config, "api_version", None)
    legacy = library.Payment.retrieve(payment.id)
    assert legacy.customer.email == "camille@example.org"
    with pytest.raises(AttributeError):
        _ = legacy.billing
    with pytest.raises(payplug.exceptions.BadRequest) as refusal:
        create()
    assert details_of(refusal.value).keys() == {"billing", "shipping"}
    made = create(billing=None, shipping=None, customer={"email": "old@example.org"})
    assert made.customer.email == "old@example.org"


def test_an_unknown_version_is_refused(library: Any, create: Create) -> None:
    library.config.api_version = "2030-01-01"
    with pytest.raises(payplug.exceptions.BadRequest):
        create()


@pytest.mark.parametrize("key", ["abort", "aborted"])
def test_abort_works_under_both_names_and_the_second_one_says_so(
    library: Any, create: Create, key: str
) -> None:
    payment = create()
    client = library.HttpClient()
    address = library.routes.url("/payments", resource_id=payment.id)
    body, status = client.patch(address, {key: True})
    assert (status, body["failure"]["code"], body["is_paid"]) == (200, "aborted", False)
    with pytest.raises(payplug.exceptions.HttpError) as refusal:
        client.patch(address, {key: True})
    assert refusal.value.error_object["message"] == "The payment was already aborted."


def test_the_library_aborts(library: Any, create: Create) -> None:
    assert library.Payment.abort(create()).failure.code == "aborted"


def test_aborting_a_paid_or_timed_out_payment_is_forbidden(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    paid, timed_out = create(), create()
    simulator.pay(paid.id)
    simulator.time_out(timed_out.id)
    for payment in (paid, timed_out):
        with pytest.raises(payplug.exceptions.Forbidden):
            library.Payment.abort(payment)
    assert library.Payment.retrieve(paid.id).is_paid


def test_a_declined_payment_can_be_aborted(simulator: RunningSimulator, library: Any, create: Create) -> None:
    payment = create()
    simulator.decline(payment.id)
    assert library.Payment.abort(payment).failure.code == "aborted"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"captured": False}, payplug.exceptions.BadRequest),
        ({"captured": True}, payplug.exceptions.Forbidden),
        ({"aborted": False}, payplug.exceptions.BadRequest),
        ({"amount": 5}, payplug.exceptions.BadRequest),
        ({}, payplug.exceptions.BadRequest),
    ],
)
def test_other_updates_are_refused(
    library: Any, create: Create, changes: dict[str, object], error: type[Exception]
) -> None:
    address = library.routes.url("/payments", resource_id=create().id)
    with pytest.raises(error):
        library.HttpClient().patch(address, changes)


def test_metadata_can_be_replaced(library: Any, create: Create) -> None:
    payment = create(metadata={"a": 1})
    address = library.routes.url("/payments", resource_id=payment.id)
    library.HttpClient().patch(address, {"metadata": {"b": 2}})
    assert library.Payment.retrieve(payment.id).metadata == {"b": 2}


def test_the_list_is_paged_from_zero_newest_first(library: Any, create: Create) -> None:
    made = [create().id for _ in range(12)]
    first, second = library.Payment.list(), library.Payment.list(page=1)
    assert [payment.id for payment in first] == made[:1:-1]
    assert [payment.id for payment in second] == made[1::-1]
    assert (first.type, first.page, first.per_page, first.count, first.has_more) == ("list", 0, 10, 12, True)
    assert second.has_more is False
    assert len(library.Payment.list(per_page=100).data) == 12
    for page in ({"per_page": 101}, {"page": -1}):
        with pytest.raises(payplug.exceptions.BadRequest):
            library.Payment.list(**page)


def test_the_list_follows_other_assumptions(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    made = [create().id for _ in range(3)]
    simulator.assume(first_page=1, default_per_page=2, count_is_total=False, send_has_more=False)
    second = library.Payment.list(page=2)
    assert [payment.id for payment in second] == made[:1]
    assert second.count == 1
    with pytest.raises(AttributeError):
        _ = second.has_more


def test_the_list_holds_only_the_keys_own_payments(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    create()
    library.config.secret_key = simulator.test_key
    assert library.Payment.list().count == 0
    library.config.secret_key = simulator.create_account("Autre").live_key
    assert library.Payment.list().count == 0


def test_the_account_shows_its_limits_and_permissions(simulator: RunningSimulator, library: Any) -> None:
    account = simulator.create_account("Petite boutique", minimum_cents=100, maximum_cents=5000)
    client = library.HttpClient(token=account.test_key)
    body, status = client.get(library.routes.url("/account"))
    assert (status, body["object"], body["id"], body["is_live"]) == (200, "account", account.id, False)
    assert body["configuration"]["currencies"] == ["EUR"]
    assert body["configuration"]["min_amounts"] == {"EUR": 100}
    assert body["configuration"]["max_amounts"] == {"EUR": 5000}
    assert body["permissions"]["use_live_mode"] is True
    assert {"can_save_cards", "can_use_oney", "can_create_deferred_payment"} <= body["permissions"].keys()


def test_keys_are_given_for_the_accounts_password(simulator: RunningSimulator) -> None:
    address = f"{simulator.url}/v1/keys"
    right = requests.post(address, json={"email": "demo@example.org", "password": "demo-password"}, timeout=5)
    assert right.status_code == 201
    assert right.json() == {"secret_keys": {"test": simulator.test_key, "live": simulator.live_key}}
    for body in ({"email": "demo@example.org", "password": "no"}, {"email": 5}, {}):
        assert requests.post(address, json=body, timeout=5).status_code == 401


def test_an_account_without_live_mode_has_no_live_key(simulator: RunningSimulator) -> None:
    account = simulator.create_account("Nouveau", use_live_mode=False)
    body = {"email": "nouveau@example.org", "password": "demo-password"}
    answer = requests.post(f"{simulator.url}/v1/keys", json=body, timeout=5)
    assert answer.json() == {"secret_keys": {"test": account.test_key}}
    headers = {"Authorization": f"Bearer {account.live_key}"}
    assert requests.get(f"{simulator.url}/v1/account", headers=headers, timeout=5).status_code == 403


def test_the_availability_check_needs_no_key(simulator: RunningSimulator) -> None:
    assert requests.get(f"{simulator.url}/test", timeout=5).status_code == 200


def test_twenty_threads_creating_at_once_lose_nothing(library: Any, create: Create) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(lambda number: create(amount=1000 + number).id, range(60)))
    assert len(made) == 60
    assert library.Payment.list().count == 60
