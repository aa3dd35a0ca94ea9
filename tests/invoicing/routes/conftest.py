"""Pages of invoicing over HTTP: a company, somebody signed in, and documents made through the verbs."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.clock import paris_today
from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Customer
from tests.conftest import signed_in_client
from tests.factories.invoicing import make_customer, make_draft, make_line

Make = Callable[..., int]


@pytest.fixture
def owner(app: Flask, company_id: int) -> FlaskClient:
    """The owner, signed in; pages speak English."""
    return signed_in_client(app, company_id, Role.OWNER)


@pytest.fixture
def customer_id(app: Flask, company_id: int) -> int:
    """A French business with one contact."""
    with app.app_context(), in_company(company_id), transaction():
        return make_customer().id


@pytest.fixture
def draft(app: Flask, company_id: int, customer_id: int) -> Make:
    """Make a draft of the customer: `draft()`, `draft("2", "50", "5.5")`; gives its id."""

    def make(quantity: str = "1", price: str = "100", rate: str = "20", **changes) -> int:
        with app.app_context(), in_company(company_id), transaction():
            customer = db.session.get_one(Customer, customer_id)
            return make_draft(make_line(quantity, price, rate), customer=customer, **changes).id

    return make


@pytest.fixture
def invoice(app: Flask, company_id: int, draft: Make) -> Make:
    """Make and issue an invoice of today, of 120 € unless told otherwise; gives its id."""

    def make(*line: str) -> int:
        document_id = draft(*line)
        with app.app_context(), in_company(company_id), transaction():
            issue_invoice(document_id, today=paris_today())
        return document_id

    return make


def page(client: FlaskClient, url: str) -> str:
    """The text of a page that must be there; typographical spaces become plain ones."""
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return plain(answer.get_data(as_text=True))


def plain(text: str) -> str:
    """HTML without entities and with plain spaces, so that amounts can be looked for."""
    return unescape(text).replace("\u00a0", " ").replace("\u202f", " ")
