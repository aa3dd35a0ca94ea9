"""A shop that can be reached over HTTP, with PayPlug and a mail server beside it; its worker is asked to work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

import requests
from flask import Flask
from flask.testing import FlaskClient

from core.jobs import run_due_jobs, run_sweeps
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from core.models import Role
from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import make_company, signed_in_client
from tests.payplug_bridge.shop import Shop
from tests.serving import listening_socket, served

LINK = re.compile(r"http://127\.0\.0\.1:\d+/p/[\w-]+")


@dataclass
class Street:
    """The shop, the owner's browser, and whom they speak to."""

    shop: Shop
    url: str
    owner: FlaskClient
    mailbox: RunningMailbox
    simulator: RunningSimulator

    def work(self) -> None:
        """The worker does what it was woken for, and what its sweeps find."""
        run_due_jobs(self.shop.app)
        run_sweeps(self.shop.app)

    def newest_mail(self) -> EmailMessage:
        return self.mailbox.messages()[-1]

    def link_of(self, mail: EmailMessage) -> str:
        """The payment link as the customer reads it."""
        body = mail.get_body(("plain",))
        assert body is not None
        found = LINK.search(body.get_content())
        assert found is not None
        return found[0]

    def pay_anyhow(self, link: str) -> requests.Response:
        """The customer presses *Pay*, whatever comes of it."""
        with requests.Session() as browser:
            browser.cookies.set("language", "en")
            page = browser.get(link, timeout=30)
            # The form holds a token against forged posts: a browser sends it back.
            token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
            data = {"csrf_token": token[1]} if token else {}
            return browser.post(f"{link}/pay", data=data, allow_redirects=False, timeout=60)

    def click_pay(self, link: str) -> str:
        """The same; returns the id of the payment whose page she is sent to."""
        answer = self.pay_anyhow(link)
        assert answer.status_code == 303, answer.text
        shown = answer.headers["Location"]
        found = [p for p in self.simulator.payments() if p["hosted_payment"]["payment_url"] == shown]
        return str(found[0]["id"])

    def page(self, link: str) -> str:
        answer = requests.get(link, timeout=30, headers={"Accept-Language": "en"}, cookies={"language": "en"})
        assert answer.status_code == 200
        return answer.text

    def command(self, *arguments: str) -> str:
        """A `solde` command that must end with 0; what it wrote."""
        result = self.shop.app.test_cli_runner().invoke(args=list(arguments))
        assert result.exit_code == 0, result.output
        return result.output


@contextmanager
def open_street(make_app: Callable[..., Flask], url: str) -> Iterator[Street]:
    """Everything listens for the length of the block."""
    with listening_socket() as listener, running_simulator() as simulator, running_mailbox() as mailbox:
        public_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = make_app(url, payplug_api_url=simulator.url, public_url=public_url, smtp_url=mailbox.smtp_url)
        shop = Shop(app, simulator, make_company(app))
        shop.save_key()
        owner = signed_in_client(app, shop.company_id, Role.OWNER)
        with served(app, listener):
            yield Street(shop, public_url, owner, mailbox, simulator)
