"""One form to a link that can be paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from core.database import commit_once, db, transaction
from core.models import Company
from core.tenancy import in_company
from invoicing.balances import balance_of
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.lifecycle import InvoiceType
from invoicing.models import Customer, CustomerKind, Document, Sending, SmsSending
from invoicing.quick_link import QuickLinkInput, quick_link
from tests.conftest import MakeApp, make_company
from tests.factories.invoicing import make_customer

SMS = "json://127.0.0.1:9/sms/{to}"
TYPED: dict[str, Any] = {
    "name": "Jeanne Exemple",
    "email": "jeanne@example.org",
    "label": "Réparation d’un lustre",
    "amount_cents": 9_999,
    "vat_rate": 2000,
    "request_key": "k1",
}


def _made(**changes: Any) -> Document:
    with transaction():
        return quick_link(QuickLinkInput(**{**TYPED, **changes}))


def _refused(**changes: Any) -> set[str]:
    with pytest.raises(InvalidInputError) as refused:
        _made(**changes)
    return set(refused.value.errors)


def test_an_invoice_of_exactly_that_amount_is_issued_and_sent_once(each_company: Company) -> None:
    document, again = _made(), _made()
    assert document.id == again.id
    assert (document.total_cents, document.prices_include_vat) == (9_999, True)
    assert document.due_date == document.issue_date
    assert balance_of(document.id).open_cents == 9_999
    customer = db.session.get_one(Customer, document.customer_id)
    assert (customer.kind, customer.full_name, customer.city) == (
        CustomerKind.INDIVIDUAL,
        "Jeanne Exemple",
        "",
    )
    (sending,) = db.session.query(Sending)
    assert sending.recipients == '["jeanne@example.org"]'
    # The installation has no SMS provider.
    assert db.session.query(SmsSending).count() == 0


def test_the_same_address_is_the_same_customer_and_learns_the_number(company: Company) -> None:
    first = _made()
    second = _made(request_key="k2", email="Jeanne@Example.org", name="J. E.", mobile="0612345678")
    assert first.customer_id == second.customer_id
    contact = db.session.get_one(Customer, first.customer_id).contacts[0]
    assert contact.mobile == "+33 6 12 34 56 78"
    third = _made(request_key="k3", email="", mobile="06 12 34 56 78")
    assert third.customer_id == first.customer_id
    # A number alone makes nobody the same: families share them.
    fourth = _made(request_key="k4", email="", mobile="06 12 34 56 78", name="Paul Exemple")
    assert fourth.customer_id != first.customer_id


def test_a_business_that_is_known_is_invoiced_as_the_business_it_is(company: Company) -> None:
    with transaction():
        known_id = make_customer().id
    document = _made(email="compta@boulangerie.example.org")
    assert (document.customer_id, document.total_cents) == (known_id, 9_999)


def test_a_deposit_is_a_deposit_invoice(company: Company) -> None:
    assert _made(is_deposit=True).invoice_type is InvoiceType.DEPOSIT


def test_by_sms_when_there_is_a_provider_and_by_both_when_both_are_given(
    make_app: MakeApp, sqlite_url: str
) -> None:
    app = make_app(sqlite_url, sms_url=SMS)
    with app.app_context(), in_company(make_company(app)):
        _made(email="", mobile="06 12 34 56 78")
        _made(mobile="06 12 34 56 79", request_key="k2")
        assert [row.recipient for row in db.session.query(SmsSending)] == ["+33612345678", "+33612345679"]
        assert db.session.query(Sending).count() == 1


def test_everything_wrong_is_told_at_once_and_nothing_is_made(company: Company) -> None:
    wrong = _refused(name=" ", label="", email="nobody", mobile="01 23", amount_cents=0)
    assert wrong == {"name", "label", "email", "mobile", "amount_cents"}
    assert _refused(email="", mobile="") == {"email"}
    assert _refused(vat_rate=1234) == {"vat_rate"}
    assert _refused(amount_cents=10**14) == {"amount_cents"}
    # Half an address is a slip.
    assert _refused(city="Lyon") == {"address1", "postcode"}
    assert _refused(address1="1 rue des Lilas", postcode="6900", city="Lyon") == {"postcode"}
    for model in (Document, Customer, Sending):
        assert db.session.query(model).count() == 0


def test_what_the_company_lacks_stops_it_and_leaves_nothing_behind(company: Company) -> None:
    with transaction():
        db.session.get_one(Company, company.id).legal_form = ""
    with pytest.raises(NotIssuableError):
        _made()
    assert db.session.query(Customer).count() == 0


def test_a_double_click_and_two_forms_at_once_make_one_customer(each_app: Flask) -> None:
    company_id, barrier = make_company(each_app), Barrier(3)

    def click(key: str) -> int:
        with each_app.app_context(), in_company(company_id):
            barrier.wait()
            given = QuickLinkInput(**{**TYPED, "request_key": key, "is_deposit": True})
            return commit_once(lambda: quick_link(given).id)

    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(click, ["a", "a", "b"]))
    assert made[0] == made[1] != made[2]
    with each_app.app_context(), in_company(company_id):
        assert db.session.query(Customer).count() == 1
        assert db.session.query(Document).count() == 2
        assert db.session.query(Sending).count() == 2
