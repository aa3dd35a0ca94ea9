"""Fills an empty database with the demo's company, through the verbs a user's clicks reach; safe to run again.

Documents and payments carry references of their own, so a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from random import Random

from sqlalchemy import select

from core.cli.companies import add_company
from core.clock import PARIS, paris_today, utc_now
from core.database import db, transaction
from core.event_log import Event, record_event
from core.models import Company
from core.tenancy import current_company_id, in_company
from core.web.sign_in import add_user
from demo.books import furnish_books
from demo.catalogue import some_lines
from demo.logo import demo_logo
from demo.people import COMPANY, COMPANY_SIREN, MEMBERS, PASSWORD, customers
from demo.story import INVOICES, SEED, Step, steps
from demo.wallet import furnish_wallet
from invoicing.balances import balance_of
from invoicing.credit_invoice import credit_invoice
from invoicing.customers import save_customer
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.issue_invoice import issue_invoice
from invoicing.logo import store_logo
from invoicing.models import Customer, CustomerKind
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.send_to_contacts import send_to_contacts
from invoicing.set_logo import set_logo
from payplug_bridge.attempts import attempts_of
from payplug_bridge.card_offer import card_offer
from payplug_bridge.check_attempt import check_attempt
from payplug_bridge.keys import find_account, save_key
from payplug_bridge.simulator.control_client import SimulatorControl
from payplug_bridge.start_payment import ReturnAddresses, start_payment

SEEDED = "demo.seeded"
SENT_OF_LAST_DAYS = 15
DRAFTS = 3
Progress = Callable[[int, int], None]


class NotADemoError(Exception):
    """The database holds a company that is not the demo's: the demo leaves it alone."""


def seed(simulator: SimulatorControl, progress: Progress, *, invoices: int = INVOICES) -> bool:
    """Bring the database to the demo's state of today; returns False when it is there already.

    Args:
        simulator: the running PayPlug simulator whose default account is the company's.
        progress: told how many steps of how many are done.
        invoices: how many invoices the story has.

    Raises:
        NotADemoError: the database belongs to somebody.
    """
    company_id = _company_id()
    with in_company(company_id):
        if db.session.scalars(select(Event.id).where(Event.kind == SEEDED).limit(1)).first() is not None:
            return False
        _logo()
        _keys(simulator)
        customer_ids = _customers()
        # The shop is not open yet: what PayPlug tells is read by asking, its notifications wait for the web server.
        simulator.pause_deliveries()
        try:
            story = _Story(simulator, customer_ids)
            story.play(steps(paris_today(), invoices), progress)
        finally:
            simulator.resume_deliveries()
        furnish_wallet(simulator)
        furnish_books(*story.unpaid())
        _drafts(customer_ids)
        with transaction():
            record_event(SEEDED)
    return True


def _logo() -> None:
    logo = store_logo(demo_logo())
    with transaction():
        set_logo(db.session.get_one(Company, current_company_id()), logo)


def _company_id() -> int:
    found = list(db.session.scalars(select(Company)))
    if any(not company.is_demo for company in found):
        raise NotADemoError
    company = next((c for c in found if c.siren == COMPANY_SIREN), None) or add_company(dict(COMPANY))
    company_id = company.id
    with in_company(company_id), transaction():
        for email, name, role in MEMBERS:
            owner = db.session.get_one(Company, company_id)
            add_user(email=email, password=PASSWORD, name=name, company=owner, role=role)
    return company_id


def _keys(simulator: SimulatorControl) -> None:
    if find_account() is None:
        # Only offered: which of them the links of the company take is ticked in the settings.
        methods = {"american_express": {}, "wero": {}, "ideal": {"allowed_countries": ["NL"]}}
        account_id = simulator.accounts()[0]["id"]
        simulator.set_features(account_id, methods=methods, permissions={"can_use_oney": True})
        save_key(simulator.live_key)


def _customers() -> list[int]:
    with transaction():
        return [save_customer(given).id for given in customers()]


def _draft_input(customer: Customer, index: int, day: date | None) -> DraftInput:
    random = Random(SEED * 1000 + index)  # noqa: S311  # a story, not a secret
    gross = customer.kind is CustomerKind.INDIVIDUAL
    return DraftInput(
        customer_id=customer.id,
        lines=some_lines(random, gross=gross),
        issue_date=day,
        external_reference=f"demo-{index}",
    )


def _drafts(customer_ids: list[int]) -> None:
    with transaction():
        for number in range(DRAFTS):
            customer = db.session.get_one(Customer, customer_ids[number * 5])
            draft_invoice(_draft_input(customer, 10_000 + number, None))


class _Story:
    """Plays the steps, each in a transaction of its own."""

    def __init__(self, simulator: SimulatorControl, customer_ids: list[int]) -> None:
        self._simulator = simulator
        self._customer_ids = customer_ids
        self._documents: dict[int, int] = {}

    def play(self, story: list[Step], progress: Progress) -> None:
        for done, step in enumerate(story, start=1):
            getattr(self, f"_{step.kind}")(step)
            progress(done, len(story))

    def unpaid(self) -> tuple[list[int], dict[int, int]]:
        """Invoices of which nothing was paid, the oldest first, and what is open on each, in cents."""
        balances = {id_: balance_of(id_) for id_ in self._documents.values()}
        open_cents = {
            id_: found.open_cents
            for id_, found in balances.items()
            if 0 < found.open_cents == found.total_cents
        }
        return list(open_cents), open_cents

    def _issue(self, step: Step) -> None:
        customer_id = Random(SEED + step.invoice).choice(self._customer_ids)  # noqa: S311
        with transaction():
            customer = db.session.get_one(Customer, customer_id)
            document = draft_invoice(_draft_input(customer, step.invoice, step.day))
            issue_invoice(document.id, today=step.day)
            self._documents[step.invoice] = document.id
            if (paris_today() - step.day).days < SENT_OF_LAST_DAYS:
                send_to_contacts(document)

    def _pay(self, step: Step) -> None:
        self._record(step, balance_of(self._documents[step.invoice]).open_cents)

    def _part(self, step: Step) -> None:
        self._record(step, balance_of(self._documents[step.invoice]).open_cents // 2)

    def _overpay(self, step: Step) -> None:
        self._record(step, balance_of(self._documents[step.invoice]).open_cents + 2_000)

    def _record(self, step: Step, amount_cents: int) -> None:
        if amount_cents <= 0:
            return
        with transaction():
            record_payment(
                PaymentInput(
                    invoice_id=self._documents[step.invoice],
                    method=PaymentMethod(step.detail),
                    amount_cents=amount_cents,
                    paid_on=step.day,
                    reference=f"{step.detail[:3].upper()} {step.invoice:04d}",
                    request_key=f"demo-{step.invoice}-{step.kind}",
                )
            )

    def _credit(self, step: Step) -> None:
        with transaction():
            credit_invoice(self._documents[step.invoice], reason="Commande annulée", today=step.day)

    _credit_later = _credit

    def _card(self, step: Step) -> None:
        payplug_id = self._ask(step)
        if payplug_id is not None:
            self._simulator.pay(payplug_id, paid_at=_instant(step.day))
            self._check(step)

    def _give_back(self, step: Step) -> None:
        """In PayPlug's portal: what a credit note covers is settled, what none covers waits for the owner."""
        attempts = attempts_of(self._documents[step.invoice])
        if attempts and attempts[-1].payment_id is not None and attempts[-1].payplug_id is not None:
            self._simulator.refund(attempts[-1].payplug_id, created_at=_instant(step.day))
            self._check(step)

    def _decline(self, step: Step) -> None:
        payplug_id = self._ask(step)
        if payplug_id is not None:
            self._simulator.decline(payplug_id, step.detail)
            self._check(step)

    def _ask(self, step: Step) -> str | None:
        """Ask PayPlug for a payment as the Pay button does; None when nothing remains to pay or it is out of bounds."""
        document_id = self._documents[step.invoice]
        if not card_offer(balance_of(document_id).open_cents).is_possible:
            return None
        back = ReturnAddresses("http://127.0.0.1/", "http://127.0.0.1/")
        start_payment(document_id, back)
        return attempts_of(document_id)[-1].payplug_id

    def _check(self, step: Step) -> None:
        attempt_id = attempts_of(self._documents[step.invoice])[-1].id
        check_attempt(attempt_id)


def _instant(day: date) -> int:
    """Noon in Paris of that day, but never in the future; Unix seconds."""
    noon = datetime.combine(day, time(12, 0), PARIS).astimezone(UTC)
    return int(min(noon, utc_now()).timestamp())
