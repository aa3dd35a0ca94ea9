"""Activating PayPlug: what the account may do in plain words, keys that stop working, who may use it, the self-test."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, transaction
from core.members import allow_cards
from core.models import Membership, Role
from core.web.rights import Right
from payplug_bridge import refresh_facts as refreshing
from payplug_bridge.account_models import PayplugFacts, PayplugSelfTest
from payplug_bridge.facts import facts_of
from payplug_bridge.keys import KeyNotUsable, choose_mode, find_account, save_key
from payplug_bridge.models import PayplugMode
from payplug_bridge.refresh_facts import refresh_old_facts
from payplug_bridge.self_test import WAIT, Verdict, self_test_view
from tests.conftest import signed_in_client
from tests.payplug_bridge.shop import Shop, at_once

SETTINGS = "/settings/payplug"


def text_of(client: FlaskClient, path: str = SETTINGS) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_page_says_in_words_what_the_account_may_do(shop: Shop, owner: FlaskClient) -> None:
    account_id = shop.simulator.accounts()[0]["id"]
    shop.simulator.set_features(account_id, methods={"wero": {}}, permissions={"can_save_cards": True})
    assert owner.post(f"{SETTINGS}/refresh").status_code == 303
    page = text_of(owner)
    for words in (
        "€0.30 to €20,000.00",
        "France",
        "EUR",
        "Wero",
        "real payments, saved cards",
        "Oney instalments",
    ):
        assert words in page
    assert f"{shop.simulator.url}/portal" in page
    assert "sk_live" not in page.replace("sk_live_ or", "")


def test_who_has_no_key_yet_learns_what_is_needed(shop: Shop) -> None:
    with shop.inside(), transaction():
        db.session.delete(find_account())
    client = signed_in_client(shop.app, shop.company_id)
    client.set_cookie("language", "en")
    page = text_of(client)
    assert "You need a PayPlug account in euros" in page
    assert "Liechtenstein" in page


def test_an_account_without_euros_is_refused(shop: Shop) -> None:
    made = shop.simulator.create_account("Zloty")
    shop.simulator.set_features(made.id, currencies=["PLN"])
    with shop.inside(), pytest.raises(KeyNotUsable, match="euros"):
        save_key(made.live_key)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unauthorized", "does not accept"),
        ("forbidden", "does not allow"),
        ("too_many_requests", "asked too often"),
        ("unprocessable", "no usable answer (http_422)"),
        ("null", "unreadable"),
    ],
)
def test_an_account_that_cannot_be_read_says_why_and_keeps_what_was_known(
    shop: Shop, owner: FlaskClient, fault: str, words: str
) -> None:
    shop.simulator.set_fault(fault, target="account")
    assert owner.post(f"{SETTINGS}/refresh").status_code == 303
    page = text_of(owner)
    assert "could not be asked lately" in page
    assert words in page
    assert "€0.30 to €20,000.00" in page
    shop.simulator.clear_faults()
    owner.post(f"{SETTINGS}/refresh")
    assert "could not be asked lately" not in text_of(owner)


def test_a_revoked_key_is_found_out_daily_and_the_link_says_how_to_pay(shop: Shop) -> None:
    token = shop.token(shop.invoice())
    shop.simulator.revoke_key(shop.simulator.live_key)
    with shop.app.app_context():
        refresh_old_facts()
    assert known(shop).failure == ""  # asked today already
    age(shop, timedelta(days=2))
    with shop.app.app_context():
        refresh_old_facts()
    assert known(shop).failure == "http_401"
    client = shop.app.test_client()
    client.set_cookie("language", "en")
    page = client.get(f"/p/{token}").get_data(as_text=True)
    assert "does not take card payments at the moment" in page
    assert "FR76 3000" in page
    tried = known(shop).tried_at
    with shop.app.app_context():
        refresh_old_facts()
    assert known(shop).tried_at == tried  # not again before half an hour has passed


def test_a_key_that_is_refused_at_a_click_is_not_tried_by_the_next_payer(shop: Shop) -> None:
    path = f"/p/{shop.token(shop.invoice())}"
    shop.app.config.update(RATELIMIT_ENABLED=False)
    web = shop.app.test_client()
    web.set_cookie("language", "en")
    shop.simulator.set_fault("unauthorized", target="create_payment", times=1)
    assert web.post(f"{path}/pay").status_code == 409
    assert "does not take card payments at the moment" in web.get(path).get_data(as_text=True)
    with shop.inside(), transaction():
        facts = facts_of(PayplugMode.LIVE)
        assert facts is not None
        facts.tried_at = utc_now() - timedelta(hours=1)
    with shop.app.app_context():
        refresh_old_facts()
    assert "Pay €120.00" in web.get(path).get_data(as_text=True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("forbidden", "does not allow"),
        ("too_many_requests", "too often"),
        ("error", "out of order"),
        ("html", "unreadable"),
    ],
)
def test_a_key_that_cannot_be_checked_now_says_why(
    shop: Shop, owner: FlaskClient, fault: str, words: str
) -> None:
    shop.simulator.set_fault(fault, target="account")
    answer = owner.post(SETTINGS, data={"secret_key": shop.simulator.test_key})
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    shop.simulator.clear_faults()


def known(shop: Shop) -> PayplugFacts:
    with shop.inside():
        facts = facts_of(PayplugMode.LIVE)
        assert facts is not None
        db.session.expunge(facts)
        return facts


def age(shop: Shop, by: timedelta) -> None:
    with shop.inside(), transaction():
        facts = facts_of(PayplugMode.LIVE)
        assert facts is not None
        facts.checked_at = facts.tried_at = utc_now() - by


def test_the_first_key_sent_twice_at_once_is_saved_once(each_shop: Shop) -> None:
    shop = each_shop
    with shop.inside(), transaction():
        db.session.query(PayplugFacts).delete()
        db.session.delete(find_account())
    assert at_once(shop.save_key, shop.save_key) == []
    with shop.inside():
        account = find_account()
        assert account is not None
        assert account.active_mode is PayplugMode.LIVE


def test_an_invoice_with_something_to_handle_shows_it(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    assert "The card was charged when less was due" in text_of(owner, f"/invoices/{invoice}")


def test_from_test_to_live_nothing_is_lost(shop: Shop, owner: FlaskClient) -> None:
    with shop.inside():
        save_key(shop.simulator.test_key)
        with transaction():
            choose_mode(PayplugMode.TEST)
    invoice = shop.invoice()
    tried = shop.click(invoice)
    shop.simulator.pay(tried, notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents == 12_000
    assert "still in test mode" in text_of(owner)
    assert owner.post(f"{SETTINGS}/mode", data={"mode": "live", "seen": "test"}).status_code == 303
    assert "still in test mode" not in text_of(owner)
    shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    assert [attempt.mode.value for attempt in shop.attempts(invoice)] == ["test", "live"]
    shop.assert_sound()


def test_a_member_who_may_not_use_cards_sees_and_does_nothing_with_payplug(
    shop: Shop, owner: FlaskClient
) -> None:
    staff = signed_in_client(shop.app, shop.company_id, Role.STAFF)
    staff.set_cookie("language", "en")
    invoice = shop.invoice()
    shop.click(invoice)
    assert "Check with PayPlug" in text_of(staff, f"/invoices/{invoice}")
    with shop.inside():
        row = db.session.scalars(select(Membership).where(Membership.role == Role.STAFF)).one()
        member = row.id
    assert (
        owner.post(f"/settings/members/{member}/cards", data={"allowed": "no", "seen": "yes"}).status_code
        == 303
    )
    assert "Check with PayPlug" not in text_of(staff, f"/invoices/{invoice}")
    assert "Check with PayPlug" not in text_of(staff, "/payplug")
    assert staff.post(f"/payplug/invoices/{invoice}/check").status_code == 403
    assert staff.get(f"/invoices/{invoice}/send").status_code == 200
    assert 'name="pay_terms"' not in text_of(staff, f"/invoices/{invoice}/send")
    late = {"allowed": "no", "seen": "no"}
    with shop.inside(), transaction():
        allow_cards(member, True)
    assert owner.post(f"/settings/members/{member}/cards", data=late).status_code == 409
    assert staff.get("/settings/payplug").status_code == 403


def test_nothing_of_payplug_is_done_with_the_right_to_invoice_alone(shop: Shop) -> None:
    views = shop.app.view_functions.values()
    asked = {
        view.required_right for view in views
        if view.__module__.startswith("payplug_bridge") and hasattr(view, "required_right")
    }  # fmt: skip
    assert Right.CARDS in asked
    assert Right.INVOICE not in asked


def test_a_working_address_is_heard(shop: Shop, owner: FlaskClient) -> None:
    shop.simulator.pause_deliveries()
    page = start_test(owner)
    test_id = int(page.rsplit("/", 1)[1])
    assert "Waiting for the notification" in text_of(owner, page)
    state = owner.get(f"{page}/state.json").get_json()
    assert state["final"] is False
    payment = shop.simulator.payments()[0]
    assert payment["amount"] == 30
    assert payment["failure"]["code"] == "aborted"
    notification = shop.simulator.notifications(payment["id"])[-1]
    assert shop.notify(notification.body) == 200
    assert owner.get(f"{page}/state.json").get_json() == {"state": "aborted:heard", "final": True}
    assert "The address works" in text_of(owner, page)
    assert "The notification came after" in text_of(owner)
    shop.work()
    shop.sync()
    with shop.inside():
        assert self_test_view(test_id).verdict is Verdict.HEARD
    assert shop.counted()["payments"] == 0
    shop.assert_sound()


def start_test(owner: FlaskClient, key: str = "k" * 32) -> str:
    answer = owner.post(f"{SETTINGS}/self-test", data={"request_key": key})
    assert answer.status_code == 303
    assert "/self-test/" in answer.headers["Location"], answer.headers["Location"]
    return answer.headers["Location"]


def test_an_address_that_nobody_answers_is_found_and_what_payplug_heard_is_told(
    shop: Shop, owner: FlaskClient
) -> None:
    page = start_test(owner)
    shop.simulator.wait_for_deliveries()  # to an address at which nothing of ours listens
    with shop.inside(), transaction():
        test = db.session.scalars(select(PayplugSelfTest)).one()
        assert test.aborted_at is not None
        test.aborted_at -= WAIT
    found = text_of(owner, page)
    assert "No notification came." in found
    assert "SOLDE_PUBLIC_URL" in found
    assert "http://127.0.0.1:5000/webhooks/payplug/" in found


@pytest.mark.parametrize("call", ["create_payment", "update_payment"])
def test_a_self_test_that_payplug_refuses_says_so(shop: Shop, owner: FlaskClient, call: str) -> None:
    shop.simulator.set_fault("error", target=call, status=503)
    found = text_of(owner, start_test(owner))
    assert "PayPlug did not take part." in found
    assert "out of order" in found


def test_a_double_click_is_one_self_test(shop: Shop, owner: FlaskClient) -> None:
    pages: list[str] = []
    assert at_once(*[lambda: pages.append(start_test(owner))] * 2) == []
    assert len(set(pages)) == 1
    assert len(shop.simulator.payments()) == 1


def test_a_test_that_was_cut_short_says_so(shop: Shop, owner: FlaskClient) -> None:
    page = start_test(owner)
    with shop.inside(), transaction():
        test = db.session.scalars(select(PayplugSelfTest)).one()
        test.state, test.aborted_at, test.payplug_id = "started", None, None  # type: ignore[assignment]
        test.started_at -= timedelta(minutes=5)
    assert "The test was cut short." in text_of(owner, page)


def test_only_a_day_old_facts_are_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[PayplugMode] = []
    monkeypatch.setattr(refreshing, "refresh_facts", asked.append)
    with shop.app.app_context():
        refresh_old_facts()
    assert asked == []
    age(shop, timedelta(days=1, minutes=1))
    with shop.app.app_context():
        refresh_old_facts()
    assert asked == [PayplugMode.LIVE]
