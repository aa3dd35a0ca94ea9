"""One person in two companies: what she fills in for one never lands in the other."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.database import db, transaction
from core.members import remove_member
from core.models import Membership, Role
from core.tenancy import in_company, unscoped
from invoicing.models import Customer
from tests.conftest import PASSWORD, make_company, make_user

PERSON = "person@example.org"
CUSTOMER = {
    "kind": "individual",
    "name": "Essai",
    "address1": "1 rue des Essais",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "language": "fr",
}


@pytest.fixture
def companies(app: Flask) -> tuple[int, int]:
    first = make_company(app)
    second = make_company(app, name="Second", siren="443061841", siret="", vat_number="")
    for company_id in (first, second):
        make_user(app, company_id, Role.OWNER, "owner@example.org")
        make_user(app, company_id, Role.OWNER, PERSON)
    return first, second


@pytest.fixture
def client(app: Flask, companies: tuple[int, int]) -> FlaskClient:
    client = app.test_client()
    client.post("/login", data={"email": PERSON, "password": PASSWORD, "csrf_token": token(client, "/login")})
    switch(client, companies[0])
    return client


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def switch(client: FlaskClient, company_id: int) -> None:
    answer = client.post(f"/companies/{company_id}/switch", data={"csrf_token": token(client, "/")})
    assert answer.status_code == 303


def owners_of_customers(app: Flask) -> list[int]:
    with app.app_context(), unscoped():
        return list(db.session.scalars(select(Customer.company_id)))


def test_a_form_of_the_company_worked_in_is_taken(
    app: Flask, client: FlaskClient, companies: tuple[int, int]
) -> None:
    form = {**CUSTOMER, "csrf_token": token(client, "/customers/new")}
    assert client.post("/customers/new", data=form).status_code == 303
    assert owners_of_customers(app) == [companies[0]]


def test_a_form_left_open_in_a_tab_is_refused_after_switching_in_another(
    app: Flask, client: FlaskClient, companies: tuple[int, int]
) -> None:
    form = {**CUSTOMER, "csrf_token": token(client, "/customers/new")}
    switch(client, companies[1])
    assert client.post("/customers/new", data=form).status_code == 400
    assert owners_of_customers(app) == []


def test_a_form_of_a_company_one_was_removed_from_is_refused(
    app: Flask, client: FlaskClient, companies: tuple[int, int]
) -> None:
    form = {**CUSTOMER, "csrf_token": token(client, "/customers/new")}
    with app.app_context(), in_company(companies[0]), transaction():
        mine = select(Membership.id).where(
            Membership.company_id == companies[0], Membership.user.has(email=PERSON)
        )
        remove_member(db.session.scalars(mine).one())
    assert client.post("/customers/new", data=form).status_code == 403
    assert client.get("/customers/new").status_code == 200
    assert client.post("/customers/new", data=form).status_code == 400
    assert owners_of_customers(app) == []
