"""Tests the address that PayPlug notifies: a payment that nobody is shown is made and aborted, and must be told of.

Called by the settings page, outside any transaction. Each step is committed before the next; a test that was cut short
stays as far as it came. Nothing can be paid: the payment's page is given to nobody, and ends with the abort.
"""

from __future__ import annotations

import secrets

from flask_babel import get_locale, gettext
from sqlalchemy import select

from core.clock import utc_now
from core.database import commit_once, db, lock, transaction
from core.models import Company, User
from core.tenancy import current_company_id
from payplug_bridge.account_models import PayplugSelfTest, SelfTestState
from payplug_bridge.client import PaymentRequest, PayplugClient
from payplug_bridge.errors import PayplugError, PayplugRefused, cause_of
from payplug_bridge.facts import facts_of
from payplug_bridge.keys import client_for, notification_url
from payplug_bridge.models import PayplugMode
from payplug_bridge.snapshots import DEFAULT_LEAST_CENTS

METADATA_KEY = "solde_self_test"


def run_self_test(mode: PayplugMode, request_key: str, *, actor_id: int) -> int:
    """Make and abort the payment; returns the id of the test, whose page tells how it went.

    What PayPlug answers badly is written into the test, not raised.

    Args:
        mode: whose key is used; the amount is the least that its account takes.
        request_key: made with the button; the same one twice (a double click) is one test.
        actor_id: who does it; her name and address stand in the payment.

    Raises:
        CardNotPossible: no such key is stored.
        SimulatorNotAllowed: the API address is a simulator's and the company has real books.
    """
    client = client_for(mode)
    test_id, is_new = _written(mode, request_key, actor_id)
    if not is_new:
        return test_id
    request = _request(test_id, actor_id)
    db.session.rollback()
    try:
        made = client.create_payment(request)
        _note(test_id, SelfTestState.CREATED, payplug_id=made.id)
        _abort(client, made.id)
    except PayplugError as error:
        _note(test_id, SelfTestState.FAILED, failure=cause_of(error)[:80])
    else:
        _note(test_id, SelfTestState.ABORTED, aborted_at=utc_now())
    return test_id


def _written(mode: PayplugMode, request_key: str, actor_id: int) -> tuple[int, bool]:
    facts = facts_of(mode)
    amount_cents = facts.least_cents if facts is not None and facts.least_cents > 0 else DEFAULT_LEAST_CENTS
    url = notification_url()
    db.session.rollback()

    def write() -> tuple[int, bool]:
        known = _of_key(request_key)
        if known is not None:
            return known.id, False
        test = PayplugSelfTest(
            request_key=request_key,
            reference=secrets.token_urlsafe(24),
            mode=mode,
            amount_cents=amount_cents,
            notification_url=url[:500],
            started_by_id=actor_id,
        )
        db.session.add(test)
        db.session.flush()
        return test.id, True

    return commit_once(write)


def _of_key(request_key: str) -> PayplugSelfTest | None:
    statement = select(PayplugSelfTest).where(PayplugSelfTest.request_key == request_key)
    return db.session.scalars(statement).one_or_none()


def _request(test_id: int, actor_id: int) -> PaymentRequest:
    test = db.session.get_one(PayplugSelfTest, test_id)
    company, person = db.session.get_one(Company, current_company_id()), db.session.get_one(User, actor_id)
    first, _, last = (person.name or company.name).strip().partition(" ")
    billing = {
        "first_name": first[:100],
        "last_name": (last.strip() or first)[:100],
        "email": (company.email or person.email)[:255],
        "company_name": company.name[:100],
        "address1": company.address1,
        "postcode": company.postcode,
        "city": company.city,
        "country": company.country,
        "language": get_locale().language,
    }
    return PaymentRequest(
        amount_cents=test.amount_cents,
        reference=test.reference,
        description=gettext("Test of the notification address")[:80],
        billing={name: value for name, value in billing.items() if value},
        notification_url=test.notification_url,
        return_url=test.notification_url,
        cancel_url=test.notification_url,
        metadata_key=METADATA_KEY,
    )


def _abort(client: PayplugClient, payment_id: str) -> None:
    try:
        client.abort_payment(payment_id)
    except PayplugRefused:
        # Ended by itself meanwhile: what it is, reading tells; only an open one must not be left behind.
        if client.retrieve_payment(payment_id).failure is None:
            raise


def _note(test_id: int, state: SelfTestState, **columns: object) -> None:
    with transaction():
        test = lock(select(PayplugSelfTest).where(PayplugSelfTest.id == test_id))
        assert test is not None
        test.state = state
        for name, value in columns.items():
            setattr(test, name, value)
        db.session.flush()
