"""Customers in the browser: written, changed, searched; contacts added and removed without scripts."""

from __future__ import annotations

from tests.invoicing.routes.conftest import page, plain

CUSTOMER = {
    "kind": "business", "name": "Fleurs d’Essai", "siren": "404 833 048", "address1": "1 rue du Test",
    "postcode": "69001", "city": "Lyon", "country": "FR", "language": "fr",
    "contacts-0-name": "Paule", "contacts-0-email": "paule@example.org", "contacts-0-receives_invoices": "y",
}  # fmt: skip


def test_a_new_customer_is_saved_and_shown(owner):
    answer = owner.post("/customers/new", data=CUSTOMER)
    assert answer.status_code == 303
    shown = page(owner, answer.headers["Location"])
    assert "Fleurs d’Essai" in shown
    assert "paule@example.org" in shown
    assert "C00001" in shown
    assert "404 833 048" in shown


def test_a_form_sent_twice_makes_one_customer(owner):
    assert 'name="request_key"' in page(owner, "/customers/new")
    typed = {**CUSTOMER, "request_key": "a" * 32}
    first, again = (owner.post("/customers/new", data=typed) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    assert "C00002" not in page(owner, "/customers")
    changed = owner.post("/customers/new", data={**typed, "name": "Fleurs d’Ailleurs"})
    assert changed.headers["Location"] != first.headers["Location"]
    assert 'name="request_key"' not in page(owner, f"{first.headers['Location']}/edit")


def test_a_wrong_siren_is_told_beside_its_field_and_what_was_typed_is_kept(owner):
    answer = owner.post("/customers/new", data={**CUSTOMER, "siren": "123456789"})
    text = plain(answer.get_data(as_text=True))
    assert 'id="siren-error"' in text
    assert 'value="123456789"' in text
    assert 'value="Fleurs d’Essai"' in text
    assert "No customers yet" in page(owner, "/customers")


def test_an_error_of_a_contact_stands_beside_that_contact_and_in_the_summary(owner):
    answer = owner.post("/customers/new", data={**CUSTOMER, "contacts-1-email": "nobody"})
    text = answer.get_data(as_text=True)
    assert 'id="contacts-1-email-error"' in text
    assert 'href="#contacts-1-email"' in text
    assert "Contact 2" in text


def test_a_contact_is_added_and_removed_by_the_server(owner):
    text = owner.post("/customers/new", data={**CUSTOMER, "action": "add-contact"}).get_data(as_text=True)
    assert 'name="contacts-1-email"' in text
    assert 'value="paule@example.org"' in text
    two = {**CUSTOMER, "contacts-1-email": "second@example.org", "action": "remove-contact-0"}
    text = owner.post("/customers/new", data=two).get_data(as_text=True)
    assert "paule@example.org" not in text
    assert 'name="contacts-0-email"' in text
    assert 'value="second@example.org"' in text


def test_a_changed_contact_stays_the_same_one(app, owner, customer_id):
    before = owner.get(f"/customers/{customer_id}/edit").get_data(as_text=True)
    contact_id = before.split('name="contacts-0-id" type="hidden" value="')[1].split('"')[0]
    changed = {**CUSTOMER, "contacts-0-id": contact_id, "contacts-0-email": "new@example.org"}
    assert owner.post(f"/customers/{customer_id}/edit", data=changed).status_code == 303
    after = owner.get(f"/customers/{customer_id}/edit").get_data(as_text=True)
    assert f'name="contacts-0-id" type="hidden" value="{contact_id}"' in after
    assert "new@example.org" in after


def test_the_list_is_searched_by_a_few_letters(owner, customer_id):
    assert "Boulangerie Imaginaire" in page(owner, "/customers?q=imagin")
    assert "Boulangerie Imaginaire" in page(owner, "/customers?q=compta@boul")
    assert "No customer found" in page(owner, "/customers?q=nobody")


def test_a_customers_page_shows_what_she_owes(owner, customer_id, invoice):
    invoice()
    shown = page(owner, f"/customers/{customer_id}")
    assert "F-" in shown
    assert "€120.00" in shown
