"""The merchant's portal and the fault panel, as forms submit them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create
from tests.payplug_bridge.simulator.merchant import Merchant


def page(simulator: RunningSimulator, path: str) -> str:
    answer = requests.get(simulator.url + path, timeout=5)
    assert answer.status_code == 200
    return answer.text


def press(simulator: RunningSimulator, path: str, **fields: str) -> str:
    """Submit a form and return the page it leads to."""
    answer = requests.post(simulator.url + path, data=fields, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_the_address_alone_leads_to_the_payments(simulator: RunningSimulator) -> None:
    answer = requests.get(simulator.url, timeout=5)
    assert answer.url == f"{simulator.url}/portal"
    assert "Aucun paiement pour l’instant" in answer.text


def test_the_list_shows_each_state_in_words(simulator: RunningSimulator, create: Create) -> None:
    steps: dict[str, Any] = {
        "En attente": lambda _: None,
        "Payé": simulator.pay,
        "Échoué": simulator.decline,
        "Annulé": simulator.abort,
        "Délai dépassé": simulator.time_out,
    }
    for number, step in enumerate(steps.values()):
        step(create(description=f"Facture {number}").id)
    shown = page(simulator, "/portal")
    for words in (*steps, "Facture 0", "Facture 4", "12,34\u00a0€", "Camille Exemple"):
        assert words in shown


def test_the_list_can_be_searched_by_accented_words_and_filtered_by_mode(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    create(description="Échéance de mai", billing=BILLING | {"company_name": "Crémerie Fictive"})
    create(description="Autre facture")
    library.config.secret_key = simulator.test_key
    create(description="Facture de test")
    for query, found in (
        ("q=crémerie", "Échéance de mai"),
        ("q=Autre+facture", "Autre facture"),
        ("mode=test", "Facture de test"),
    ):
        shown = page(simulator, f"/portal?{query}")
        assert found in shown
        assert "1 à 1 sur 1" in shown
    assert "Aucun paiement ne correspond" in page(simulator, "/portal?q=%25")


def test_the_list_is_paged(simulator: RunningSimulator, create: Create) -> None:
    for _ in range(51):
        create()
    assert "1 à 50 sur 51" in page(simulator, "/portal")
    assert "51 à 51 sur 51" in page(simulator, "/portal?page=2")


def test_a_payments_page_shows_its_notifications_and_their_answers(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    merchant.statuses = [503]
    payment = create()
    simulator.pay(payment.id)
    simulator.wait_for_deliveries()
    shown = page(simulator, f"/portal/payments/{payment.id}")
    for words in ("Payé", "À envoyer", "<strong>503</strong>", "prochain essai", merchant.url, "•••• 4242"):
        assert words in shown
    assert requests.get(f"{simulator.url}/portal/payments/pay_unknown", timeout=5).status_code == 404


def test_refunding_in_the_portal(simulator: RunningSimulator, library: Any, create: Create) -> None:
    payment = create(amount=5000)
    simulator.pay(payment.id)
    path = f"/portal/payments/{payment.id}/refund"
    assert "Remboursé en partie" in press(simulator, path, amount="12,5")
    assert library.Payment.retrieve(payment.id).amount_refunded == 1250
    for wrong in ("12,345", "-5", "abc"):
        assert "Ce montant n’est pas compris." in press(simulator, path, amount=wrong)
    assert "above what remains" in press(simulator, path, amount="100")
    press(simulator, path, amount="")
    assert library.Payment.retrieve(payment.id).is_refunded
    assert [refund.amount for refund in library.Refund.list(payment)] == [3750, 1250]


def test_aborting_and_expiring_in_the_portal(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    aborted, expired = create(), create()
    assert "C’est fait." in press(simulator, f"/portal/payments/{aborted.id}/abort")
    assert "aborted" in press(simulator, f"/portal/payments/{aborted.id}/abort")
    press(simulator, f"/portal/payments/{expired.id}/expire")
    assert library.Payment.retrieve(aborted.id).failure.code == "aborted"
    assert library.Payment.retrieve(expired.id).failure.code == "timeout"


def test_notifications_can_be_paused_flushed_and_sent_again(
    simulator: RunningSimulator, merchant: Merchant, create: Create
) -> None:
    assert "Les envois sont suspendus." in press(simulator, "/portal/deliveries", action="pause")
    simulator.pay(create().id)
    assert merchant.received == []
    assert "Remise" in press(simulator, "/portal/deliveries", action="flush")
    assert len(merchant.received) == 1
    press(simulator, f"/portal/notifications/{simulator.notifications()[0].id}")
    merchant.wait_for(2)
    assert "suspendus" not in press(simulator, "/portal/deliveries", action="resume")


def test_the_fault_panel_sets_and_ends_faults(simulator: RunningSimulator) -> None:
    assert "Tout fonctionne normalement." in page(simulator, "/portal/faults")
    shown = press(
        simulator,
        "/portal/faults",
        kind="error",
        target="create_payment",
        times="3",
        status="502",
        processed="1",
    )
    assert "encore 3 fois" in shown
    fault = simulator.faults()[0]
    assert (fault["kind"], fault["target"], fault["remaining"]) == ("error", "create_payment", 3)
    assert fault["parameters"] == {"status": 502, "processed": 1}
    press(simulator, f"/portal/faults/{fault['id']}/end")
    press(simulator, "/portal/faults", kind="lose", target="any", times="")
    assert simulator.faults()[0]["remaining"] is None
    press(simulator, "/portal/faults/clear")
    assert simulator.faults() == []


@pytest.mark.parametrize(
    "wrong", [{"kind": "x"}, {"kind": "slow", "times": "many"}, {"kind": "error", "status": "200"}]
)
def test_the_fault_panel_says_what_it_does_not_understand(
    simulator: RunningSimulator, wrong: dict[str, str]
) -> None:
    assert 'role="alert"' in press(simulator, "/portal/faults", **wrong)
    assert simulator.faults() == []


def test_accounts_show_keys_and_balances(simulator: RunningSimulator, create: Create) -> None:
    payment = create(amount=100_000)
    simulator.pay(payment.id)
    simulator.refund(payment.id, 25_000)
    shown = page(simulator, "/portal/accounts")
    for words in ("750,00\u00a0€", "Encaissé 1\u202f000,00\u00a0€", simulator.live_key, simulator.test_key):
        assert words in shown
    assert "Crêperie" in press(simulator, "/portal/accounts", name="Crêperie", email="creperie@example.org")
    assert "already has the e-mail" in press(
        simulator, "/portal/accounts", name="B", email="creperie@example.org"
    )
    assert "révoquée" in press(simulator, "/portal/keys", key=simulator.live_key)
    account = simulator.accounts()[0]
    press(simulator, f"/portal/accounts/{account['id']}/keys", mode="live")
    assert simulator.accounts()[0]["live_key"] not in (None, simulator.live_key)


def test_assumptions_and_clock_can_be_changed(
    simulator: RunningSimulator, library: Any, create: Create
) -> None:
    payment = create()
    press(simulator, "/portal/assumptions", page_timeout_seconds="60", send_has_more="on")
    shown = page(simulator, "/portal/assumptions")
    assert 'name="page_timeout_seconds" inputmode="decimal" value="60"' in shown
    assert 'name="send_has_more" checked' in shown
    assert 'name="count_is_total">' in shown
    assert 'role="alert"' in press(simulator, "/portal/assumptions", page_timeout_seconds="soon")
    press(simulator, "/portal/clock", offset="1000")
    assert library.Payment.retrieve(payment.id).failure.code == "timeout"
    assert 'role="alert"' in press(simulator, "/portal/clock", offset="tomorrow")


def test_the_portal_speaks_english_when_asked(simulator: RunningSimulator) -> None:
    with requests.Session() as browser:
        assert "No payment yet" in browser.get(f"{simulator.url}/portal?lang=en", timeout=5).text
        assert "Aucun paiement" in browser.get(f"{simulator.url}/portal", timeout=5).text
        switched = browser.get(f"{simulator.url}/portal/language/en?back=/portal/faults", timeout=5)
        assert "Everything works normally." in switched.text
        assert "No payment yet" in browser.get(f"{simulator.url}/portal", timeout=5).text
        away = browser.get(
            f"{simulator.url}/portal/language/fr?back=//example.org", timeout=5, allow_redirects=False
        )
        assert away.headers["Location"] == "/portal"


def test_other_sites_cannot_press_the_buttons(simulator: RunningSimulator, create: Create) -> None:
    payment = create()
    answer = requests.post(
        f"{simulator.url}/portal/payments/{payment.id}/abort",
        headers={"Sec-Fetch-Site": "cross-site"},
        timeout=5,
    )
    assert answer.status_code == 403
    assert simulator.payment(payment.id)["failure"] is None
