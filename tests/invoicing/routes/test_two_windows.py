"""Two windows on one page: the second save is refused with what was typed kept; nothing unseen is issued."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.conftest import COMPANY
from tests.invoicing.routes.conftest import page, plain
from tests.invoicing.routes.test_customer_pages import CUSTOMER

REFUSED = "nothing was saved"


def hidden(text: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', text)
    assert found, name
    value = re.search(r'value="([^"]*)"', found[0])
    assert value, found[0]
    return value[1]


@pytest.fixture
def forms(customer_id: int, draft: Callable[..., int]) -> dict[str, tuple[str, dict[str, str], str]]:
    """Each form that is saved again and again: its page, what is typed, and the field that differs."""
    line = {
        "lines-0-label": "Conseil", "lines-0-quantity": "1", "lines-0-unit": "C62", "lines-0-unit_price": "100",
        "lines-0-vat_rate": "2000", "lines-0-kind": "service", "lines-0-discount": "",
    }  # fmt: skip
    company = {k: str(v) for k, v in COMPANY.items() if k not in ("is_demo", "country")}
    numbers = {
        "invoice_prefix": "F",
        "credit_note_prefix": "A",
        "payment_terms_days": "30",
        "backdating_days": "20",
    }
    return {
        "draft": (
            f"/invoices/{draft()}/edit",
            {"customer_id": str(customer_id), "prices": "net", **line},
            "note",
        ),
        "customer": (f"/customers/{customer_id}/edit", CUSTOMER, "address2"),
        "company": ("/settings/company", {**company, "colour": "#112233"}, "address2"),
        "invoicing": ("/settings/invoicing", numbers, "late_penalty"),
    }


@pytest.mark.parametrize("which", ["draft", "customer", "company", "invoicing"])
def test_the_second_window_does_not_silently_win(owner: FlaskClient, forms, which):
    url, typed, field = forms[which]
    version = hidden(page(owner, url), "version")
    assert owner.post(url, data={**typed, field: "Première", "version": version}).status_code == 303
    answer = owner.post(url, data={**typed, field: "Seconde", "version": version})
    text = plain(answer.get_data(as_text=True))
    assert answer.status_code in (200, 409)
    assert REFUSED in text
    assert "Seconde" in text
    assert 'target="_blank"' in text
    assert "Première" in page(owner, url)
    # Sent again on purpose, it is saved.
    again = owner.post(url, data={**typed, field: "Seconde", "version": hidden(text, "version")})
    assert again.status_code == 303
    assert "Seconde" in page(owner, url)


@pytest.mark.parametrize("which", ["draft", "customer", "company", "invoicing"])
def test_a_double_click_on_save_is_one_save(owner: FlaskClient, forms, which):
    url, typed, field = forms[which]
    version = hidden(page(owner, url), "version")
    for _ in range(2):
        assert owner.post(url, data={**typed, field: "Une fois", "version": version}).status_code == 303
    assert int(hidden(page(owner, url), "version")) == int(version) + 1


@pytest.mark.parametrize("which", ["draft", "customer", "company", "invoicing"])
def test_a_version_that_is_none_is_an_old_one(owner: FlaskClient, forms, which):
    url, typed, field = forms[which]
    assert owner.post(url, data={**typed, field: "Première"}).status_code == 303
    for version in ("x", "0", "-1", "٣", "9" * 30):
        answer = owner.post(url, data={**typed, field: "Seconde", "version": version})
        assert REFUSED in plain(answer.get_data(as_text=True)), version
    assert "Première" in page(owner, url)


def test_the_refusal_is_in_the_language_of_the_person(owner: FlaskClient, forms):
    url, typed, field = forms["draft"]
    owner.post(url, data={**typed, field: "Première", "version": "1"})
    owner.set_cookie("language", "fr")
    text = plain(owner.post(url, data={**typed, field: "Seconde", "version": "1"}).get_data(as_text=True))
    assert "rien n’a été enregistré" in text


def test_line_buttons_keep_the_version_of_the_page(owner: FlaskClient, forms):
    url, typed, field = forms["draft"]
    assert owner.post(url, data={**typed, field: "Première", "version": "1"}).status_code == 303
    text = owner.post(url, data={**typed, "version": "1", "action": "add-line"}).get_data(as_text=True)
    assert hidden(text, "version") == "1"


@pytest.mark.parametrize("changed", ["draft", "customer", "company", "invoicing"])
def test_what_the_person_has_not_seen_is_not_issued(owner: FlaskClient, forms, changed):
    draft_url = forms["draft"][0].removesuffix("/edit")
    seen = hidden(page(owner, draft_url), "seen")
    url, typed, field = forms[changed]
    assert owner.post(url, data={**typed, field: "Autre chose"}).status_code == 303
    answer = owner.post(f"{draft_url}/issue", data={"seen": seen})
    text = plain(answer.get_data(as_text=True))
    assert answer.status_code == 409
    assert "nothing was issued" in text
    assert not re.search(r"F-\d{4}-\d", page(owner, "/invoices"))
    assert owner.post(f"{draft_url}/issue", data={"seen": hidden(text, "seen")}).status_code == 303
    assert "F-" in page(owner, "/invoices")


def test_what_was_seen_is_issued(owner: FlaskClient, forms):
    draft_url = forms["draft"][0].removesuffix("/edit")
    seen = hidden(page(owner, draft_url), "seen")
    first, again = (owner.post(f"{draft_url}/issue", data={"seen": seen}) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert "0002" not in page(owner, "/invoices")
