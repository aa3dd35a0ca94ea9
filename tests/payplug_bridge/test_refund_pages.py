"""The pages of refunds: shown before it is done, done once, refused in words; also for what was given back by hand."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from core.clock import paris_today
from core.database import transaction
from core.models import Role
from invoicing.credit_invoice import credit_invoice
from invoicing.lifecycle import PaymentStatus
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from tests.conftest import signed_in_client
from tests.payplug_bridge.refunding import at_payplug, paid, refunds, standing
from tests.payplug_bridge.shop import Shop


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def shown(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def send(client: FlaskClient, address: str, page: str, **typed: str) -> tuple[int, str]:
    data = {"request_key": hidden(page, "request_key"), "seen": hidden(page, "seen"), **typed}
    answer = client.post(address, data=data)
    return answer.status_code, answer.get_data(as_text=True)


def test_a_card_payment_is_refunded_after_what_it_does_was_shown(shop: Shop, owner: FlaskClient) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    address = f"/payplug/payments/{payment_id}/refund"
    assert address in shown(owner, f"/invoices/{invoice}")
    page = shown(owner, address)
    assert 'value="120.00"' in page
    typed = {"amount_cents": "50", "against": "", "reason": "Geste"}
    status, preview = send(owner, address, page, **typed)
    assert (status, refunds(shop)) == (200, [])
    for words in (
        "€50.00 of invoice",
        "are owed again",
        "No credit note covers it",
        "411000",
        "512500",
        "VAT on serv",
    ):
        assert words in preview
    # Another amount than the one that was shown is shown first; the one that was shown is done, once.
    assert send(owner, address, preview, **{**typed, "amount_cents": "60"})[0] == 200
    assert send(owner, address, preview, **typed)[0] == 303
    assert send(owner, address, preview, **typed)[0] == 303
    assert at_payplug(shop, payplug_id) == refunds(shop)[0][0] == 5_000
    after = shown(owner, f"/invoices/{invoice}")
    for words in ("PayPlug gives €50.00 back", "Claim again", "Refunded", "Money given back", "Geste"):
        assert words in after
    assert standing(shop, invoice) == (5_000, PaymentStatus.REFUNDED)
    of_payment = shown(owner, f"/payments/{payment_id}")
    for words in ("Partly refunded", "Refunds and disputes", "Geste", "Refund of €50.00", address):
        assert words in of_payment


def test_what_is_wrong_is_told_beside_its_field_and_kept(shop: Shop, owner: FlaskClient) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    address = f"/payplug/payments/{payment_id}/refund"
    page = shown(owner, address)
    for amount, words in (
        ("", "Give the amount."),
        ("130", "more than what is left"),
        ("abc", "field-error"),
    ):
        status, told = send(owner, address, page, amount_cents=amount, against="", reason="Erreur")
        assert status in (200, 422)
        assert words in told
        assert "Erreur" in told
    # Ten cents at least: known when PayPlug would be asked.
    preview = send(owner, address, page, amount_cents="0.05", against="")[1]
    assert "10 cents or more" in send(owner, address, preview, amount_cents="0.05", against="")[1]
    shop.simulator.set_fault("unprocessable", target="create_refund", times=1)
    preview = send(owner, address, page, amount_cents="20", against="")[1]
    assert send(owner, address, preview, amount_cents="20", against="")[0] == 303
    assert "balance at PayPlug may be too low" in shown(owner, f"/invoices/{invoice}")
    assert at_payplug(shop, payplug_id) == 0
    shop.simulator.set_fault("lost_answer", target="create_refund", times=1)
    shop.simulator.set_fault("error", target="list_refunds", times=1, status=503)
    assert send(owner, address, preview, amount_cents="20", against="", reason="2")[0] == 303
    page = shown(owner, f"/invoices/{invoice}")
    assert "has not confirmed the refund" in page
    check = re.search(r"/payplug/refunds/\d+/check", page)
    assert check is not None
    assert owner.post(check[0]).status_code == 303
    assert "It is recorded" in shown(owner, f"/invoices/{invoice}")
    assert at_payplug(shop, payplug_id) == refunds(shop)[0][0] == 2_000


def test_a_credit_note_is_given_back_from_its_own_page(shop: Shop, owner: FlaskClient) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    with shop.inside(), transaction():
        note = credit_invoice(invoice, reason="Retour").id
    link = f"/payplug/payments/{payment_id}/refund?note={note}"
    assert link in shown(owner, f"/invoices/{note}")
    page = shown(owner, link)
    assert f'<option selected value="{note}">' in page
    address = link.partition("?")[0]
    preview = send(owner, address, page, amount_cents="120", against=str(note))[1]
    assert "€120.00 of credit note" in preview
    assert "owed again" not in preview
    assert send(owner, address, preview, amount_cents="120", against=str(note))[0] == 303
    assert at_payplug(shop, payplug_id) == 12_000
    assert standing(shop, invoice) == (0, PaymentStatus.CREDITED)
    assert link not in shown(owner, f"/invoices/{note}")
    assert "Nothing is left of this payment" in shown(owner, address)


def test_what_was_given_back_by_hand_is_recorded(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    with shop.inside(), transaction():
        given = PaymentInput(invoice, PaymentMethod.TRANSFER, 15_000, paris_today())
        payment_id = record_payment(given).id
    address = f"/payments/{payment_id}/refund"
    assert address in shown(owner, f"/invoices/{invoice}")
    page = shown(owner, address)
    typed = {
        "amount_cents": "30",
        "against": "",
        "refunded_on": paris_today().isoformat(),
        "reference": "VIR 7",
    }
    preview = send(owner, address, page, **typed)[1]
    assert "€30.00 that the customer had paid too much" in preview
    assert send(owner, address, preview, **{**typed, "refunded_on": "2099-01-01"})[0] == 200
    assert send(owner, address, preview, **typed)[0] == 303
    assert send(owner, address, preview, **typed)[0] == 303
    assert refunds(shop) == [(3_000, None)]
    assert "VIR 7" in shown(owner, f"/invoices/{invoice}")
    assert "VIR 7" in shown(owner, f"/payments/{payment_id}")
    shown(owner, f"/payplug/payments/{payment_id}/refund", 404)
    _, _, by_card = paid(shop)
    shown(owner, f"/payments/{by_card}/refund", 404)
    shop.assert_sound()


def test_who_may_not_use_cards_sees_no_button(shop: Shop) -> None:
    invoice, _payplug_id, payment_id = paid(shop)
    viewer = signed_in_client(shop.app, shop.company_id, Role.VIEWER)
    assert f"/payplug/payments/{payment_id}/refund" not in shown(viewer, f"/invoices/{invoice}")
    shown(viewer, f"/payplug/payments/{payment_id}/refund", 403)
