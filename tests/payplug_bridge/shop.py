"""A company that is paid by card: application, simulator, key saved; and what a test asks of them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from accounting.models import JournalEntry
from core.checks import company_faults
from core.database import db, transaction
from core.seal import verify_chain
from core.tenancy import in_company
from invoicing.balances import DocumentBalance, balance_of, customer_credit_cents
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document
from invoicing.payment_link import link_of
from invoicing.payments import Payment, PaymentMethod, Settlement
from invoicing.record_payment import PaymentInput, record_payment
from payplug_bridge.keys import save_key
from payplug_bridge.models import PaymentAttempt, PayplugEndpoint, PayplugNotification
from payplug_bridge.process_notifications import process_notifications
from payplug_bridge.simulator.testing import RunningSimulator
from payplug_bridge.start_payment import ReturnAddresses, start_payment
from payplug_bridge.sync import SyncReport, sync_company
from tests.conftest import make_company
from tests.factories.invoicing import make_draft, make_line

BACK = ReturnAddresses("http://127.0.0.1:9/return", "http://127.0.0.1:9/cancel")
EURO = 100
ONE_OF_EACH = {"payments": 1, "settlements": 1, "entries": 2}
"""What `Shop.counted` finds when one invoice was paid once."""


@dataclass
class Shop:
    """A demo company on one engine, paid through one simulator."""

    app: Flask
    simulator: RunningSimulator
    company_id: int

    @contextmanager
    def inside(self) -> Iterator[None]:
        """An application context of its own (so a session of its own) with the company entered."""
        with self.app.app_context():
            try:
                with in_company(self.company_id):
                    yield
            finally:
                db.session.remove()

    def save_key(self, key: str | None = None) -> None:
        with self.inside():
            save_key(key or self.simulator.live_key)

    def invoice(self, price: str = "100") -> int:
        """An issued invoice of one service at 20 %."""
        with self.inside(), transaction():
            number = db.session.scalar(select(func.count()).select_from(Document)) or 0
            draft = make_draft(make_line("1", price, label=f"Prestation {number}"))
            return issue_invoice(draft.id).id

    def token(self, invoice_id: int) -> str:
        with self.inside():
            link = link_of(invoice_id)
            assert link is not None
            return link.token

    def click(self, invoice_id: int) -> str:
        """The customer clicks *Pay*; returns the id that PayPlug gave."""
        with self.inside():
            start_payment(invoice_id, BACK)
        attempt = self.attempts(invoice_id)[-1]
        assert attempt.payplug_id is not None
        return attempt.payplug_id

    def attempts(self, invoice_id: int) -> list[PaymentAttempt]:
        with self.inside():
            statement = select(PaymentAttempt).where(PaymentAttempt.document_id == invoice_id)
            found = list(db.session.scalars(statement.order_by(PaymentAttempt.id)))
            db.session.expunge_all()
            return found

    def states(self, invoice_id: int) -> list[str]:
        return [attempt.state.value for attempt in self.attempts(invoice_id)]

    def transfer(self, invoice_id: int, amount_cents: int) -> None:
        """The owner records a transfer by hand."""
        with self.inside(), transaction():
            day = db.session.get_one(Document, invoice_id).issue_date
            assert day is not None
            record_payment(PaymentInput(invoice_id, PaymentMethod.TRANSFER, amount_cents, day))

    def webhook_path(self) -> str:
        with self.inside():
            newest = select(PayplugEndpoint.token).order_by(PayplugEndpoint.id.desc()).limit(1)
            return f"/webhooks/payplug/{db.session.scalars(newest).one()}"

    def notify(self, body: Any, *, path: str | None = None) -> int:
        """Post a body to the webhook as PayPlug would; returns the status."""
        options: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.app.test_client().post(path or self.webhook_path(), **options).status_code

    def notify_about(self, payment_id: str) -> int:
        return self.notify(self.simulator.payment(payment_id))

    def work(self) -> None:
        """Let a worker go through the inbox."""
        with self.app.app_context():
            process_notifications()
            db.session.remove()

    def sync(self) -> SyncReport:
        with self.inside():
            return sync_company(timedelta(days=3))

    def balance(self, invoice_id: int) -> DocumentBalance:
        with self.inside():
            return balance_of(invoice_id)

    def credit(self, invoice_id: int) -> int:
        with self.inside():
            return customer_credit_cents(db.session.get_one(Document, invoice_id).customer_id)

    def notifications(self) -> list[PayplugNotification]:
        with self.inside():
            found = list(db.session.scalars(select(PayplugNotification).order_by(PayplugNotification.id)))
            db.session.expunge_all()
            return found

    def counted(self) -> dict[str, int]:
        """How many payments, settlements and entries there are in all."""
        models = {"payments": Payment, "settlements": Settlement, "entries": JournalEntry}
        with self.inside():
            return {n: db.session.scalar(select(func.count()).select_from(m)) or 0 for n, m in models.items()}

    def assert_sound(self) -> None:
        """The ledger holds and so does the seal."""
        with self.inside():
            assert list(company_faults()) == []
            assert list(verify_chain(self.company_id)) == []


def open_shop(make_app: Callable[..., Flask], url: str, simulator: RunningSimulator, **changes: Any) -> Shop:
    app = make_app(url, **{"payplug_api_url": simulator.url, **changes})
    shop = Shop(app, simulator, make_company(app))
    shop.save_key()
    return shop


def at_once(*calls: Callable[[], Any]) -> list[BaseException]:
    """Run calls at the same moment, each in a thread of its own; returns what they raised."""
    barrier, errors = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            call()
        except BaseException as error:  # noqa: BLE001  # a test reports whatever it was
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def tamper(shop: Shop, sql: str) -> None:
    """Make PayPlug say something else than what was asked, in the simulator's own file."""
    with closing(sqlite3.connect(shop.simulator.state)) as connection, connection:
        connection.execute(sql)
