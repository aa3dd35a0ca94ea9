"""The pages of the closings: the wizard says what is missing, the year is typed to confirm, months go to and fro."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine
from sqlalchemy import select, text

from accounting.fiscal_years import year_ending_in
from accounting.models import FiscalYear, JournalEntry
from core.database import db, transaction
from core.event_log import Event
from core.mail import OutboxMail
from core.models import Role
from core.tenancy import in_company
from invoicing.bank.banks import banks
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.models import BankLine
from invoicing.bank.statement_files import keep_file
from tests.accounting.shop import SERVICES_120, Shop
from tests.conftest import PASSWORD, make_user, signed_in_client
from tests.factories.invoicing import issue, make_draft, make_line, pay
from tests.following import followed, led_to
from tests.invoicing.bank.bank_files import camt

DECEMBER = date(2025, 12, 5)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel("2026-03-10 09:00+01:00", tick=True):
        yield


def client_in_french(app, company_id):
    email = make_user(app, company_id, Role.OWNER, "fr@example.org", language="fr")
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})
    return client


@pytest.fixture
def year_id(app, company_id) -> int:
    """A year with an invoice that is open and one that was paid in the next."""
    with app.app_context(), in_company(company_id):
        shop = Shop()
        shop.invoice(SERVICES_120, on=DECEMBER)
        shop.invoice(SERVICES_120, on=DECEMBER)
        shop.pay(2, 120_00, on=date(2026, 1, 9))
        found = year_ending_in(2025)
        assert found is not None
        return found.id


def shown(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return re.sub(r"\s+", " ", answer.text.replace("\u202f", " ").replace("\u00a0", " "))


def test_the_wizard_says_what_is_missing_and_the_year_is_typed(app, company_id, year_id):
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    with app.app_context(), in_company(company_id), transaction():
        make_draft().issue_date = DECEMBER
    address = f"/books/closing/{year_id}"
    assert "Nobody has looked" in shown(client, address)
    # Nothing is closed that was not looked at.
    unseen = client.post(address, data={"year": "2025"})
    assert (unseen.status_code, "Close for good" in unseen.text) == (409, False)
    assert led_to(app, client, client.post(f"{address}/checks")) == address
    page = shown(client, address)
    for said in ("1 draft invoice of this year", "Account 411000: 1 open item, €120.00 in all", "In order"):
        assert said in page
    assert "To mend" not in page
    wrong = client.post(f"/books/closing/{year_id}", data={"year": "2026"})
    assert (wrong.status_code, "Type 2025 to close this year" in wrong.text) == (422, True)
    assert 'value="2026"' in wrong.text
    twice = [client.post(address, data={"year": " 2025 "}) for _ in range(2)]  # a double click
    assert twice[0].headers["Location"] == twice[1].headers["Location"]
    page = shown(client, led_to(app, client, twice[0]))
    assert (
        "The year is closed. Its balances open the next one, on Jan 1, 2026" in page or "1 Jan 2026" in page
    )
    assert "Closed for good on" in page
    assert "AN000001" in shown(client, "/books?journal=AN")
    log = shown(client, "/books/closing/log")
    assert "Year closed" in log
    assert "Accountant" in log
    with app.app_context(), in_company(company_id):
        assert db.session.scalars(select(Event.kind).where(Event.kind == "year.closed")).all() == [
            "year.closed"
        ]
        assert (
            len(db.session.scalars(select(JournalEntry).where(JournalEntry.number == "AN000001")).all()) == 1
        )


def test_the_wizard_holds_the_bank_against_the_books(app, company_id, year_id):
    with app.app_context(), in_company(company_id):
        account = banks()[0].account_id
        early = keep_file(camt(("2025-12-20", "-5.00", "FRAIS", "", ""), opening="0.00"))
        with transaction():
            import_statement(early, account)
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    address = f"/books/closing/{year_id}"
    page = shown(client, led_to(app, client, client.post(f"{address}/checks")))
    assert "Banque: the last statement ends on 20 Dec 2025, before the year does" in page
    assert "1 line of the bank until the end of the year has no decision, -€5.00" in page
    assert "the bank has -€5.00 and the books €0.00, a difference of -€5.00 that lines" in page
    link = f"/bank?bank={account}&amp;day=2025-12-31"
    assert link in page
    with app.app_context(), in_company(company_id):
        rest = keep_file(camt(("2026-01-05", "120.00", "VIR", "", ""), opening="35.00"))
        with transaction():
            import_statement(rest, account)
            ignore_line(db.session.query(BankLine.id).filter_by(amount_cents=-500).scalar(), "Autre compte")
    page = shown(client, led_to(app, client, client.post(f"{address}/checks")))
    assert "the last statement ends" not in page
    assert "has no decision" not in page
    # Between the two statements €40.00 came that no file tells.
    assert (
        "the bank has €35.00 and the books €0.00, a difference of €35.00. Nothing explains €40.00 of it"
        in page
    )
    assert "Reconciliation on 31 Dec 2025" in shown(client, link.replace("&amp;", "&"))


def test_without_statements_of_the_year_the_wizard_says_nothing_of_the_bank(app, company_id, year_id):
    with app.app_context(), in_company(company_id):
        later = keep_file(camt(("2026-01-05", "120.00", "VIR", "", "")))
        with transaction():
            import_statement(later, banks()[0].account_id)
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    asked = client.post(f"/books/closing/{year_id}/checks")
    assert "/bank?bank=" not in shown(client, led_to(app, client, asked))


def test_what_does_not_hold_stops_the_closing(app, company_id, year_id):
    client = signed_in_client(app, company_id, Role.OWNER)
    with app.app_context(), in_company(company_id):
        this_year = year_ending_in(2026)
        assert this_year is not None
        running = this_year.id
        with transaction() as session:
            session.execute(text("DROP TRIGGER frozen_entry_line_update"))
            session.execute(text("UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE id = 1"))
    for each in (running, year_id):
        led_to(app, client, client.post(f"/books/closing/{each}/checks"))
    page = shown(client, f"/books/closing/{running}")
    for said in ("The year is not over", "is not closed yet", "The books do not hold", "The seal is broken"):
        assert said in page
    for each in (running, year_id):
        assert "Close for good" not in shown(client, f"/books/closing/{each}")
        answer = client.post(f"/books/closing/{each}", data={"year": "2026" if each == running else "2025"})
        assert answer.status_code == 409
    with app.app_context(), in_company(company_id):
        assert set(db.session.scalars(select(FiscalYear.closed_at))) == {None}


def test_a_year_is_closed_as_it_was_looked_at_or_not_at_all(app, company_id, year_id):
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    address = f"/books/closing/{year_id}"
    led_to(app, client, client.post(f"{address}/checks"))
    assert "Close for good" in shown(client, address)
    # An entry that comes after the click, before the worker: the task itself finds it, under the lock of the years.
    asked = client.post(address, data={"year": "2025"})
    with app.app_context(), in_company(company_id):
        later = Shop()
        for _ in range(3):  # the first two are posted already
            later.invoice(SERVICES_120, on=DECEMBER)
    failed = followed(app, client, asked)
    assert (failed.status_code, "Entries were posted in this year" in failed.text) == (200, True)
    # On the page the look is an old one now.
    assert "no longer how the year stands" in shown(client, address)
    assert client.post(address, data={"year": "2025"}).status_code == 409
    led_to(app, client, client.post(f"{address}/checks"))
    with time_machine.travel("2026-03-11 09:30+01:00", tick=True):
        assert client.post(address, data={"year": "2025"}).status_code == 409, "more than a day ago"
    assert led_to(app, client, client.post(address, data={"year": "2025"})).startswith(
        "/books/closing?closed="
    )


def test_a_look_that_is_under_way_is_joined_and_followed(app, company_id, year_id):
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    asked = [client.post(f"/books/closing/{year_id}/checks", data={"request_key": key}) for key in "ab"]
    assert asked[0].headers["Location"] == asked[1].headers["Location"]
    waiting = client.get(f"/books/closing/{year_id}")
    assert waiting.headers["Location"] == asked[0].headers["Location"]
    page = shown(client, waiting.headers["Location"])
    assert "You can leave this page" in page
    assert 'http-equiv="refresh"' in page
    state = client.get(f"{waiting.headers['Location']}/state.json").get_json()
    assert (state["final"], state["url"]) == (False, "")
    led_to(app, client, asked[0])
    state = client.get(f"{waiting.headers['Location']}/state.json").get_json()
    assert (state["final"], state["url"]) == (True, f"/books/closing/{year_id}")
    # It is a page's, not a file to fetch, and nobody is mailed who is still looking.
    assert client.get(f"{waiting.headers['Location']}/file").status_code == 404
    with app.app_context(), in_company(company_id):
        assert db.session.query(OutboxMail).count() == 0
    # In another language it is looked at anew.
    french = client_in_french(app, company_id)
    assert "Personne" in shown(french, f"/books/closing/{year_id}")


def test_the_accountant_closes_months_and_the_owner_opens_them(app, company_id, year_id):
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    owner = signed_in_client(app, company_id, Role.OWNER)
    with app.app_context(), in_company(company_id):
        this_year = year_ending_in(2026)
        assert this_year is not None
        running = this_year.id
    page = shown(accountant, "/books/closing")
    assert 'value="2026-02-28"' in page
    assert 'value="2026-03-31"' not in page
    closed = accountant.post(
        f"/books/closing/{running}/months", data={"month": "2026-02-28"}, follow_redirects=True
    )
    assert "Closed up to" in closed.text
    for wrong in ("2026-03-31", "never", ""):
        answer = accountant.post(
            f"/books/closing/{running}/months", data={"month": wrong}, follow_redirects=True
        )
        assert answer.status_code in (200, 409), wrong
    assert (
        accountant.post(f"/books/closing/{running}/months/reopen", data={"month": "2026-02-01"}).status_code
        == 403
    )
    assert "Open again from" not in shown(accountant, "/books/closing").replace("Open again from Feb", "")
    opened = owner.post(
        f"/books/closing/{running}/months/reopen", data={"month": "2026-02-01"}, follow_redirects=True
    )
    assert "Open again from" in opened.text
    log = shown(owner, "/books/closing/log")
    assert "Months opened again" in log
    assert log.index("Months opened again") < log.index("Months closed")
    with app.app_context(), in_company(company_id):
        assert db.session.get_one(FiscalYear, running).months_closed_through == date(2026, 1, 31)


def test_who_only_reads_sees_but_closes_nothing(app, company_id, year_id):
    viewer = signed_in_client(app, company_id, Role.VIEWER)
    assert "Prepare the closing" not in shown(viewer, "/books/closing")
    assert "Nothing closed yet" in shown(viewer, "/books/closing/log")
    assert viewer.get(f"/books/closing/{year_id}").status_code == 403
    assert viewer.post(f"/books/closing/{year_id}/months", data={"month": "2026-01-31"}).status_code == 403


def test_the_attestation_is_to_be_signed_and_tells_the_perpetual_total(app, company_id):
    with app.app_context(), in_company(company_id), transaction():
        paid = issue(make_line("1", "100"), today=date(2026, 3, 1))
        pay(paid, "120", paid_on=date(2026, 3, 2))
    page = shown(signed_in_client(app, company_id, Role.ACCOUNTANT), "/books/attestation")
    for said in (
        "To be signed",
        "volet 1",
        "version majeure 0",
        "Atelier Lumen (SIREN 732829320)",
        "€120.00",
    ):
        assert said in page
    assert signed_in_client(app, company_id, Role.STAFF).get("/books/attestation").status_code == 403
