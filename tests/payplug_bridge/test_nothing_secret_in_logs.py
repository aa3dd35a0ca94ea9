"""No key, no card, nothing of a customer and no secret address in any log: a whole run is read, every level of every
library, in both formats, with an error of each kind. One PayPlug echoes what it was sent, as an API may."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
import structlog
import time_machine
from sqlalchemy import select, text

from core.clock import utc_now
from core.database import db, transaction
from core.jobs import run_due_jobs, run_sweeps
from core.local_mailbox.testing import running_mailbox
from invoicing.customer_input import ContactInput
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.send_invoice import SendInput, send_invoice
from payplug_bridge import process_notifications as inbox
from payplug_bridge.errors import PayplugError
from payplug_bridge.models import PayplugEndpoint
from payplug_bridge.refund import RefundRequest, refund_card
from payplug_bridge.routes import public
from payplug_bridge.simulator.testing import running_simulator
from tests.conftest import PASSWORD, MakeApp, make_company, signed_in_client
from tests.factories.invoicing import make_draft, make_individual
from tests.payplug_bridge.shop import Shop

NAME, FIRST_NAME, STREET, TOWN = "Vandermeulen", "Philippine", "17 quai des Oubliés", "Trifouillis"
EMAIL, MOBILE = "philippine.v@secret.example.org", "+33612345678"
TYPED = {"first_name": "Typhaine", "last_name": "Inconnue", "email": "typed@secret.example.org",
         "address1": "99 impasse Tapée", "postcode": "69009", "city": "Tapeville", "country": "FR"}  # fmt: skip
CARD = "4242424242424242"


@contextmanager
def everything_written() -> Iterator[io.StringIO]:
    """All that the libraries of this process write, each told to write at every level."""
    written, root, kept = io.StringIO(), logging.getLogger(), structlog.get_config()
    handler = logging.StreamHandler(written)
    # The mailbox that receives, which runs in this process too, is not ours.
    handler.addFilter(lambda record: not record.name.startswith("mail."))
    known = [logging.getLogger(name) for name in list(logging.Logger.manager.loggerDict)]
    levels = {logger: logger.level for logger in (root, *known)}
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        for logger, level in levels.items():
            logger.setLevel(level)
        structlog.configure(**kept)


def hear_all_of_ours(written: io.StringIO) -> None:
    """What the program itself writes, at every level: after it has been made, which sets its log up."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(written),
    )


class _Echo:
    """A PayPlug that refuses everything and repeats what it was told, in each shape an error may have."""

    def __init__(self) -> None:
        outer = self
        self.calls = 0

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                told = f"{sent} {self.headers['Authorization']}"
                status = (400, 401, 403, 404, 422, 429, 500, 200, 201)[outer.calls % 9]
                outer.calls += 1
                error = {
                    "object": "error",
                    "message": told,
                    "details": {"billing": {"email": told, told: [told]}},
                }
                body = (json.dumps(error) if outer.calls % 2 else f"<html>{told}</html>").encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # http.server calls them so

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"

    def stop(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()


def customers_invoice(shop: Shop) -> int:
    with shop.inside(), transaction():
        buyer = make_individual(
            name=NAME,
            first_name=FIRST_NAME,
            address1=STREET,
            city=TOWN,
            contacts=(ContactInput(email=EMAIL, mobile=MOBILE),),
        )
        return issue_invoice(make_draft(customer=buyer).id).id


def pay_by_card(shop: Shop, invoice: int) -> str:
    """She goes to PayPlug's page, has one card refused, and pays with another."""
    client, token = shop.app.test_client(), shop.token(invoice)
    assert client.get(f"/p/{token}").status_code == 200
    answer = client.post(f"/p/{token}/pay", data=TYPED)
    assert answer.status_code == 303
    payment_id = f"pay_{answer.headers['Location'].rsplit('/', 1)[1]}"
    shop.simulator.decline(payment_id, notify=False)
    assert shop.notify_about(payment_id) == 200
    shop.work()
    shop.simulator.pay(payment_id, card=CARD, notify=False)
    assert shop.notify_about(payment_id) == 200
    shop.work()
    assert client.get(f"/p/{token}/return").status_code == 200
    assert shop.states(invoice) == ["paid"]
    return payment_id


def give_back(shop: Shop) -> None:
    with shop.inside():
        payment_id = db.session.scalars(select(Payment.id).order_by(Payment.id).limit(1)).one()
        for cents in (1, 1000):
            with suppress(InvalidInputError, PayplugError):
                refund_card(RefundRequest(payment_id, cents, reason=f"Rendu à {NAME}"))


def fail_in_every_way(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of PayPlug at a click, a poisoned notification, and errors nobody foresaw."""
    client = shop.app.test_client()
    for kind in ("error", "html", "null", "drop", "unprocessable", "too_many_requests"):
        invoice = customers_invoice(shop)
        shop.simulator.set_fault(kind, target="create_payment", times=1)
        assert client.post(f"/p/{shop.token(invoice)}/pay", data=TYPED).status_code in (303, 409, 422, 503)
    invoice = customers_invoice(shop)
    payment_id = shop.click(invoice)

    def trip(*_: object) -> None:
        _fail_in_the_database()

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "apply_snapshot", trip)
        shop.notify_about(payment_id)
        shop.work()
    shop.app.testing = False
    with monkeypatch.context() as patched:
        patched.setattr(public, "start_payment", trip)
        shop.app.config["PROPAGATE_EXCEPTIONS"] = False
        assert client.post(f"/p/{shop.token(invoice)}/pay", data=TYPED).status_code == 500
    shop.notify(json.dumps({"object": "payment", "id": f"../{NAME}", "billing": {"email": EMAIL}}).encode())
    client.get(f"/p/{quote(NAME)}?email={quote(EMAIL)}")
    client.post("/login", data={"email": EMAIL, "password": PASSWORD})


def _fail_in_the_database() -> None:
    """A row the database refuses: PostgreSQL repeats the whole row in its answer."""
    db.session.rollback()
    with transaction() as session:
        session.execute(text("UPDATE customer SET name = NULL"))


def with_a_payplug_that_echoes(make_app: MakeApp, url: str, shop: Shop, **changes: Any) -> None:
    echo = _Echo()
    app = make_app(url, payplug_api_url=echo.url, **changes)
    other = Shop(app, shop.simulator, shop.company_id)
    try:
        for _ in range(9):
            invoice = customers_invoice(other)
            app.test_client().post(f"/p/{other.token(invoice)}/pay", data=TYPED)
            other.notify({"object": "payment", "id": "pay_5iHMDxy4ABR4YBVW4UscIn"})
            with time_machine.travel(utc_now(), tick=True):
                other.work()
                other.sync()
        assert echo.calls > 9
    finally:
        echo.stop()


def secrets_of(shop: Shop) -> dict[str, str]:
    """Every text that must not be in a log, by what it is."""
    with shop.inside():
        endpoint = db.session.scalars(select(PayplugEndpoint.token)).first()
        tokens = [shop.token(i) for i in db.session.scalars(select(Document.id))]
    found = {f"token of link {n}": token for n, token in enumerate(tokens)}
    found |= {f"typed {name}": value for name, value in TYPED.items() if name not in ("country", "postcode")}
    return found | {
        "live key": shop.simulator.live_key, "test key": shop.simulator.test_key, "key": "sk_live_", "card": CARD,
        "card with spaces": "4242 4242", "name": NAME, "first name": FIRST_NAME, "street": STREET, "town": TOWN,
        "e-mail": EMAIL, "mobile": MOBILE, "endpoint": str(endpoint), "password": PASSWORD,
    }  # fmt: skip


@pytest.mark.parametrize(("log_format", "engine"), [("json", "sqlite"), ("console", "postgres")])
def test_a_whole_run_leaves_no_secret_in_any_log(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    capfd: pytest.CaptureFixture[str],
    log_format: str,
    engine: str,
) -> None:
    monkeypatch = request.getfixturevalue("monkeypatch")
    url = request.getfixturevalue(f"{engine}_url")
    # A process of its own: what PayPlug itself logs is not ours to answer for.
    with running_simulator(process=True) as simulator, running_mailbox() as mailbox:
        changes = {"smtp_url": mailbox.smtp_url, "log_format": log_format}
        with everything_written() as written:
            app = make_app(url, payplug_api_url=simulator.url, **changes)
            hear_all_of_ours(written)
            shop = Shop(app, simulator, make_company(app))
            shop.save_key()
            tell_the_story(shop, monkeypatch)
            with_a_payplug_that_echoes(make_app, url, shop, **changes)
        assert mailbox.messages()
    logged = written.getvalue() + "".join(capfd.readouterr())
    for expected in ("unexpected_error", "notification_failed", "payplug_refused_payment"):
        assert expected in logged
    leaks = {what: _around(logged, secret) for what, secret in secrets_of(shop).items() if secret in logged}
    assert leaks == {}


def tell_the_story(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = customers_invoice(shop)
    with shop.inside(), transaction():
        send_invoice(SendInput(invoice, (EMAIL,), "story"))
    run_due_jobs(shop.app)
    owner = signed_in_client(shop.app, shop.company_id)
    pay_by_card(shop, invoice)
    for path in ("/", "/payplug", "/to-handle", f"/invoices/{invoice}", f"/invoices?q={quote(NAME)}"):
        assert owner.get(path).status_code == 200
    give_back(shop)
    fail_in_every_way(shop, monkeypatch)
    run_sweeps(shop.app)


def _around(logged: str, secret: str) -> str:
    place = logged.index(secret)
    return logged[max(0, place - 150) : place + 100]
