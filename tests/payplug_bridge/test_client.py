"""The client against the real simulator over HTTP, and against answers no simulator would give."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import payplug
import pytest
import requests
from payplug import config, network, routes

from core.clock import utc_now
from payplug_bridge import client as client_module
from payplug_bridge.client import ALREADY_ABORTED, PaymentRequest, PayplugClient
from payplug_bridge.errors import (
    NotPayplugId,
    PayplugKeyRefused,
    PayplugNotFound,
    PayplugRefused,
    PayplugUnconfirmed,
    PayplugUnreachable,
    PayplugUnreadable,
)
from payplug_bridge.simulator.testing import RunningSimulator

BILLING = {
    "first_name": "Anne",
    "last_name": "Essai",
    "email": "anne@client.example.org",
    "address1": "1 rue du Test",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "language": "fr",
}


def request(reference: str = "ref-1", amount_cents: int = 12_345, **billing: str) -> PaymentRequest:
    return PaymentRequest(
        amount_cents=amount_cents,
        reference=reference,
        description="F2026-0001",
        billing={**BILLING, **billing},
        notification_url="http://127.0.0.1:9/webhooks/payplug/none",
        return_url="http://127.0.0.1:9/return",
        cancel_url="http://127.0.0.1:9/cancel",
    )


@pytest.fixture
def client(simulator: RunningSimulator) -> PayplugClient:
    return PayplugClient(simulator.live_key, simulator.url)


def test_a_created_payment_reads_back_the_same(client: PayplugClient) -> None:
    created = client.create_payment(request())
    assert created.amount_cents == 12_345
    assert (created.is_live, created.is_paid, created.failure, created.card) == (True, False, None, None)
    assert created.reference == "ref-1"
    assert created.payment_url.startswith("http")
    assert client.retrieve_payment(created.id) == created


def test_a_paid_payment_tells_when_and_by_which_card(
    client: PayplugClient, simulator: RunningSimulator
) -> None:
    created = client.create_payment(request())
    simulator.pay(created.id, notify=False)
    paid = client.retrieve_payment(created.id)
    assert paid.is_paid
    assert paid.paid_at is not None
    assert abs(paid.paid_at - utc_now()) < timedelta(minutes=1)
    assert paid.card is not None
    assert (paid.card.brand, paid.card.last4) == ("Visa", "4242")


def test_a_key_belongs_to_one_mode(client: PayplugClient, simulator: RunningSimulator) -> None:
    live = client.create_payment(request())
    test_client = PayplugClient(simulator.test_key, simulator.url)
    assert test_client.create_payment(request()).is_live is False
    with pytest.raises(PayplugRefused) as refused:
        test_client.retrieve_payment(live.id)
    assert refused.value.status == 403


def test_the_account_tells_its_mode_and_limits(simulator: RunningSimulator) -> None:
    made = simulator.create_account("Petite Boutique", minimum_cents=150, maximum_cents=50_000)
    account = PayplugClient(made.test_key, simulator.url).account()
    assert (account.is_live, account.least_cents, account.most_cents) == (False, 150, 50_000)


def test_an_unknown_key_is_told_apart(simulator: RunningSimulator) -> None:
    with pytest.raises(PayplugKeyRefused):
        PayplugClient("sk_live_nobodyknowsthis", simulator.url).account()


def test_refused_fields_are_named_and_their_values_are_not_kept(client: PayplugClient) -> None:
    with pytest.raises(PayplugRefused) as refused:
        client.create_payment(request(postcode="x" * 40))
    assert refused.value.status == 400
    assert "billing.postcode" in refused.value.fields
    assert "xxxx" not in str(refused.value)


def test_details_as_lists_name_the_same_fields(client: PayplugClient, simulator: RunningSimulator) -> None:
    simulator.assume(details_are_lists=True)
    with pytest.raises(PayplugRefused) as refused:
        client.create_payment(request(email="not an address"))
    assert "billing.email" in refused.value.fields


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "../customers/x",
        "pay_",
        "pay_abc",
        "pay_5iHMDxy4ABR4YBVW4Usc/../x",
        "re_5iHMDxy4ABR4YBVW4UscIn",
        "pay_x?y=1234567",
    ],
)
def test_what_is_no_payment_id_never_becomes_an_address(client: PayplugClient, bad: str) -> None:
    with pytest.raises(NotPayplugId):
        client.retrieve_payment(bad)
    with pytest.raises(NotPayplugId):
        client.abort_payment(bad)


def test_an_id_that_payplug_does_not_know_is_not_found(client: PayplugClient) -> None:
    with pytest.raises(PayplugNotFound):
        client.retrieve_payment("pay_5iHMDxy4ABR4YBVW4UscIn")


def test_aborting_twice_is_a_success(client: PayplugClient, simulator: RunningSimulator) -> None:
    created = client.create_payment(request())
    for _ in range(2):
        aborted = client.abort_payment(created.id)
        assert aborted.failure is not None
        assert aborted.failure.code == "aborted"
    simulator.assume(second_abort_status=400)
    assert client.abort_payment(created.id).failure is not None


def test_aborting_what_is_paid_is_refused(client: PayplugClient, simulator: RunningSimulator) -> None:
    created = client.create_payment(request())
    simulator.pay(created.id, notify=False)
    with pytest.raises(PayplugRefused) as refused:
        client.abort_payment(created.id)
    assert refused.value.reason != ALREADY_ABORTED


@pytest.mark.parametrize(
    ("kind", "parameters", "cause"),
    [
        ("error", {"status": 500}, "http_500"),
        ("error", {"status": 502}, "http_502"),
        ("too_many_requests", {}, "http_429"),
        ("html", {}, "unreadable"),
        ("null", {}, "unreadable"),
        ("drop", {}, "connection"),
        ("lost_answer", {}, "connection"),
    ],
)
def test_no_usable_answer_is_unconfirmed(
    client: PayplugClient, simulator: RunningSimulator, kind: str, parameters: dict[str, int], cause: str
) -> None:
    simulator.set_fault(kind, target="create_payment", times=1, **parameters)
    with pytest.raises(PayplugUnconfirmed) as unconfirmed:
        client.create_payment(request())
    assert unconfirmed.value.cause == cause
    assert not isinstance(unconfirmed.value, PayplugUnreachable)


def test_422_is_a_refusal(client: PayplugClient, simulator: RunningSimulator) -> None:
    simulator.set_fault("unprocessable", target="create_payment", times=1)
    with pytest.raises(PayplugRefused) as refused:
        client.create_payment(request())
    assert refused.value.status == 422


def test_silence_ends_with_the_read_time_limit(
    client: PayplugClient, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.2)
    simulator.set_fault("slow", target="retrieve_payment", times=1, milliseconds=1500)
    with pytest.raises(PayplugUnconfirmed) as unconfirmed:
        client.retrieve_payment("pay_5iHMDxy4ABR4YBVW4UscIn")
    assert unconfirmed.value.cause == "timeout"


def test_where_nobody_listens_nothing_can_have_been_done() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(PayplugUnreachable):
        PayplugClient("sk_live_somekey1234", url).create_payment(request())


def test_a_payment_whose_answer_was_lost_is_found_by_our_reference(
    client: PayplugClient, simulator: RunningSimulator
) -> None:
    before = utc_now()
    simulator.set_fault("lost_answer", target="create_payment", times=1)
    with pytest.raises(PayplugUnconfirmed):
        client.create_payment(request("lost-one"))
    for number in range(3):
        client.create_payment(request(f"other-{number}"))
    found = client.find_payment("lost-one", before)
    assert found is not None
    assert found.amount_cents == 12_345
    assert client.find_payment("never-asked", before) is None


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("send_has_more", [True, False])
def test_the_whole_list_is_walked_whatever_its_first_page(
    client: PayplugClient, simulator: RunningSimulator, first_page: int, send_has_more: bool
) -> None:
    simulator.assume(first_page=first_page, send_has_more=send_has_more, largest_per_page=100)
    made = {client.create_payment(request(f"ref-{n}")).id for n in range(7)}
    client_module_page = client_module.PAGE_SIZE
    try:
        client_module.PAGE_SIZE = 3  # type: ignore[misc]
        walked = [payment.id for payment in client.payments_since(utc_now() - timedelta(hours=1))]
    finally:
        client_module.PAGE_SIZE = client_module_page  # type: ignore[misc]
    assert len(walked) == len(set(walked)) == 7
    assert set(walked) == made


def test_two_clients_of_one_process_keep_their_own_keys(simulator: RunningSimulator) -> None:
    other = simulator.create_account("Autre Maison")
    first, second = (
        PayplugClient(simulator.live_key, simulator.url),
        PayplugClient(other.live_key, simulator.url),
    )
    mine = first.create_payment(request())
    with pytest.raises(PayplugNotFound):
        second.retrieve_payment(mine.id)
    assert first.retrieve_payment(mine.id).id == mine.id


def test_the_library_keeps_its_own_process_globals(client: PayplugClient) -> None:
    client.create_payment(request())
    assert config.secret_key is None
    assert config.api_version is None
    assert routes.API_BASE_URL == "https://api.payplug.com"
    assert network.available_clients[0] is network.RequestsRequest
    assert payplug.__name__ == "payplug"


# --- answers no simulator would give --------------------------------------------------------------------------------


class _Server:
    """Answers every request with the same bytes and remembers what it was sent."""

    def __init__(self) -> None:
        self.status, self.body, self.pause = 200, b"{}", 0.0
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = (self.command, self.path, dict(self.headers), self.rfile.read(length))
                outer.requests.append(sent)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                for offset in range(0, len(outer.body), 1 + len(outer.body) // 4):
                    self.wfile.write(outer.body[offset : offset + 1 + len(outer.body) // 4])
                    self.wfile.flush()
                    time.sleep(outer.pause)

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # http.server calls them so

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"

    def stop(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server()
    yield running
    running.stop()


PAYMENT: dict[str, Any] = {
    "id": "pay_5iHMDxy4ABR4YBVW4UscIn", "object": "payment", "is_live": True, "amount": 3300, "currency": "EUR",
    "is_paid": False, "amount_refunded": 0, "created_at": 1_760_000_000, "failure": None, "metadata": None,
}  # fmt: skip


def _ask(server: _Server, answer: object) -> Any:
    server.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return PayplugClient("sk_live_somekey1234", server.url).retrieve_payment(PAYMENT["id"])


def test_the_barest_payment_is_read(server: _Server) -> None:
    snapshot = _ask(server, PAYMENT)
    assert (snapshot.card, snapshot.payment_url, snapshot.reference, snapshot.paid_at) == (
        None,
        "",
        None,
        None,
    )


def test_an_authorised_payment_has_no_amount(server: _Server) -> None:
    without = {key: value for key, value in PAYMENT.items() if key != "amount"}
    assert _ask(server, {**without, "authorized_amount": 3300}).amount_cents is None


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"null", b"5", b'"x"', b"[]", b"{}", b"<html>", b"\xff\xfe\x00", b"[" * 50_000,
        {**PAYMENT, "object": "customer"}, {**PAYMENT, "id": "../x"}, {**PAYMENT, "id": None},
        {**PAYMENT, "is_paid": None}, {**PAYMENT, "is_paid": "yes"}, {**PAYMENT, "amount": "3300"},
        {**PAYMENT, "amount": True}, {**PAYMENT, "amount": 33.5}, {**PAYMENT, "is_live": 1},
        {**PAYMENT, "currency": None}, {**PAYMENT, "failure": "declined"}, {**PAYMENT, "card": ["x"]},
        {**PAYMENT, "paid_at": "2026-01-01"}, {**PAYMENT, "paid_at": -1}, {**PAYMENT, "paid_at": 10**18},
        {**PAYMENT, "hosted_payment": "https://x"}, {**PAYMENT, "failure": {"code": 5}},
    ],
)  # fmt: skip
def test_a_2xx_that_is_no_payment_is_unconfirmed(server: _Server, answer: object) -> None:
    with pytest.raises(PayplugUnconfirmed) as unconfirmed:
        _ask(server, answer)
    assert unconfirmed.value.cause == "unreadable"


@pytest.mark.parametrize("body", [b"null", b"[]", b"", b"\xff", b'{"message": 5, "details": "x"}', b"<html>"])
def test_a_refusal_without_a_proper_body_is_still_a_refusal_or_unconfirmed(
    server: _Server, body: bytes
) -> None:
    server.status = 400
    with pytest.raises((PayplugRefused, PayplugUnconfirmed)):
        _ask(server, body)


def test_redirections_are_not_followed(server: _Server) -> None:
    server.status, server.headers = 302, {"Location": "/v1/customers"}
    with pytest.raises(PayplugUnconfirmed):
        _ask(server, b"{}")
    assert len(server.requests) == 1


def test_the_key_the_version_and_the_body_go_out_as_documented(server: _Server) -> None:
    server.body = json.dumps(PAYMENT).encode()
    PayplugClient("sk_live_somekey1234", server.url).create_payment(request())
    method, path, headers, body = server.requests[0]
    assert (method, path) == ("POST", "/v1/payments")
    assert headers["Authorization"] == "Bearer sk_live_somekey1234"
    assert headers["PayPlug-Version"] == "2019-08-06"
    sent = json.loads(body)
    assert sent["amount"] == 12_345
    assert sent["metadata"] == {"solde_attempt": "ref-1"}
    assert sent["shipping"]["delivery_type"] == "DIGITAL_GOODS"


def test_an_abort_sends_the_documented_key_alone(server: _Server) -> None:
    server.body = json.dumps(PAYMENT).encode()
    PayplugClient("sk_live_somekey1234", server.url).abort_payment(PAYMENT["id"])
    assert json.loads(server.requests[0][3]) == {"aborted": True}


def test_a_netrc_of_the_machine_does_not_replace_the_key(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login eve password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setattr(client_module, "LOOPBACK", frozenset())
    _ask(server, PAYMENT)
    assert server.requests[0][2]["Authorization"] == "Bearer sk_live_somekey1234"


def test_an_answer_that_comes_drop_by_drop_is_cut_off(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.3)
    server.pause = 0.2
    with pytest.raises(PayplugUnconfirmed):
        _ask(server, {**PAYMENT, "description": "x" * 300_000})


def test_certificates_are_those_of_certifi(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def remember(self: requests.Session, method: str, url: str, **options: Any) -> Any:
        seen.update(options)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "request", remember)
    with pytest.raises(PayplugUnconfirmed):
        PayplugClient("sk_live_somekey1234", "https://api.payplug.com").account()
    assert seen["verify"].endswith("certifi/cacert.pem")
    assert repr(seen["timeout"]) == "Timeout(connect=3, read=12, total=15)"


def test_a_strange_payment_of_a_shop_does_not_hide_ours(server: _Server) -> None:
    strange = {**PAYMENT, "id": "pay_Strange0000000000", "amount": "many"}
    ours = {**PAYMENT, "id": "pay_Ours00000000000000", "metadata": {"solde_attempt": "ours"}}
    server.body = json.dumps({"type": "list", "page": 0, "data": [strange, ours], "has_more": False}).encode()
    listing = PayplugClient("sk_live_somekey1234", server.url)
    found = listing.find_payment("ours", utc_now() - timedelta(days=9000))
    assert found is not None
    assert found.id == "pay_Ours00000000000000"


def test_a_payment_of_ours_that_cannot_be_read_is_not_taken_for_missing(server: _Server) -> None:
    ours = {**PAYMENT, "amount": "many", "metadata": {"solde_attempt": "ours"}}
    server.body = json.dumps({"type": "list", "page": 0, "data": [ours], "has_more": False}).encode()
    with pytest.raises(PayplugUnreadable):
        PayplugClient("sk_live_somekey1234", server.url).find_payment("ours", utc_now())
