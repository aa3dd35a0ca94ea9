"""The pages of a take-over: a file is shown before anything is done, done once, told, and taken back."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from sqlalchemy import select

from core.database import db, transaction
from core.long_tasks import LongTask
from core.models import Role
from core.tenancy import in_company
from invoicing.models import Document, Takeover
from invoicing.payment_link import link_of
from tests.conftest import make_company, signed_in_client
from tests.factories.invoicing import make_customer
from tests.following import followed, led_to
from tests.invoicing.takeover.old_books import NAME, content, rows


@pytest.fixture
def accountant(app, company_id):
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def sent(client, data: bytes = b"", name: str = NAME, **fields: str):
    """What the upload answers: the way to the page of the reading."""
    file = {"file": (io.BytesIO(data or content()), name)}
    return client.post(
        "/books/takeover", data={"waiting_prefix": "44574", "standard_rate": "2000", **file, **fields}
    )


def read(client, data: bytes = b"", name: str = NAME, **fields: str) -> str:
    """Send a file and have it read; the address of its plan."""
    return led_to(client.application, client, sent(client, data, name, **fields))


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
    address = read(accountant)
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

    twice = [confirmed(accountant, address, **{"waiting-0": "120,00"}) for _ in range(2)]
    report_at = led_to(app, accountant, twice[0])
    assert led_to(app, accountant, twice[1]) == report_at
    with app.app_context(), in_company(company_id):
        assert db.session.query(Takeover).count() == 1
    report = plain(accountant.get(report_at).text)
    for shown in ("FA-1", "of €1,200.00", "AN000001", "€1,290.00", "C00001"):
        assert shown in report, shown
    with app.app_context(), in_company(company_id):
        customer = db.session.scalars(select(Document.customer_id).where(Document.number == "FA-1")).one()
    assert f'href="/customers/{customer}"' in accountant.get(report_at).text
    # The same form sent once more is the same take-over; the plan itself says that it was done.
    again = accountant.post(address, data={"seen": "0" * 32, "knows": "y"})
    assert again.headers["Location"] == report_at
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

    undone = [accountant.post(f"{report_at}/undo") for _ in range(2)]
    assert undone[0].headers["Location"] == undone[1].headers["Location"]
    assert led_to(app, accountant, undone[0]) == report_at
    assert "Undone" in accountant.get(report_at).text
    assert "€0.00" in accountant.get(f"/invoices/{invoice_id}").text
    assert led_to(app, accountant, confirmed(accountant, address)) != report_at


def test_a_file_that_cannot_be_taken_over_says_why(app, accountant):
    faulty = rows()
    faulty[2][4] = "890000"
    address = read(accountant, content(faulty))
    page = accountant.get(address).text
    assert "do not balance" in page
    assert "Take over these books" not in page
    assert confirmed(accountant, address).status_code == 409
    # Without a closing date in its name the last day is asked for; it can be given there.
    address = sent(accountant, name="export.txt").headers["Location"]
    assert "give the last day" in accountant.get(address).text
    form = {"until": "2025-12-31", "waiting_prefix": "44574", "standard_rate": "2000"}
    better = led_to(app, accountant, accountant.post(address.replace("?", "/again?"), data=form))
    assert "FA-1" in accountant.get(better).text


def test_a_file_is_read_once_and_its_page_leads_to_the_reading_while_it_lasts(app, company_id, accountant):
    asked = [sent(accountant), sent(accountant, standard_rate="1000")]
    assert asked[0].headers["Location"] == asked[1].headers["Location"], (
        "the rate is no matter of the reading"
    )
    address = f"/books/takeover/plan/{hashlib.sha256(content()).hexdigest()}?name={NAME}"
    assert accountant.get(address).headers["Location"] == asked[0].headers["Location"]
    assert "Reading" in accountant.get(asked[0].headers["Location"]).text
    read(accountant)
    assert "FA-1" in accountant.get(address).text
    # Up to another day nobody has read it: the page offers it, nothing is done before.
    other = f"{address}&until=2025-11-30"
    assert "not read in this way yet" in accountant.get(other).text
    assert accountant.post(other, data={"seen": "0" * 32, "knows": "y"}).status_code == 409
    with app.app_context(), in_company(company_id):
        assert db.session.query(LongTask).count() == 1


def test_what_changes_between_the_click_and_the_worker_is_not_done(app, company_id, accountant):
    address = read(accountant)
    asked = confirmed(accountant, address)
    with app.app_context(), in_company(company_id), transaction():
        make_customer(name="Dupont SARL", siren="552100554")
    failed = followed(app, accountant, asked)
    assert (failed.status_code, "look at the plan as it is now" in failed.text) == (200, True)
    with app.app_context(), in_company(company_id):
        assert (db.session.query(Takeover).count(), db.session.query(Document).count()) == (0, 0)
    led_to(app, accountant, confirmed(accountant, address))


def test_the_stored_file_of_another_company_does_not_exist(app, accountant):
    address = read(accountant)
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    stranger = signed_in_client(app, other)
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, data={"knows": "y"}).status_code == 404
    assert stranger.get("/books/takeover/plan/1234").status_code == 404
