"""The payment page, as a buyer's browser submits it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from payplug_bridge.simulator.cards import NUMBERS, Outcome
from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create
from tests.payplug_bridge.simulator.merchant import Merchant

RETURN = "http://127.0.0.1:9/return"
DECLINING = {
    number: outcome for number, outcome in NUMBERS.items() if outcome not in (Outcome.PAID, Outcome.CHALLENGE)
}


def fields(page: str) -> dict[str, str]:
    match = re.search(r'name="attempts" value="(\d+)"', page)
    assert match is not None
    return {"attempts": match[1]}


def submit(payment: Any, page: str | None = None, **typed: str) -> requests.Response:
    """Fill the form of the page (fetched unless given) and send it, without following where it leads."""
    address = payment.hosted_payment.payment_url
    drawn = page if page is not None else requests.get(address, timeout=5).text
    return requests.post(address, data=fields(drawn) | typed, allow_redirects=False, timeout=5)


def card(number: str = "4242 4242 4242 4242", expiry: str = "12/34", cvc: str = "123") -> dict[str, str]:
    return {"number": number, "expiry": expiry, "cvc": cvc, "holder": "Camille Exemple"}


def test_the_page_shows_who_is_paid_what_for(create: Create) -> None:
    payment = create(amount=123456, description="Facture <b>FA-1</b>")
    page = requests.get(payment.hosted_payment.payment_url, timeout=5)
    assert page.status_code == 200
    assert "Demo company" in page.text
    assert "Facture &lt;b&gt;FA-1&lt;/b&gt;" in page.text
    assert "1\u202f234,56\u00a0€" in page.text
    assert "aucun argent réel" in page.text
    assert 'href="http://127.0.0.1:9/cancel"' in page.text


@pytest.mark.parametrize(
    ("language", "expected"), [("fr", "Payer"), ("en", "Pay €12.34"), ("de", "Pay €12.34")]
)
def test_the_page_speaks_the_buyers_language(create: Create, language: str, expected: str) -> None:
    payment = create(billing=BILLING | {"language": language})
    page = requests.get(payment.hosted_payment.payment_url, timeout=5).text
    assert expected in page
    assert f'<html lang="{"fr" if language == "fr" else "en"}">' in page
    assert "Pay €12.34" in requests.get(payment.hosted_payment.payment_url + "?lang=en", timeout=5).text


def test_the_good_card_pays_and_leads_to_the_return_address(library: Any, create: Create) -> None:
    payment = create()
    answer = submit(payment, **card())
    assert (answer.status_code, answer.headers["Location"]) == (303, RETURN)
    paid = library.Payment.retrieve(payment.id)
    assert (paid.is_paid, paid.is_3ds, paid.failure) == (True, False, None)
    assert (paid.card.last4, paid.card.exp_month, paid.card.exp_year, paid.card.brand) == (
        "4242",
        12,
        2034,
        "Visa",
    )
    assert paid.paid_at == paid.hosted_payment.paid_at == paid.refundable_after
    assert paid.refundable_until == paid.paid_at + 365 * 86_400


def test_a_payment_without_return_address_stays_on_the_page(create: Create) -> None:
    payment = create(hosted_payment=None)
    answer = submit(payment, **card())
    assert answer.headers["Location"].endswith("/pay/" + payment.id.removeprefix("pay_"))
    assert "Ce paiement est réglé" in requests.get(payment.hosted_payment.payment_url, timeout=5).text


@pytest.mark.parametrize(("number", "outcome"), DECLINING.items())
def test_each_declining_card_sets_its_failure_and_a_later_success_is_possible(
    library: Any, create: Create, number: str, outcome: Outcome
) -> None:
    payment = create()
    answer = submit(payment, **card(number))
    assert answer.headers["Location"].endswith("/pay/" + payment.id.removeprefix("pay_"))
    failed = library.Payment.retrieve(payment.id)
    assert (failed.is_paid, failed.failure.code) == (False, outcome.value)
    assert failed.failure.message
    assert "Paiement refusé" in requests.get(payment.hosted_payment.payment_url, timeout=5).text
    submit(payment, **card())
    paid = library.Payment.retrieve(payment.id)
    assert (paid.is_paid, paid.failure) == (True, None)


def test_the_failure_can_be_kept_once_paid(simulator: RunningSimulator, library: Any, create: Create) -> None:
    simulator.assume(failure_kept_once_paid=True)
    payment = create()
    submit(payment, **card("4970100000000022"))
    submit(payment, **card())
    paid = library.Payment.retrieve(payment.id)
    assert (paid.is_paid, paid.failure.code) == (True, "card_declined")


def test_a_decline_can_lead_back_to_the_merchant(simulator: RunningSimulator, create: Create) -> None:
    simulator.assume(return_after_failure=True)
    assert submit(create(), **card("4970100000000022")).headers["Location"] == RETURN


@pytest.mark.parametrize("answer", ["confirm", "refuse"])
def test_3d_secure_asks_the_bank_first(library: Any, create: Create, answer: str) -> None:
    payment = create()
    sent = submit(payment, **card("4970 1000 0000 0014"))
    address = payment.hosted_payment.payment_url + "/3ds"
    assert address.endswith(sent.headers["Location"])
    assert library.Payment.retrieve(payment.id).is_paid is False
    assert "Votre banque" in requests.get(address, timeout=5).text
    requests.post(address, data={"answer": answer}, allow_redirects=False, timeout=5)
    after = library.Payment.retrieve(payment.id)
    if answer == "confirm":
        assert (after.is_paid, after.is_3ds, after.card.last4) == (True, True, "0014")
    else:
        assert (after.is_paid, after.failure.code) == (False, "3ds_declined")
    again = requests.post(address, data={"answer": "confirm"}, allow_redirects=False, timeout=5)
    assert again.status_code == 303
    assert library.Payment.retrieve(payment.id).is_paid is (answer == "confirm")


def test_force_3ds_asks_the_bank_for_any_card(library: Any, create: Create) -> None:
    payment = create(force_3ds=True)
    assert submit(payment, **card()).headers["Location"].endswith("/3ds")
    assert library.Payment.retrieve(payment.id).is_paid is False


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_can_be_chosen_without_a_card(library: Any, create: Create, outcome: Outcome) -> None:
    payment = create()
    assert submit(payment, outcome=outcome.value).status_code == 303
    after = library.Payment.retrieve(payment.id)
    if outcome in (Outcome.PAID, Outcome.CHALLENGE):
        assert after.failure is None
        assert after.is_paid is (outcome is Outcome.PAID)
    else:
        assert after.failure.code == outcome.value


def test_an_outcome_that_does_not_exist_is_refused(library: Any, create: Create) -> None:
    payment = create()
    assert submit(payment, outcome="miracle").status_code == 400
    assert library.Payment.retrieve(payment.id).failure is None


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (card(number="4242 4242 4242 4241"), "Ce numéro de carte n’est pas valide."),
        (card(number="abc"), "Ce numéro de carte n’est pas valide."),
        (card(number="٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), "Ce numéro de carte n’est pas valide."),
        (card(expiry="13/30"), "Écrivez le mois et l’année"),
        (card(expiry="01/20"), "Cette carte a expiré."),
        (card(cvc="12"), "Les 3 ou 4 chiffres"),
        ({}, "Vérifiez les champs signalés."),
    ],
)
def test_a_typing_mistake_is_said_beside_its_field_and_is_no_attempt(
    library: Any, merchant: Merchant, create: Create, typed: dict[str, str], problem: str
) -> None:
    payment = create()
    answer = submit(payment, **typed)
    assert problem in answer.text
    assert f'value="{typed.get("number", "")}"' in answer.text
    assert library.Payment.retrieve(payment.id).failure is None
    assert merchant.received == []


def test_a_double_click_charges_once(
    simulator: RunningSimulator, library: Any, merchant: Merchant, create: Create
) -> None:
    payment = create()
    page = requests.get(payment.hosted_payment.payment_url, timeout=5).text
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(payment, page, **card()), range(8)))
    assert {answer.headers["Location"] for answer in answers} == {RETURN}
    simulator.wait_for_deliveries()
    assert [notification.reason for notification in simulator.notifications(payment.id)] == ["paid"]


def test_a_double_click_declines_once(simulator: RunningSimulator, create: Create) -> None:
    payment = create()
    page = requests.get(payment.hosted_payment.payment_url, timeout=5).text
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: submit(payment, page, **card("4970100000000022")), range(8)))
    assert [notification.reason for notification in simulator.notifications(payment.id)] == ["failed"]


def test_closed_payments_say_so_and_take_no_money(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    paid, aborted, expired = create(), create(), create()
    simulator.pay(paid.id)
    simulator.abort(aborted.id)
    simulator.advance_clock(901)
    for payment, words in (
        (paid, "Ce paiement est réglé"),
        (aborted, "Ce paiement a été annulé"),
        (expired, "Cette page a expiré"),
    ):
        assert words in requests.get(payment.hosted_payment.payment_url, timeout=5).text
        submit(payment, 'name="attempts" value="0"', **card())
    assert library.Payment.retrieve(aborted.id).failure.code == "aborted"
    assert library.Payment.retrieve(expired.id).failure.code == "timeout"
    assert not library.Payment.retrieve(expired.id).is_paid


def test_a_page_nobody_tries_times_out_and_the_merchant_is_told(
    simulator: RunningSimulator, library: Any, merchant: Merchant, create: Create
) -> None:
    payment = create()
    simulator.advance_clock(899)
    assert library.Payment.retrieve(payment.id).failure is None
    simulator.advance_clock(2)
    failure = library.Payment.retrieve(payment.id).failure
    assert failure.code == "timeout"
    assert failure.message == "The customer has not tried to pay and left the payment page."
    merchant.wait_for(1)
    assert merchant.received[0]["failure"]["code"] == "timeout"


def test_the_time_out_can_be_changed_and_links_payplug_sends_have_none(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    simulator.assume(page_timeout_seconds=60)
    ordinary = create()
    sent = create(hosted_payment={"sent_by": "EMAIL"})
    simulator.advance_clock(365 * 86_400)
    assert library.Payment.retrieve(ordinary.id).failure.code == "timeout"
    assert library.Payment.retrieve(sent.id).failure is None
    assert submit(sent, **card()).status_code == 303
    assert library.Payment.retrieve(sent.id).is_paid


def test_a_declined_page_expires_with_its_failure_kept(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    payment = create()
    simulator.decline(payment.id)
    simulator.advance_clock(901)
    assert library.Payment.retrieve(payment.id).failure.code == "card_declined"
    assert "Cette page a expiré" in requests.get(payment.hosted_payment.payment_url, timeout=5).text


def test_an_unknown_page_or_one_of_the_other_mode_is_not_found(
    simulator: RunningSimulator, create: Create
) -> None:
    suffix = create().id.removeprefix("pay_")
    for path in ("/pay/5iHMDxy4ABR4YBVW4UscIn", f"/pay/test/{suffix}", "/pay/short", f"/pay/{suffix}/3ds/x"):
        answer = requests.get(simulator.url + path, timeout=5)
        assert answer.status_code == 404
        assert "Cette page n’existe pas" in answer.text


def test_pages_allow_no_script_and_no_inline_style(simulator: RunningSimulator, create: Create) -> None:
    payment = create()
    for address in (
        payment.hosted_payment.payment_url,
        f"{simulator.url}/portal",
        f"{simulator.url}/portal/faults",
    ):
        page = requests.get(address, timeout=5)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
