"""`/p/<token>`: what the customer meets, in every state an invoice can be in."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from core.database import transaction
from invoicing.credit_invoice import credit_invoice
from invoicing.replace_link import replace_link
from payplug_bridge.keys import choose_mode, save_key
from payplug_bridge.models import PayplugMode
from payplug_bridge.simulator.testing import RunningSimulator
from tests.conftest import MakeApp
from tests.payplug_bridge.shop import Shop, open_shop


def text_of(web: FlaskClient, path: str, status: int = 200) -> str:
    answer = web.get(path)
    assert answer.status_code == status, answer.status_code
    return answer.get_data(as_text=True)


def test_an_invoice_to_pay_offers_the_card_and_the_transfer(shop: Shop, web: FlaskClient) -> None:
    token = shop.token(shop.invoice())
    answer = web.get(f"/p/{token}")
    page = answer.get_data(as_text=True)
    assert "Pay €120.00" in page
    assert "FR76 3000 6000 0112 3456 7890 189" in page
    assert "No fee for you" in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_speaks_the_invoices_language_until_another_is_chosen(shop: Shop) -> None:
    token = shop.token(shop.invoice())
    assert '<html lang="fr"' in text_of(shop.app.test_client(), f"/p/{token}")
    english = shop.app.test_client()
    english.set_cookie("language", "en")
    assert '<html lang="en"' in text_of(english, f"/p/{token}")


def test_paying_leads_to_payplug_and_back_to_a_paid_page(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    token = shop.token(invoice)
    answer = web.post(f"/p/{token}/pay")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(shop.simulator.url)
    payment = shop.simulator.payments()[0]
    assert payment["amount"] == 12_000
    assert payment["hosted_payment"]["return_url"].endswith(f"/p/{token}/return")
    shop.simulator.pay(payment["id"], notify=False)
    assert "This invoice is paid" in text_of(web, f"/p/{token}/return")
    assert shop.balance(invoice).open_cents == 0
    assert web.get(f"/p/{token}/status.json").get_json()["final"] is True


def test_a_decline_is_told_and_can_be_tried_again(shop: Shop, web: FlaskClient) -> None:
    token = shop.token(shop.invoice())
    web.post(f"/p/{token}/pay")
    shop.simulator.decline(shop.simulator.payments()[0]["id"], notify=False)
    page = text_of(web, f"/p/{token}/return")
    assert "did not succeed" in page
    assert "Pay €120.00" in page


def test_a_return_before_the_confirmation_waits(shop: Shop, web: FlaskClient) -> None:
    token = shop.token(shop.invoice())
    web.post(f"/p/{token}/pay")
    before = web.get(f"/p/{token}/status.json").get_json()
    assert "waiting for the confirmation" in text_of(web, f"/p/{token}/return")
    assert before["final"] is False
    shop.simulator.pay(shop.simulator.payments()[0]["id"], notify=False)
    shop.sync()
    assert web.get(f"/p/{token}/status.json").get_json()["state"] != before["state"]


def test_cancelling_is_no_failure(shop: Shop, web: FlaskClient) -> None:
    token = shop.token(shop.invoice())
    web.post(f"/p/{token}/pay")
    assert "You left the payment page" in text_of(web, f"/p/{token}/cancel")


def test_payplug_down_is_told_in_plain_words(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    shop.simulator.set_fault("error", target="create_payment", status=502)
    shop.simulator.set_fault("error", target="list_payments", status=502)
    answer = web.post(f"/p/{shop.token(invoice)}/pay")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "does not answer at the moment" in page
    assert "Pay €120.00" in page
    assert int(answer.headers["Retry-After"]) > 0


def test_a_part_payment_leaves_the_rest_to_pay(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 4_000)
    page = text_of(web, f"/p/{shop.token(invoice)}")
    assert "Partly paid" in page
    assert "Pay €80.00" in page


def test_a_paid_invoice_takes_no_card(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 12_000)
    path = f"/p/{shop.token(invoice)}"
    page = text_of(web, path)
    assert "This invoice is paid" in page
    assert '/pay"' not in page
    assert web.post(f"{path}/pay").status_code == 303
    assert shop.simulator.payments() == []


def test_a_credited_invoice_takes_no_payment(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    with shop.inside(), transaction():
        credit_invoice(invoice, reason="Essai")
    page = text_of(web, f"/p/{shop.token(invoice)}")
    assert "credited this invoice" in page
    assert '/pay"' not in page


@pytest.mark.parametrize(("price", "words"), [("0.20", "start at €0.30"), ("20000", "go up to €20,000.00")])
def test_an_amount_outside_the_limits_says_how_to_pay(
    shop: Shop, web: FlaskClient, price: str, words: str
) -> None:
    page = text_of(web, f"/p/{shop.token(shop.invoice(price))}")
    assert words in page
    assert "FR76 3000" in page
    assert '/pay"' not in page


def test_card_payments_that_are_off_say_how_to_pay(shop: Shop, web: FlaskClient) -> None:
    with shop.inside(), transaction():
        choose_mode(None)
    invoice = shop.invoice()
    path = f"/p/{shop.token(invoice)}"
    assert "does not take card payments" in text_of(web, path)
    assert web.post(f"{path}/pay").status_code == 409
    assert shop.attempts(invoice) == []


def test_test_mode_is_announced(shop: Shop, web: FlaskClient) -> None:
    with shop.inside():
        save_key(shop.simulator.test_key)
        with transaction():
            choose_mode(PayplugMode.TEST)
    assert "Test mode" in text_of(web, f"/p/{shop.token(shop.invoice())}")


def test_an_address_never_given_is_a_polite_404(web: FlaskClient) -> None:
    assert "does not exist" in text_of(web, "/p/nobody-has-this-token", 404)
    assert "does not exist" in text_of(web, f"/p/{'x' * 300}", 404)
    assert web.post("/p/nobody-has-this-token/pay").status_code == 404


def test_the_pdf_is_that_of_the_invoice(shop: Shop, web: FlaskClient) -> None:
    answer = web.get(f"/p/{shop.token(shop.invoice())}/invoice.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")


def test_the_sellers_colour_comes_with_an_ink_that_can_be_read(shop: Shop, web: FlaskClient) -> None:
    css = text_of(web, f"/p/{shop.token(shop.invoice())}/colours.css")
    assert css.startswith(":root { --seller: #1f5f5b; --on-seller: #")


def test_paying_works_over_https_without_a_cookie_or_a_referrer(
    make_app: MakeApp, sqlite_url: str, simulator: RunningSimulator
) -> None:
    site = "https://factures.example.org"
    shop = open_shop(make_app, sqlite_url, simulator, public_url=site)
    path = f"/p/{shop.token(shop.invoice())}"
    client = shop.app.test_client(use_cookies=False)
    assert client.get(path, base_url=site).headers["Referrer-Policy"] == "no-referrer"
    answer = client.post(f"{path}/pay", base_url=site)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(simulator.url)


def test_a_paid_page_gives_the_receipt_of_each_payment_and_a_replaced_address_gives_none(
    shop: Shop, web: FlaskClient
) -> None:
    invoice = shop.invoice()
    token = shop.token(invoice)
    assert "Receipt of" not in text_of(web, f"/p/{token}")
    assert web.get(f"/p/{token}/receipt-1.pdf").status_code == 404
    shop.transfer(invoice, 20_00)
    web.post(f"/p/{token}/pay")
    shop.simulator.pay(shop.simulator.payments()[0]["id"], notify=False)
    page = text_of(web, f"/p/{token}/return")
    assert page.count("Receipt of") == 2
    assert ("€20.00" in page, "€100.00" in page) == (True, True)
    for rank in (1, 2):
        answer = web.get(f"/p/{token}/receipt-{rank}.pdf")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.data.startswith(b"%PDF-")
        assert "noindex" in answer.headers["X-Robots-Tag"]
    assert web.get(f"/p/{token}/receipt-3.pdf").status_code == 404
    with shop.inside(), transaction():
        replace_link(invoice)
    assert web.get(f"/p/{token}/receipt-1.pdf").status_code == 410
    assert web.get(f"/p/{shop.token(invoice)}/receipt-1.pdf").status_code == 200
