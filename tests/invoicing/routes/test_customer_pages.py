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


def test_every_field_is_saved_and_shown_again(owner):
    typed = {
        **CUSTOMER, "kind": "public", "siret": "40483304800022", "einvoice_address": "404833048_ACHATS",
        "delivery_address1": "9 quai des Essais", "delivery_postcode": "13001", "delivery_city": "Marseille",
        "delivery_country": "FR", "ledger_account": "411FLEURS", "note": "Sonner deux fois",
        "contacts-0-mobile": "06 12 34 56 78",
    }  # fmt: skip
    answer = owner.post("/customers/new", data=typed)
    assert answer.status_code == 303
    shown = page(owner, answer.headers["Location"])
    form = page(owner, f"{answer.headers['Location']}/edit")
    told = (
        "40483304800022", "404833048_ACHATS", "9 quai des Essais", "411FLEURS", "Sonner deux fois", "+33 6 12 34 56 78",
    )  # fmt: skip
    for said in told:
        assert said in shown
        assert said in form
    assert "A public body · in France" in shown
    assert owner.post(f"{answer.headers['Location']}/edit", data={**typed, "siret": "1"}).status_code == 200


def test_a_customer_is_archived_hidden_and_used_again(owner, customer_id):
    assert owner.post(f"/customers/{customer_id}/archive", data={"archived": "1"}).status_code == 303
    assert "Boulangerie" not in page(owner, "/customers")
    assert "Boulangerie Imaginaire" in page(owner, "/customers?state=archived")
    assert "is archived" in page(owner, f"/customers/{customer_id}")
    assert owner.post(f"/customers/{customer_id}/archive", data={"archived": "0"}).status_code == 303
    assert "Boulangerie Imaginaire" in page(owner, "/customers")


def test_the_export_is_a_file(owner, customer_id):
    answer = owner.get("/customers/export.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=customers.csv"
    assert answer.get_data().startswith(b"\xef\xbb\xbfreference;kind;name")
    assert "Boulangerie Imaginaire" in answer.get_data(as_text=True)


def test_two_customers_are_merged_after_seeing_what_will_happen(app, owner, company_id, customer_id, invoice):
    invoice_id = invoice()
    other = owner.post("/customers/new", data=CUSTOMER).headers["Location"].rsplit("/", 1)[1]
    choice = page(owner, f"/customers/{customer_id}/merge?q=fleurs")
    assert f"/customers/{customer_id}/merge?into={other}" in choice
    asked = page(owner, f"/customers/{customer_id}/merge?into={other}")
    assert "€120.00" in asked
    assert "cannot be undone" in asked
    assert "another customer than this one" in page(
        owner, f"/customers/{customer_id}/merge?into={customer_id}"
    )
    refused = owner.post(f"/customers/{customer_id}/merge", data={"into": customer_id})
    assert refused.status_code == 400
    for _ in range(2):
        answer = owner.post(f"/customers/{customer_id}/merge", data={"into": other})
        assert answer.headers["Location"] == f"/customers/{other}"
    shown = page(owner, f"/customers/{other}")
    assert f"/invoices/{invoice_id}" in shown
    assert "was merged into Fleurs d’Essai" in page(owner, f"/customers/{customer_id}")
    assert owner.get(f"/customers/{customer_id}/merge").status_code == 302
    assert owner.post(f"/customers/{customer_id}/edit", data=CUSTOMER).status_code == 409
