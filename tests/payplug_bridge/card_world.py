"""The world of the card machine: a shop, its customers' browsers, PayPlug, and a network that loses what it carries.

PayPlug (the simulator) is spoken to over HTTP. What it would post is taken out of its queue and carried by the test,
which decides what arrives, when, how often and in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import func, select

from accounting.models import Account, EntryLine
from accounting.roles import AccountRole
from core.checks import company_faults
from core.clock import paris_today, utc_now
from core.database import db, transaction
from core.seal import verify_chain
from invoicing.balances import balance_of, customer_credit_cents, customer_due_cents, open_of_payment
from invoicing.cancel_payment import cancel_payment
from invoicing.claim_again import claim_again
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Customer, Document
from invoicing.payments import Payment, PaymentMethod, PaymentReversal
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.refunds import Refund
from invoicing.standing import InvoiceStanding
from payplug_bridge import process_notifications as inbox
from payplug_bridge import refund
from payplug_bridge import start_payment as start
from payplug_bridge.apply_snapshot import apply_snapshot
from payplug_bridge.check_refund import OPEN_REFUNDS
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import RefundInProgress
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugRefund
from payplug_bridge.simulator.testing import RunningSimulator, SimulatorRefused
from payplug_bridge.snapshots import FINAL_FAILURES, REFERENCE_KEY
from payplug_bridge.sync import sync_due_attempts, walk_due_lists
from payplug_bridge.sync_refunds import sync_due_refunds
from tests.factories.invoicing import make_customer, make_draft, make_individual, make_line
from tests.payplug_bridge.shop import Shop

FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAGE_SECONDS = 900
OUR_JOBS = {"abort_attempts", "process_notifications"}
ANSWERS = {303, 409, 422, 503}
"""What a click may be answered: go and pay or nothing due, not now, details wanted, PayPlug is down. Never a 500."""


class PowerCut(BaseException):
    """The process ends here: nothing of ours may catch it."""


def _before(*_: Any, **__: Any) -> Any:
    raise PowerCut


def _after(real: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        real(*arguments, **named)
        raise PowerCut

    return wrapped


CUTS_OF_A_CLICK: dict[str, tuple[Any, str, Any]] = {
    "before PayPlug is asked": (PayplugClient, "create_payment", _before),
    "before its answer is read": (PayplugClient, "create_payment", _after(PayplugClient.create_payment)),
    "while its answer is recorded": (start, "apply_snapshot", _after(apply_snapshot)),
    "after its answer is recorded": (start, "_record_answer", _after(start._record_answer)),
}
CUTS_OF_A_WORKER: dict[str, tuple[Any, str, Any]] = {
    "with rows claimed": (inbox, "_fetch", _before),
    "while a payment is recorded": (inbox, "apply_snapshot", _after(apply_snapshot)),
    "before the row is done": (inbox, "_finish", _before),
}


CUTS_OF_A_REFUND: dict[str, tuple[Any, str, Any]] = {
    "before PayPlug is asked": (PayplugClient, "create_refund", _before),
    "before its answer is read": (PayplugClient, "create_refund", _after(PayplugClient.create_refund)),
    "while its answer is recorded": (refund, "_record_answer", _after(refund._record_answer)),
}


@dataclass
class World:
    """One company and the people around it; `restarted` makes the program anew on the same database."""

    shop: Shop
    restarted: Callable[[], Flask]
    traveller: Any
    customers: list[int] = field(default_factory=list)
    invoices: list[int] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    pages: dict[tuple[int, int], str] = field(default_factory=dict)
    """The page at PayPlug each browser has open: (browser, invoice) → payment id."""

    @property
    def simulator(self) -> RunningSimulator:
        return self.shop.simulator

    # --- the owner ---------------------------------------------------------------------------------------------------

    def meet_customers(self) -> None:
        with self.shop.inside(), transaction():
            self.customers = [make_customer().id, make_individual().id]

    def know_invoices(self) -> None:
        """Who and what is there from the beginning."""
        with self.shop.inside():
            self.customers = list(db.session.scalars(select(Customer.id).order_by(Customer.id)))
            self.invoices = list(db.session.scalars(select(Document.id).order_by(Document.id)))
        self.tokens = [self.shop.token(invoice) for invoice in self.invoices]

    def issue(self, customer: int, price: str, *, goods: bool) -> None:
        with self.shop.inside(), transaction():
            buyer = db.session.get_one(Customer, self.customers[customer])
            draft = make_draft(make_line("1", price, goods=goods), customer=buyer)
            invoice_id = issue_invoice(draft.id).id
        self.invoices.append(invoice_id)
        self.tokens.append(self.shop.token(invoice_id))

    def transfer(self, invoice: int, share: int) -> None:
        with self.shop.inside(), transaction():
            cents = max(1, balance_of(invoice).total_cents * share // 100)
            record_payment(PaymentInput(invoice, PaymentMethod.TRANSFER, cents, paris_today()))

    def cancel_a_transfer(self, choice: int) -> None:
        with self.shop.inside(), transaction():
            transfers = (
                select(Payment.id).where(Payment.method == PaymentMethod.TRANSFER).order_by(Payment.id)
            )
            found = list(db.session.scalars(transfers))
            if found:
                cancel_payment(found[choice % len(found)], reason="Erreur")

    def refund(self, choice: int, share: int, key: str) -> None:
        """The owner gives money of a card payment back; a form that is sent twice is one refund."""
        with self.shop.inside():
            cards = select(Payment.id, Payment.amount_cents).where(Payment.method == PaymentMethod.CARD)
            found = db.session.execute(cards.order_by(Payment.id)).all()
            db.session.rollback()
            if found:
                payment_id, cents = found[choice % len(found)]
                given = refund.RefundRequest(payment_id, max(10, cents * share // 100), request_key=key)
                for _ in range(2):
                    with suppress(InvalidInputError, RefundInProgress):
                        refund.refund_card(given)

    def claim(self, choice: int) -> None:
        with self.shop.inside(), transaction():
            claim_again(self.invoices[choice])

    # --- the customer ------------------------------------------------------------------------------------------------

    def click(self, browser: int, choice: int) -> None:
        """*Pay* on the invoice's page; the browser keeps the page it is sent to."""
        answer = self.shop.app.test_client().post(f"/p/{self.tokens[choice]}/pay")
        assert answer.status_code in ANSWERS, answer.status_code
        target = answer.headers.get("Location", "")
        if "/pay/" in target.partition(self.simulator.url)[2]:
            self.pages[browser, choice] = f"pay_{target.rsplit('/', 1)[1]}"
        self.at_most_one_page_can_be_paid()

    def visit(self, choice: int, way: str) -> None:
        answer = self.shop.app.test_client().get(f"/p/{self.tokens[choice]}{way}")
        assert answer.status_code == 200, answer.status_code

    def pay(self, browser: int, choice: int, *, how: str) -> None:
        """What she does on PayPlug's page, should she have one; PayPlug itself says no to what cannot be."""
        payment_id = self.pages.get((browser, choice))
        if payment_id is None:
            return
        with suppress(SimulatorRefused):
            if how == "leave":
                self.simulator.time_out(payment_id)
            elif how in ("pay", "late"):
                # A success that comes late: the bank said yes after PayPlug had closed the page.
                self.simulator.pay(payment_id, force=how == "late")
            else:
                self.simulator.decline(payment_id, how)

    def refund_in_portal(self, choice: int, share: int) -> None:
        paid = [p for p in self.simulator.payments() if p["is_paid"]]
        if paid:
            payment = paid[choice % len(paid)]
            with suppress(SimulatorRefused):
                self.simulator.refund(payment["id"], max(10, payment["amount"] * share // 100))

    # --- the network and the machines --------------------------------------------------------------------------------

    def deliver(self, choice: int, times: int) -> None:
        """One of the notifications PayPlug has ever wished to send arrives now, once or more often."""
        waiting = self.simulator.notifications()
        if waiting:
            chosen = waiting[choice % len(waiting)]
            path = f"/webhooks/payplug/{chosen.url.rsplit('/', 1)[1]}"
            for _ in range(times):
                assert self.shop.notify(chosen.body, path=path) == 200

    def forge(self, choice: int, kind: str) -> None:
        """Somebody else posts what looks like good news."""
        known = self.simulator.payments()
        payment_id = known[choice % len(known)]["id"] if known else "pay_5iHMDxy4ABR4YBVW4UscIn"
        body: Any = {"object": "payment", "id": payment_id, "is_paid": True, "amount": 1, "is_live": True}
        if kind == "unknown":
            body["id"] = "pay_0000000000000000000000"
        if kind == "refund":
            body = {
                "object": "refund",
                "id": "re_5iHMDxy4ABR4YBVW4UscIn",
                "payment_id": payment_id,
                "amount": 50,
            }
        if kind == "path":
            body["id"] = "../customers/x"
        assert self.shop.notify(body) in (200, 400)

    def work(self) -> None:
        """A worker does what it was woken for and goes through the inbox."""
        huey = self.shop.app.extensions["solde_huey"]
        while (task := huey.dequeue()) is not None:
            # Drawing and sending take a hundred times longer than all the rest and have machines of their own.
            if task.name in OUR_JOBS:
                huey.execute(task)
        self.shop.work()

    def sweep(self) -> None:
        """What runs every minute, whoever was woken."""
        self.work()
        with self.shop.app.app_context():
            sync_due_attempts()
            sync_due_refunds()
            walk_due_lists()
            db.session.remove()

    def fail_once(self, kind: str, target: str, *, processed: bool) -> None:
        done = {"processed": int(processed)} if kind in ("error", "html", "null") else {}
        self.simulator.set_fault(kind, target=target, times=1, **done)

    @contextmanager
    def power_cut(self, cut: tuple[Any, str, Any]) -> Iterator[None]:
        """The process dies at this point, if it comes there; another is started, and what the queue held is lost."""
        owner, name, instead = cut
        with patch.object(owner, name, instead), suppress(PowerCut):
            yield
        self.restart()

    def restart(self) -> None:
        self.shop.app = self.restarted()
        self.forget_queue()

    def forget_queue(self) -> None:
        """What a queue held is lost with its process."""
        storage = self.shop.app.extensions["solde_huey"].storage
        storage.flush_queue()
        storage.flush_schedule()

    def pass_time(self, span: timedelta) -> None:
        self.traveller.shift(span)
        self.simulator.advance_clock(0)

    def come_to_rest(self) -> None:
        """No more faults and no more news: two days of sweeps alone must bring everything right."""
        self.simulator.clear_faults()
        for span in (timedelta(minutes=3), timedelta(hours=25)):
            self.pass_time(span)
            self.sweep()

    # --- what must hold ----------------------------------------------------------------------------------------------

    def at_most_one_page_can_be_paid(self) -> None:
        """Whatever tabs are open: of one invoice, one page at PayPlug takes money at a time."""
        with self.shop.inside():
            attempts = db.session.execute(select(PaymentAttempt.reference, PaymentAttempt.document_id))
            invoice_of = {row.reference: row.document_id for row in attempts}
        payable = [
            invoice_of[p["metadata"][REFERENCE_KEY]] for p in self.simulator.payments() if _is_payable(p)
        ]
        assert len(payable) == len(set(payable)), "two pages of one invoice can be paid"

    def taken(self) -> int:
        """How many payments PayPlug took."""
        return sum(payment["is_paid"] for payment in self.simulator.payments())

    def everything_is_right(self) -> None:
        """PayPlug's own list is the truth: every cent it took is in the books once, and nothing else is."""
        taken = {p["id"]: p for p in self.simulator.payments() if p["is_paid"]}
        amounts = {payment_id: payment["amount"] for payment_id, payment in taken.items()}
        with self.shop.inside():
            cards = db.session.execute(
                select(Payment.external_id, Payment.amount_cents).where(Payment.method == PaymentMethod.CARD)
            )
            assert {row.external_id: row.amount_cents for row in cards} == amounts
            self._attempts_agree(taken)
            given_back = self._given_back(taken)
            assert _on(AccountRole.WALLET) == sum(amounts.values()) - given_back
            self._customers_owe(sum(amounts.values()) - given_back)
            for invoice in self.invoices:
                _invoice_is_right(invoice)
            assert list(company_faults()) == []
            assert list(verify_chain(self.shop.company_id)) == []

    def _attempts_agree(self, taken: dict[str, Any]) -> None:
        for attempt in db.session.scalars(select(PaymentAttempt)):
            assert (attempt.state is AttemptState.PAID) == (attempt.payplug_id in taken), attempt.id
            assert (attempt.state is AttemptState.PAID) == (attempt.payment_id is not None)
            if attempt.payment_id is not None and open_of_payment(attempt.payment_id):
                assert attempt.trouble, "money of a customer that settles nothing, and nobody is told"

    def _given_back(self, taken: dict[str, Any]) -> int:
        """What PayPlug gave back of each payment is in the books, whoever asked for it."""
        told = {payment_id: payment["amount_refunded"] for payment_id, payment in taken.items()}
        rows = db.session.execute(
            select(Payment.external_id, func.sum(Refund.amount_cents))
            .join(Refund, Refund.payment_id == Payment.id)
            .group_by(Payment.external_id)
        )
        booked = {payment_id: int(cents) for payment_id, cents in rows}
        assert booked == {payment_id: cents for payment_id, cents in told.items() if cents}
        open_requests = select(PayplugRefund).where(PayplugRefund.state.in_(OPEN_REFUNDS))
        assert db.session.scalars(open_requests).all() == []
        return sum(booked.values())

    def _customers_owe(self, by_card: int) -> None:
        """What is due less what is in credit is what was invoiced, less credit notes, less what came in."""
        issued = Document.state == DocumentState.ISSUED
        invoiced = _sum(Document.total_cents, issued, Document.kind == DocumentKind.INVOICE)
        credited = _sum(Document.total_cents, issued, Document.kind == DocumentKind.CREDIT_NOTE)
        by_hand = _sum(Payment.amount_cents, Payment.method != PaymentMethod.CARD)
        taken_back = _sum(PaymentReversal.amount_cents)
        owed = sum(customer_due_cents(c) - customer_credit_cents(c) for c in self.customers)
        assert owed == invoiced - credited - by_hand + taken_back - by_card
        assert owed == _on(AccountRole.CUSTOMERS)


def _is_payable(payment: dict[str, Any]) -> bool:
    failure = payment["failure"]
    is_over = failure is not None and failure["code"] in FINAL_FAILURES
    in_time = utc_now().timestamp() < payment["created_at"] + PAGE_SECONDS
    return not payment["is_paid"] and not is_over and in_time


def _invoice_is_right(invoice: int) -> None:
    balance, standing = balance_of(invoice), db.session.get_one(InvoiceStanding, invoice)
    assert 0 <= balance.open_cents <= balance.total_cents
    assert balance.open_cents == balance.total_cents - balance.used_cents
    assert (standing.status, standing.open_cents) == (balance.status, balance.open_cents)
    if balance.hold is not None and balance.open_cents:
        assert balance.status is balance.hold
    elif balance.credited_cents >= balance.total_cents:
        assert balance.status is PaymentStatus.CREDITED
    elif not balance.open_cents:
        assert balance.status is PaymentStatus.PAID
    else:
        assert balance.status is (PaymentStatus.PARTLY_PAID if balance.paid_cents else PaymentStatus.OPEN)


def _on(role: AccountRole) -> int:
    cents = db.session.scalar(
        select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0))
        .join(Account, Account.id == EntryLine.account_id)
        .where(Account.role == role.value)
    )
    return int(cents or 0)


def _sum(column: Any, *conditions: Any) -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(column), 0)).where(*conditions)) or 0)
