"""The pages of the exports: from the proposal to the file, and what a slip, a second tab or a lesser role meets."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounting.exports import export_task
from accounting.exports.batch_checks import check_batches
from accounting.exports.batches import list_batches
from core.clock import paris_today
from core.jobs import run_due_jobs
from core.long_tasks import TaskState, tasks_of
from core.models import Role
from core.tenancy import in_company
from tests.accounting.shop import SERVICES_120, Shop
from tests.conftest import make_user, signed_in_client

APRIL = "/books/exports/preview?format=coala&first=2026-03-01&last=2026-03-31&journal=VE&journal=BQ"


@pytest.fixture
def accountant(app, company_id) -> FlaskClient:
    with app.app_context(), in_company(company_id):
        shop = Shop()
        shop.invoice(SERVICES_120, on=date(2026, 2, 3))
        shop.invoice(SERVICES_120, on=date(2026, 3, 2))
        shop.pay(2, 120_00, on=date(2026, 3, 20))
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def plain(answer: TestResponse) -> str:
    return answer.text.replace("\u202f", " ").replace("\u00a0", " ")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def order(client: FlaskClient, url: str = APRIL, **changes: str) -> TestResponse:
    page = client.get(url).text
    form = {name: hidden(page, name) for name in ("seen", "request_key")}
    return client.post(url, data={**form, **changes})


def test_the_next_batch_is_proposed_from_the_first_day_that_is_in_none(accountant):
    page = accountant.get("/books/exports").text
    assert 'value="2026-02-03"' in page
    assert f'value="{paris_today().replace(day=1) - timedelta(days=1)}"' in page
    assert re.search(r'value="AN"(?! checked)', page), "her software makes the opening entries itself"
    assert re.search(r'value="VE" checked', page)


def test_from_the_counts_to_the_file_that_stays_the_same(accountant, app, company_id):
    page = plain(accountant.get(APRIL))
    assert "Entries before this period are in no batch yet" in page
    assert re.search(r"VE – Ventes.*?>1<.*?>3<.*?120,00|VE – Ventes.*?>1<.*?>3<.*?120.00", page, re.DOTALL)
    answer = order(accountant)
    assert answer.status_code == 303
    page = plain(accountant.get(answer.location))
    assert "732829320-coala-lot0001.txt" in page
    file = accountant.get(f"{answer.location}/file")
    assert file.headers["Content-Disposition"] == "attachment; filename=732829320-coala-lot0001.txt"
    assert file.data.startswith(b"02/03/2026;VE;411000;VE000002")
    with app.app_context(), in_company(company_id):
        Shop(first_id=9).invoice(SERVICES_120, on=date(2026, 3, 5))
    assert accountant.get(f"{answer.location}/file").data == file.data
    assert "1 entry, left out" not in plain(accountant.get(APRIL))
    assert "2 entries, left out" in plain(accountant.get(APRIL))


def test_a_second_tab_and_a_double_click_make_nothing_more(accountant, app, company_id):
    page = accountant.get(APRIL).text
    form = {name: hidden(page, name) for name in ("seen", "request_key")}
    first, again = (accountant.post(APRIL, data=form) for _ in range(2))
    assert (first.status_code, again.status_code, first.location) == (303, 303, again.location)
    other = accountant.post(APRIL, data={**form, "request_key": "another"})
    assert other.status_code == 409
    assert "Meanwhile what is left to export has changed" in other.text
    with app.app_context(), in_company(company_id):
        assert len(list_batches(limit=9)) == 1


def test_cancelling_needs_a_reason_and_shows_it(accountant):
    url = order(accountant).location
    refused = accountant.post(f"{url}/cancel", data={"reason": " "})
    assert refused.status_code == 400
    assert "Say why" in refused.text
    long_ = accountant.post(f"{url}/cancel", data={"reason": "x" * 300})
    assert (long_.status_code, "x" * 300 in long_.text) == (400, True)
    assert accountant.post(f"{url}/cancel", data={"reason": "Refused <b>"}).status_code == 303
    page = accountant.get(url).text
    assert "Cancelled: Refused &lt;b&gt;" in page
    assert "/cancel" not in page
    assert order(accountant).status_code == 303, "its entries can be exported again"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            "format=coala&first=2026-03-31&last=2026-03-01&journal=VE",
            "The last day comes after the first one.",
        ),
        ("format=coala&first=2026-03-01&last=2026-03-31", "Tick at least one journal."),
        ("format=coala&first=2026-03-01&last=2026-03-31&journal=ZZ", "Tick at least one journal."),
        ("format=sage&first=2026-03-01&last=2026-03-31&journal=VE", "Not a valid choice"),
        ("format=coala&first=31/03&last=&journal=VE", "Enter a day."),
    ],
)
def test_what_cannot_be_chosen_is_told_beside_its_field(accountant, query, words):
    for method in ("get", "post"):
        answer = getattr(accountant, method)(f"/books/exports/preview?{query}")
        assert answer.status_code == 400
        assert words in plain(answer)


def test_an_empty_period_offers_nothing(accountant):
    page = accountant.get(APRIL.replace("2026-03", "2026-05"))
    assert "There are no entries in this period" in page.text
    assert 'name="seen"' not in page.text


def test_settings_are_saved_and_an_older_page_is_refused(accountant):
    url = "/books/exports/settings"
    assert 'value="0"' in accountant.get(url).text
    assert accountant.post(url, data={"account_length": "8"}).status_code == 303
    version = hidden(accountant.get(url).text, "version")
    assert accountant.post(url, data={"account_length": "7", "version": version}).status_code == 303
    outdated = accountant.post(url, data={"account_length": "6", "version": version})
    assert outdated.status_code == 409
    wrong = accountant.post(url, data={"account_length": "99"})
    assert (wrong.status_code, "Between 6 and 17" in wrong.text, 'value="99"' in wrong.text) == (
        400,
        True,
        True,
    )
    assert accountant.post(url, data={"account_length": "many"}).status_code == 400


def test_many_entries_go_by_a_task_with_a_bar(accountant, app, company_id, monkeypatch):
    monkeypatch.setattr(export_task, "MOST_AT_ONCE", 1)
    page = accountant.get(APRIL).text
    form = {name: hidden(page, name) for name in ("seen", "request_key")}
    answer = accountant.post(APRIL, data=form)
    assert answer.location.startswith("/tasks/")
    assert accountant.post(APRIL, data=form).location == answer.location
    assert "<progress" in accountant.get(answer.location).text
    second = order(accountant)
    run_due_jobs(app)
    page = plain(accountant.get(answer.location))
    assert "732829320-coala-lot0001.txt" in page
    assert "Meanwhile what is left to export has changed" in accountant.get(second.location).text
    with app.app_context(), in_company(company_id):
        assert [task.state for task in tasks_of(export_task.TASK, limit=9)] == [
            TaskState.FAILED,
            TaskState.DONE,
        ]
        assert [batch.entry_count for batch in list_batches(limit=9)] == [2]
        assert list(check_batches()) == []
    assert accountant.get(f"{answer.location}/file").data.startswith(b"02/03/2026;VE;411000;VE000002")


def test_staff_and_viewers_see_nothing_of_it(app, company_id, accountant):
    url = order(accountant).location
    for role in (Role.STAFF, Role.VIEWER):
        client = app.test_client()
        client.post(
            "/login", data={"email": make_user(app, company_id, role), "password": "correct horse battery"}
        )
        for address in ("/books/exports", APRIL, "/books/exports/settings", url, f"{url}/file"):
            assert client.get(address).status_code == 403
        assert client.post(f"{url}/cancel", data={"reason": "x"}).status_code == 403
        assert "/books/exports" not in client.get("/books").text
