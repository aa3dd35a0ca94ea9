"""Payments by hand, their cancellation, credit notes and the use of credit, in the browser."""

from __future__ import annotations

import re

import pytest

from accounting.fiscal_years import fiscal_years
from core.clock import paris_today
from core.database import db, transaction
from core.tenancy import in_company
from invoicing.draft_final import deduct_deposits
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Customer
from invoicing.set_invoice_type import set_deposit
from tests.factories.invoicing import make_draft, make_line
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def payment() -> dict[str, str]:
    return {
        "method": "transfer", "amount_cents": "120,00", "paid_on": paris_today().isoformat(),
        "reference": "VIR 42", "request_key": "f" * 32,
    }  # fmt: skip


def test_what_is_due_is_proposed_and_recorded(owner, invoice, payment):
    invoice_id = invoice()
    assert 'value="120.00"' in page(owner, f"/invoices/{invoice_id}/payments/new")
    assert owner.post(f"/invoices/{invoice_id}/payments/new", data=payment).status_code == 303
    shown = page(owner, f"/invoices/{invoice_id}")
    assert "VIR 42" in shown
    assert "Nothing is owed any more." in shown
    assert "€120.00" in page(owner, "/payments")


def test_a_form_sent_twice_records_once(owner, invoice, payment):
    invoice_id = invoice()
    for _ in range(2):
        owner.post(f"/invoices/{invoice_id}/payments/new", data={**payment, "amount_cents": "50"})
    assert "€70.00" in page(owner, f"/invoices/{invoice_id}")
    assert "1 result" in page(owner, "/payments")


def test_a_second_click_on_all_that_is_due_asks_nothing_of_a_surplus(owner, invoice, payment):
    invoice_id = invoice()
    answers = [owner.post(f"/invoices/{invoice_id}/payments/new", data=payment) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "1 result" in page(owner, "/payments")


def test_a_form_gone_back_to_and_filled_in_otherwise_is_another_payment(owner, invoice, payment):
    invoice_id = invoice()
    for amount in ("50", "20"):
        owner.post(f"/invoices/{invoice_id}/payments/new", data={**payment, "amount_cents": amount})
    assert "€50.00" in page(owner, f"/invoices/{invoice_id}")
    assert "2 results" in page(owner, "/payments")


def test_a_surplus_is_recorded_only_when_somebody_agrees(owner, invoice, payment, customer_id):
    invoice_id = invoice()
    too_much = {**payment, "amount_cents": "150"}
    text = plain(owner.post(f"/invoices/{invoice_id}/payments/new", data=too_much).get_data(as_text=True))
    assert "€30.00 more than what is due" in text
    assert 'value="150"' in text
    assert "No payments yet" in page(owner, "/payments")
    agreed = {**too_much, "accept_surplus": "y"}
    assert owner.post(f"/invoices/{invoice_id}/payments/new", data=agreed).status_code == 303
    assert "credit of €30.00" in page(owner, f"/customers/{customer_id}")


def test_a_payment_of_long_before_the_books_is_recorded_only_when_somebody_agrees(
    app, company_id, owner, invoice, payment
):
    url = f"/invoices/{invoice()}/payments/new"
    slip = {**payment, "paid_on": "2016-03-01"}
    text = plain(owner.post(url, data=slip).get_data(as_text=True))
    assert "01/03/2016 is long before your books begin" in text
    assert 'value="2016-03-01"' in text
    with app.app_context(), in_company(company_id):
        assert len(fiscal_years()) == 1, "no year of long ago was opened"
    assert owner.post(url, data={**slip, "accepts_early": "y"}).status_code == 303
    with app.app_context(), in_company(company_id):
        assert [year.ends_on.year for year in fiscal_years()][-1] == 2016
    assert "2016" in page(owner, "/payments")


LIVE_OFFER = '<div id="invoice-credit" data-live>'


def test_a_customers_credit_is_used_on_another_invoice(owner, invoice, payment):
    first, second = invoice(), invoice()
    owner.post(
        f"/invoices/{first}/payments/new", data={**payment, "amount_cents": "150", "accept_surplus": "y"}
    )
    offered = re.search(
        r'<div id="invoice-credit" data-live>(.*?)</div>', page(owner, f"/invoices/{second}"), re.DOTALL
    )
    assert offered is not None, "a page left open must lose the offer when the invoice is paid elsewhere"
    assert "credit of €30.00" in page(owner, f"/invoices/{second}")
    assert owner.post(f"/invoices/{second}/use-credit").status_code == 303
    assert "€90.00" in page(owner, f"/invoices/{second}")
    assert LIVE_OFFER in page(owner, f"/invoices/{second}")
    assert "no credit left" in page_after(owner.post(f"/invoices/{second}/use-credit"), owner)


def page_after(answer, client) -> str:
    assert answer.status_code == 303
    return page(client, answer.headers["Location"])


def test_a_payment_in_the_future_is_refused_beside_its_date(owner, invoice, payment):
    text = owner.post(
        f"/invoices/{invoice()}/payments/new", data={**payment, "paid_on": "2099-01-01"}
    ).get_data(as_text=True)
    assert 'id="paid_on-error"' in text
    assert 'value="2099-01-01"' in text


def test_a_payment_is_cancelled_with_a_reason(owner, invoice, payment):
    invoice_id = invoice()
    owner.post(f"/invoices/{invoice_id}/payments/new", data=payment)
    link = re.search(r"/payments/\d+/cancel", owner.get(f"/invoices/{invoice_id}").get_data(as_text=True))
    assert link
    assert 'id="reason-error"' in owner.post(link[0], data={"reason": ""}).get_data(as_text=True)
    shown = page_after(owner.post(link[0], data={"reason": "Chèque sans provision"}), owner)
    assert "Chèque sans provision" in shown
    assert "Still due" in shown
    assert "cancelled already" in page(owner, link[0])
    assert "Received in all: €0.00" in page(owner, "/payments")


def test_an_invoice_is_credited_in_full_with_a_reason(owner, invoice):
    invoice_id = invoice()
    url = f"/invoices/{invoice_id}/credit"
    assert 'id="reason-error"' in owner.post(url, data={"reason": " ", "what": "rest"}).get_data(as_text=True)
    shown = page_after(owner.post(url, data={"reason": "Commande annulée", "what": "rest"}), owner)
    assert "Credit note A-" in shown
    assert "Commande annulée" in shown
    assert "was credited by" in page(owner, f"/invoices/{invoice_id}")
    again = owner.post(url, data={"reason": "Encore"})
    assert again.status_code == 303
    assert "Commande annulée" in page(owner, again.headers["Location"])


def test_part_of_an_invoice_is_credited_by_quantity_and_then_by_amount(owner, invoice):
    invoice_id = invoice("3")
    url = f"/invoices/{invoice_id}/credit"
    assert 'value="3"' in owner.get(url).get_data(as_text=True)
    too_many = {"reason": "Retour", "what": "lines", "lines-0-quantity": "3,5"}
    refused = owner.post(url, data=too_many).get_data(as_text=True)
    assert 'id="lines-0-quantity-error"' in refused
    assert 'value="3,5"' in refused
    shown = page_after(owner.post(url, data={**too_many, "lines-0-quantity": "1"}), owner)
    assert "€120.00" in shown
    text = page(owner, f"/invoices/{invoice_id}")
    assert "€120.00 of this invoice were credited by" in text
    assert "€240.00 of this invoice are left to credit, out of €360.00" in page(owner, url)
    amount = {"reason": "Geste", "what": "amounts", "parts-0-amount": "200.01"}
    assert 'id="parts-0-amount-error"' in owner.post(url, data=amount).get_data(as_text=True)
    assert "€60.00" in page_after(owner.post(url, data={**amount, "parts-0-amount": "50"}), owner)
    assert page(owner, f"/invoices/{invoice_id}").count("of this invoice were credited by") == 2
    owner.post(url, data={"reason": "Le reste", "what": "rest"})
    assert "Make a credit note" not in page(owner, f"/invoices/{invoice_id}")


def test_nothing_chosen_is_told_beside_the_first_field(owner, invoice):
    url = f"/invoices/{invoice()}/credit"
    for what, field in (("lines", "lines-0-quantity"), ("amounts", "parts-0-amount")):
        text = owner.post(url, data={"reason": "Rien", "what": what, field: ""}).get_data(as_text=True)
        assert f'id="{field}-error"' in text


def test_a_credit_sent_twice_is_one_note(owner, invoice):
    invoice_id = invoice("3")
    url = f"/invoices/{invoice_id}/credit"
    sent = {"reason": "Retour", "what": "lines", "lines-0-quantity": "1", "request_key": "a" * 32}
    first, second = owner.post(url, data=sent), owner.post(url, data=sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert page(owner, f"/invoices/{invoice_id}").count("of this invoice were credited by") == 1


def test_a_draft_takes_no_payment_and_no_credit(owner, draft, payment):
    draft_id = draft()
    assert owner.post(f"/invoices/{draft_id}/payments/new", data=payment).status_code == 404
    assert owner.get(f"/invoices/{draft_id}/credit").status_code == 404


def test_the_list_of_payments_is_narrowed_by_method_period_and_search(owner, invoice, payment):
    owner.post(f"/invoices/{invoice()}/payments/new", data=payment)
    today = paris_today().isoformat()
    assert "€120.00" in page(owner, f"/payments?method=transfer&from={today}&to={today}&q=VIR")
    assert "€120.00" in page(owner, "/payments?q=F-")
    assert "Nothing found" in page(owner, "/payments?method=cash")
    assert "Nothing found" in page(owner, "/payments?to=2020-01-01")


def test_a_credit_note_says_that_it_is_a_later_discount(owner, invoice):
    invoice_id = invoice()
    assert "This is a later discount" in page(owner, f"/invoices/{invoice_id}/credit")
    form = {"reason": "Remise", "what": "amounts", "parts-0-amount": "10", "is_later_discount": "y"}
    answer = owner.post(f"/invoices/{invoice_id}/credit", data={**form, "request_key": "d" * 32})
    assert answer.status_code == 303
    note = page(owner, answer.headers["Location"])
    assert "booked as a rebate (709)" in note
    assert "709600" in page(owner, "/books")
    # As a rule a note cancels: nothing is said then.
    answer = owner.post(
        f"/invoices/{invoice_id}/credit", data={"reason": "Erreur", "what": "rest", "request_key": "e" * 32}
    )
    assert "rebate" not in page(owner, answer.headers["Location"])


def test_an_amount_credits_the_rate_it_is_typed_beside_on_a_final_invoice_too(
    app, company_id, owner, draft, customer_id
):
    deposit_id = draft()
    with app.app_context(), in_company(company_id), transaction():
        set_deposit(deposit_id, is_deposit=True)
        issue_invoice(deposit_id)
        lines = make_line("1", "1000"), make_line("1", "500", "10")
        final = make_draft(*lines, customer=db.session.get_one(Customer, customer_id))
        deduct_deposits(final.id)
        final_id = issue_invoice(final.id).id
    url = f"/invoices/{final_id}/credit"
    names = dict(re.findall(r'for="(parts-\d-amount)">\s*([^<]+?)\s*<', plain(owner.get(url).text)))
    assert sorted(names.values()) == ["Services at 10 %", "Services at 20 %"]
    # A browser sends every field of the form, the empty ones too.
    for label, too_much in (("Services at 20 %", "1000.01"), ("Services at 10 %", "500.01")):
        typed = {name: too_much if said == label else "" for name, said in names.items()}
        (beside,) = (name for name, said in names.items() if said == label)
        refused = owner.post(url, data={"reason": "Geste", "what": "amounts", **typed}).get_data(as_text=True)
        assert f'id="{beside}-error"' in refused
    typed = {name: "50" if said == "Services at 10 %" else "" for name, said in names.items()}
    answer = owner.post(url, data={"reason": "Geste", "what": "amounts", **typed})
    assert answer.status_code == 303
    assert "€55.00" in page(owner, answer.headers["Location"])
