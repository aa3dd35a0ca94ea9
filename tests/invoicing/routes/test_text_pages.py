"""The library of texts in the browser, and a text taken on the send page."""

from __future__ import annotations

import pytest

from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def typed() -> dict[str, str]:
    return {
        "identifier": "Relance", "language": "en", "subject": "Reminder {{ number }}",
        "text": "Dear {{ customer }}, pay: {{ payment_link }}", "request_key": "b" * 32,
    }  # fmt: skip


def test_a_text_is_written_changed_and_deleted(owner, typed):
    assert owner.post("/settings/texts/new/mail", data=typed).status_code == 303
    assert "Relance" in page(owner, "/settings/texts")
    changed = {**typed, "version": "1", "identifier": "Rappel"}
    assert owner.post("/settings/texts/1", data=changed).status_code == 303
    assert "nothing was saved" in plain(owner.post("/settings/texts/1", data=changed).get_data(as_text=True))
    assert "Rappel" in page(owner, "/settings/texts")
    assert owner.post("/settings/texts/1/delete").status_code == 303
    assert "No text yet" in page(owner, "/settings/texts")
    assert owner.get("/settings/texts/new/poem").status_code == 404


def test_an_unknown_variable_stands_beside_its_field_and_what_was_typed_is_kept(owner, typed):
    wrong = {**typed, "text": "{{ nonsense }}", "subject": "{{ number"}
    shown = plain(owner.post("/settings/texts/new/mail", data=wrong).get_data(as_text=True))
    assert 'id="text-error"' in shown
    assert 'id="subject-error"' in shown
    assert "{{ nonsense }}" in shown


def test_the_preview_shows_the_newest_invoice_with_and_without_scripts(owner, invoice, typed):
    invoice()
    wanted = "Dear Boulangerie Imaginaire, pay: http://127.0.0.1:5000/p/"
    assert wanted in plain(owner.post("/settings/texts/preview", data=typed).get_data(as_text=True))
    with_button = owner.post("/settings/texts/new/mail", data={**typed, "action": "preview"})
    assert wanted in plain(with_button.get_data(as_text=True))
    assert "No text yet" in page(owner, "/settings/texts"), "a preview saves nothing"
    wrong = owner.post("/settings/texts/preview", data={**typed, "text": "{{ nonsense }}"})
    assert "nonsense is not known" in plain(wrong.get_data(as_text=True))


def test_a_preview_without_any_invoice_says_so(owner, typed):
    shown = plain(owner.post("/settings/texts/preview", data=typed).get_data(as_text=True))
    assert "newest issued invoice" in shown


def test_a_text_is_taken_on_the_send_page_by_a_few_letters(owner, invoice, typed):
    owner.post("/settings/texts/new/mail", data=typed)
    url = f"/invoices/{invoice()}/send"
    sent = {"contacts": "compta@boulangerie.example.org", "subject": "x", "text": "y", "action": "use-text"}
    shown = plain(owner.post(url, data={**sent, "template": "relan"}).get_data(as_text=True))
    assert "Reminder {{ number }}" in shown
    assert "Dear {{ customer }}" in shown
    shown = plain(owner.post(url, data={**sent, "template": "zzz"}).get_data(as_text=True))
    assert 'id="template-error"' in shown
    assert 'value="x"' in shown
