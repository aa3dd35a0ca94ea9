"""The contract with PayPlug: every field that is read, missing, null or of a wrong type; every call, every error.

The official library does the talking in each of them, over HTTP. A field that is odd makes the answer one that was not
understood (*unconfirmed*): never a crash, and never another amount.
"""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import requests

from core.clock import utc_now
from payplug_bridge import client as client_module
from payplug_bridge import report_snapshot, snapshots
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import (
    PayplugError,
    PayplugKeyRefused,
    PayplugNotFound,
    PayplugRefused,
    PayplugUnconfirmed,
    PayplugUnreachable,
)
from payplug_bridge.simulator import faults
from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.test_client import client, request, server  # noqa: F401  # fixtures

KEY = "sk_live_somekey1234"
PAYMENT_ID = "pay_5iHMDxy4ABR4YBVW4UscIn"

PAYMENT: dict[str, Any] = {
    "id": PAYMENT_ID, "object": "payment", "is_live": True, "amount": 3300, "amount_refunded": 0, "currency": "EUR",
    "is_paid": True, "paid_at": None, "created_at": 1_760_000_000,
    "failure": {"code": "card_declined", "message": "No."}, "card": {"brand": "Visa", "last4": "4242"},
    "hosted_payment": {"payment_url": "https://secure.payplug.com/pay/x", "paid_at": 1_760_000_100},
    "metadata": {"solde_attempt": "ours"}, "authorized_amount": None, "authorization": {"authorized_amount": 3300},
    "notification": {"response_code": 200}, "refundable_until": 1_790_000_000, "is_3ds": True,
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "re_5iHMDxy4ABR4YBVW4UscIn", "payment_id": PAYMENT_ID, "object": "refund", "is_live": True, "amount": 500,
    "currency": "EUR", "created_at": 1_760_000_200, "metadata": {snapshots.REFUND_KEY: "ours"},
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "id": "acc_1", "object": "account", "is_live": True,
    "country": "FR", "permissions": {"can_use_oney": True},
    "configuration": {
        "currencies": ["EUR"], "min_amounts": {"EUR": 50}, "max_amounts": {"EUR": 900_000},
        "oney": {"allowed_countries": ["FR"]},
    },
    "payment_methods": {
        "bancontact": {
            "enabled": True, "allowed_countries": ["BE"], "min_amounts": {"EUR": 50}, "max_amounts": {"EUR": 900},
        },
    },
}  # fmt: skip
PAGE: dict[str, Any] = {
    "type": "list", "page": 0, "per_page": 100, "has_more": False, "data": [PAYMENT],
}  # fmt: skip

REPORT: dict[str, Any] = {
    "id": "ar_5iHMDxy4ABR4YBVW4UscIn", "object": "accounting_report", "is_live": True,
    "temporary_url": "https://files.example.org/x", "file_available_until": 1_760_000_000,
}  # fmt: skip

REQUIRED, OPTIONAL = True, False
Fields = dict[str, tuple[type, bool]]
PAYMENT_FIELDS: Fields = {
    "object": (str, REQUIRED), "id": (str, REQUIRED), "is_live": (bool, REQUIRED), "amount": (int, OPTIONAL),
    "amount_refunded": (int, OPTIONAL), "currency": (str, REQUIRED), "is_paid": (bool, REQUIRED),
    "paid_at": (int, OPTIONAL), "created_at": (int, OPTIONAL), "failure": (dict, OPTIONAL),
    "failure.code": (str, OPTIONAL), "failure.message": (str, OPTIONAL), "card": (dict, OPTIONAL),
    "card.brand": (str, OPTIONAL), "card.last4": (str, OPTIONAL), "hosted_payment": (dict, OPTIONAL),
    "hosted_payment.payment_url": (str, OPTIONAL), "hosted_payment.paid_at": (int, OPTIONAL),
    "metadata": (dict, OPTIONAL), "metadata.solde_attempt": (str, OPTIONAL),
    "authorized_amount": (int, OPTIONAL), "authorization": (dict, OPTIONAL),
    "authorization.authorized_amount": (int, OPTIONAL), "notification": (dict, OPTIONAL),
    "notification.response_code": (int, OPTIONAL), "refundable_until": (int, OPTIONAL),
    "is_3ds": (bool, OPTIONAL),
}  # fmt: skip
REFUND_FIELDS: Fields = {
    "object": (str, REQUIRED), "id": (str, REQUIRED), "payment_id": (str, REQUIRED), "amount": (int, REQUIRED),
    "is_live": (bool, REQUIRED), "currency": (str, REQUIRED), "created_at": (int, OPTIONAL),
    "metadata": (dict, OPTIONAL), f"metadata.{snapshots.REFUND_KEY}": (str, OPTIONAL),
}  # fmt: skip
ACCOUNT_FIELDS: Fields = {
    "object": (str, OPTIONAL), "id": (str, REQUIRED), "is_live": (bool, REQUIRED), "configuration": (dict, OPTIONAL),
    "configuration.min_amounts": (dict, OPTIONAL), "configuration.min_amounts.EUR": (int, OPTIONAL),
    "configuration.max_amounts": (dict, OPTIONAL), "configuration.max_amounts.EUR": (int, OPTIONAL),
    "configuration.currencies": (list, OPTIONAL), "configuration.oney": (dict, OPTIONAL), "country": (str, OPTIONAL),
    "permissions": (dict, OPTIONAL), "payment_methods": (dict, OPTIONAL),
    "payment_methods.bancontact.enabled": (bool, OPTIONAL),
    "payment_methods.bancontact.allowed_countries": (list, OPTIONAL),
    "payment_methods.bancontact.min_amounts": (dict, OPTIONAL),
    "payment_methods.bancontact.min_amounts.EUR": (int, OPTIONAL),
    "payment_methods.bancontact.max_amounts": (dict, OPTIONAL),
    "payment_methods.bancontact.max_amounts.EUR": (int, OPTIONAL),
}  # fmt: skip
REPORT_FIELDS: Fields = {
    "object": (str, REQUIRED), "id": (str, REQUIRED), "is_live": (bool, REQUIRED), "temporary_url": (str, OPTIONAL),
    "file_available_until": (int, OPTIONAL),
}  # fmt: skip
PAGE_FIELDS: Fields = {
    "data": (list, REQUIRED), "page": (int, OPTIONAL), "per_page": (int, OPTIONAL), "has_more": (bool, OPTIONAL),
}  # fmt: skip

READERS = (snapshots, report_snapshot)
"""The modules that make values of PayPlug's answers."""

WRONG = ("text", 7, 7.5, True, ["x"], {"x": 1})
"""One of each kind that JSON knows; the right kind of a field is left out."""

TABLE: dict[str, tuple[dict[str, Any], Fields, Callable[[PayplugClient], object]]] = {
    "read_payment": (PAYMENT, PAYMENT_FIELDS, lambda it: it.retrieve_payment(PAYMENT_ID)),
    "read_refund": (REFUND, REFUND_FIELDS, lambda it: it.create_refund(PAYMENT_ID, 500, "ours")),
    "read_refunds": ({"data": [REFUND]}, {"data": (list, REQUIRED)}, lambda it: it.refunds_of(PAYMENT_ID)),
    "read_report_object": (REPORT, REPORT_FIELDS, lambda it: it.retrieve_report(REPORT["id"])),
    "read_account": (ACCOUNT, ACCOUNT_FIELDS, lambda it: it.account()),
    "read_payment_page": (
        PAGE,
        PAGE_FIELDS,
        lambda it: it.find_payment("other", utc_now() - timedelta(days=9000)),
    ),
}


class _Watched(dict[str, Any]):
    """Notes which of its keys are asked for."""

    def __init__(self, body: dict[str, Any], seen: set[str], prefix: str = "") -> None:
        self.seen, self.prefix = seen, prefix
        super().__init__(
            {k: _Watched(v, seen, f"{prefix}{k}.") if isinstance(v, dict) else v for k, v in body.items()}
        )

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(self.prefix + key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.seen.add(self.prefix + key)
        return super().__getitem__(key)


def test_the_table_names_every_reader_and_every_field_that_is_read() -> None:
    found = [f for module in READERS for f in inspect.getmembers(module, inspect.isfunction)]
    readers = {name: function for name, function in found if name.startswith("read_")}
    assert set(readers) == set(TABLE)
    for name, (body, fields, _) in TABLE.items():
        seen: set[str] = set()
        readers[name](_Watched(body, seen))
        assert seen == set(fields), name


def _spoiled(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    *above, key = path.split(".")
    inner = changed
    for name in above:
        inner = inner[name]
    if value is _ABSENT:
        inner.pop(key)
    else:
        inner[key] = value
    return changed


_ABSENT = object()


def _spoilings(fields: Fields) -> Iterator[tuple[str, object, bool]]:
    """(field, what stands there instead, whether the answer is still understood)."""
    for path, (kind, required) in fields.items():
        yield path, _ABSENT, not required
        yield path, None, not required
        for wrong in WRONG:
            # In Python True is a number; in JSON it is none.
            if type(wrong) is not kind:
                yield path, wrong, False


@pytest.mark.parametrize("reader", sorted(TABLE))
def test_an_odd_field_is_never_a_crash_nor_another_amount(reader: str, server: Any) -> None:  # noqa: F811
    body, fields, ask = TABLE[reader]
    asking = PayplugClient(KEY, server.url)
    server.body = json.dumps(body).encode()
    ask(asking)
    for path, value, is_understood in _spoilings(fields):
        server.body = json.dumps(_spoiled(body, path, value)).encode()
        shown = "absent" if value is _ABSENT else repr(value)
        if not is_understood:
            # Named in the failure: the list is long.
            with pytest.raises(PayplugUnconfirmed) as unconfirmed:
                pytest.fail(f"{path} {shown} was understood as {ask(asking)}")
            assert unconfirmed.value.cause == "unreadable"
            continue
        read = ask(asking)
        if isinstance(read, snapshots.PaymentSnapshot):
            assert read.amount_cents == (None if path == "amount" else 3300), f"{path} {shown}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("amount", -1), ("amount", 10**19), ("amount_refunded", -1), ("paid_at", -1), ("created_at", 10**30),
        ("metadata.solde_attempt", ""), ("metadata.solde_attempt", "x" * 81), ("id", "pay_../../x"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_not_understood(server: Any, path: str, value: object) -> None:  # noqa: F811
    server.body = json.dumps(_spoiled(PAYMENT, path, value)).encode()
    with pytest.raises(PayplugUnconfirmed):
        PayplugClient(KEY, server.url).retrieve_payment(PAYMENT_ID)


@pytest.mark.parametrize("metadata", [None, [], {}, {"order": 5}, {"solde_attempt": None}])
def test_metadata_without_a_word_of_ours_is_somebody_elses(server: Any, metadata: object) -> None:  # noqa: F811
    server.body = json.dumps({**PAYMENT, "metadata": metadata}).encode()
    assert PayplugClient(KEY, server.url).retrieve_payment(PAYMENT_ID).reference is None


# --- every call, every error ----------------------------------------------------------------------------------------

DAY = date(2026, 3, 1)
CALLS: dict[str, tuple[str, Callable[[PayplugClient, str], object]]] = {
    "create_payment": ("create_payment", lambda it, _: it.create_payment(request("contract"))),
    "retrieve_payment": ("retrieve_payment", lambda it, known: it.retrieve_payment(known)),
    "abort_payment": ("update_payment", lambda it, known: it.abort_payment(known)),
    "find_payment": ("list_payments", lambda it, _: it.find_payment("nobody", utc_now())),
    "account": ("account", lambda it, _: it.account()),
    "create_refund": ("create_refund", lambda it, known: it.create_refund(known, 500, "contract")),
    "refunds_of": ("list_refunds", lambda it, known: it.refunds_of(known)),
    "request_report": ("create_report", lambda it, _: it.request_report(DAY, DAY, "http://127.0.0.1:9/hook")),
    "retrieve_report": ("retrieve_report", lambda it, known: it.retrieve_report(known)),
}
"""The client's calls, with the simulator's name for each."""

FAULTS: list[tuple[str, dict[str, int], str]] = [
    ("error", {"status": 500}, "http_500"),
    ("error", {"status": 502, "processed": 1}, "http_502"),
    ("error", {"status": 599}, "http_599"),
    ("html", {}, "unreadable"),
    ("html", {"processed": 1}, "unreadable"),
    ("null", {}, "unreadable"),
    ("null", {"processed": 1}, "unreadable"),
    ("too_many_requests", {}, "http_429"),
    ("drop", {}, "connection"),
    ("lost_answer", {}, "connection"),
]
STATUSES: dict[int, type[PayplugError]] = {
    400: PayplugRefused, 401: PayplugKeyRefused, 403: PayplugRefused, 404: PayplugNotFound, 405: PayplugRefused,
    422: PayplugRefused, 204: PayplugUnconfirmed, 301: PayplugUnconfirmed, 302: PayplugUnconfirmed,
    408: PayplugUnconfirmed, 409: PayplugUnconfirmed, 418: PayplugUnconfirmed, 429: PayplugUnconfirmed,
    500: PayplugUnconfirmed, 502: PayplugUnconfirmed, 503: PayplugUnconfirmed,
}  # fmt: skip
SECRET = "3 rue du Secret"
ERROR_BODIES: list[bytes] = [
    json.dumps({"object": "error", "message": "No.", "details": {"billing": {"address1": SECRET}}}).encode(),
    json.dumps({"object": "error", "message": ["x"], "details": {"billing": [SECRET]}}).encode(),
    b"null", b"[]", b"", b"\xff\xfe", b"<html>Bad gateway</html>", b"[" * 20_000,
]  # fmt: skip


def made(asking: PayplugClient, simulator: RunningSimulator, call: str) -> str:
    """What the call can be made about: a payment, paid when it gives money back; a report."""
    payment_id = asking.create_payment(request()).id
    if call == "create_refund":
        simulator.pay(payment_id, notify=False)
    if call == "retrieve_report":
        return asking.request_report(DAY, DAY, "http://127.0.0.1:9/hook").id
    return payment_id


def test_the_calls_are_all_the_calls_of_the_client() -> None:
    public = {n for n, _ in inspect.getmembers(PayplugClient, inspect.isfunction) if not n.startswith("_")}
    # `find_payment` is what reads the list by `payments_since`; the file of a report is fetched from wherever it lies.
    assert public == set(CALLS) | {"payments_since", "download_report"}


OTHER_IDS = {"retrieve_report": REPORT["id"]}
"""What a call asks for that does not ask for a payment."""
SIMULATED = sorted(call for call, (target, _) in CALLS.items() if target in faults.CALLS)


@pytest.mark.parametrize("call", SIMULATED)
def test_no_usable_answer_leaves_every_call_unconfirmed(
    client: PayplugClient,  # noqa: F811
    simulator: RunningSimulator,
    call: str,
) -> None:
    target, ask = CALLS[call]
    for kind, parameters, cause in FAULTS:
        known = made(client, simulator, call)
        simulator.set_fault(kind, target=target, times=1, **parameters)
        with pytest.raises(PayplugUnconfirmed) as unconfirmed:
            ask(client, known)
        assert unconfirmed.value.cause == cause, (kind, parameters)
        assert not isinstance(unconfirmed.value, PayplugUnreachable)
        # The next one is answered: nothing of a failed call stays behind.
        ask(client, made(client, simulator, call))


@pytest.mark.parametrize("call", sorted(CALLS))
def test_every_status_of_every_call_is_a_refusal_or_a_doubt(server: Any, call: str) -> None:  # noqa: F811
    _, ask = CALLS[call]
    asking = PayplugClient(KEY, server.url)
    for status, expected in STATUSES.items():
        for body in ERROR_BODIES if status != 204 else [b""]:
            server.status, server.body = status, body
            with pytest.raises(PayplugError) as told:
                ask(asking, OTHER_IDS.get(call, PAYMENT_ID))
            # What cannot be read as an error of PayPlug's is a doubt at most, never a success.
            assert isinstance(told.value, (expected, PayplugUnconfirmed)), (status, body[:40])
            assert SECRET not in f"{told.value} {told.value!r} {told.value.args} {vars(told.value)}"
            if body is ERROR_BODIES[0]:
                assert type(told.value) is expected, status


def test_refusals_of_the_simulator_itself(client: PayplugClient, simulator: RunningSimulator) -> None:  # noqa: F811
    live = client.create_payment(request()).id
    in_test_mode = PayplugClient(simulator.test_key, simulator.url)
    unknown = PayplugClient("sk_live_nobodyknowsthis", simulator.url)
    for call in SIMULATED:
        _, ask = CALLS[call]
        with pytest.raises(PayplugKeyRefused):
            ask(unknown, OTHER_IDS.get(call, live))
        if call not in ("create_payment", "find_payment", "account", "request_report", "retrieve_report"):
            for asking, payment_id, status in ((in_test_mode, live, 403), (client, PAYMENT_ID, 404)):
                with pytest.raises(PayplugRefused) as refused:
                    ask(asking, payment_id)
                assert refused.value.status == status
    for spoiled in (request(amount_cents=1), request(email="none"), request(country="France")):
        with pytest.raises(PayplugRefused) as refused:
            client.create_payment(spoiled)
        assert refused.value.status == 400
        assert refused.value.fields
    simulator.set_fault("unprocessable", target="create_payment", times=1)
    with pytest.raises(PayplugRefused) as refused:
        client.create_payment(request())
    assert refused.value.status == 422


def test_a_slow_answer_to_each_call_ends_as_a_time_out(
    client: PayplugClient,  # noqa: F811
    simulator: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = made(client, simulator, "create_refund")
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.1)
    for call in SIMULATED:
        target, ask = CALLS[call]
        simulator.set_fault("slow", target=target, times=1, milliseconds=400)
        with pytest.raises(PayplugUnconfirmed) as unconfirmed:
            ask(client, OTHER_IDS.get(call, known))
        assert unconfirmed.value.cause == "timeout"


def test_an_answer_cut_off_in_the_middle_is_not_understood(server: Any) -> None:  # noqa: F811
    whole = json.dumps(PAYMENT).encode()
    for length in range(0, len(whole), 23):
        server.body = whole[:length]
        with pytest.raises(PayplugUnconfirmed):
            PayplugClient(KEY, server.url).retrieve_payment(PAYMENT_ID)


def test_the_legacy_shape_says_the_same_of_the_money(
    client: PayplugClient,  # noqa: F811
    simulator: RunningSimulator,
) -> None:
    made = client.create_payment(request())
    simulator.pay(made.id, notify=False)
    answer = requests.get(
        f"{simulator.url}/v1/payments/{made.id}",
        headers={"Authorization": f"Bearer {simulator.live_key}"},
        timeout=5,
    ).json()
    assert "customer" in answer
    assert "billing" not in answer
    assert snapshots.read_payment(answer) == client.retrieve_payment(made.id)
