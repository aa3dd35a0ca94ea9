"""Settings, activity and the JSON of an invoice: who may, what is shown, what never is."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.database import db
from core.event_log import Event
from core.models import Role
from payplug_bridge.errors import CardNotPossible, PayplugKeyRefused, SimulatorNotAllowed
from payplug_bridge.facts import facts_of
from payplug_bridge.keys import KeyNotUsable, client_for, find_account, save_key
from payplug_bridge.models import PayplugAccount, PayplugEndpoint, PayplugMode
from payplug_bridge.simulator.testing import RunningSimulator
from tests.conftest import MakeApp, make_company, signed_in_client
from tests.payplug_bridge.shop import Shop


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    return signed_in_client(shop.app, shop.company_id)


def test_a_key_is_checked_saved_encrypted_and_never_shown(shop: Shop, owner: FlaskClient) -> None:
    answer = owner.post("/settings/payplug", data={"secret_key": f" {shop.simulator.test_key} "})
    assert answer.status_code == 303
    page = owner.get("/settings/payplug").get_data(as_text=True)
    assert "sk_test_Demo" not in page
    with shop.inside():
        account = db.session.scalars(select(PayplugAccount)).one()
        assert account.test_key is not None
        assert "sk_test" not in account.test_key
        assert account.active_mode is PayplugMode.LIVE
        assert client_for(PayplugMode.TEST).account().is_live is False
        logged = db.session.scalars(select(Event).where(Event.kind == "payplug.key_saved")).all()
        assert len(logged) == 2
        assert all("sk_" not in event.details for event in logged)


@pytest.mark.parametrize("typed", ["", "hello", "pk_live_abcdefgh", "sk_live_", "sk_live_nobodyknowsthiskey"])
def test_a_key_that_does_not_work_is_told_beside_the_field(
    shop: Shop, owner: FlaskClient, typed: str
) -> None:
    answer = owner.post("/settings/payplug", data={"secret_key": typed})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "field-error" in page
    assert not typed or f'value="{typed}"' not in page


def test_limits_come_from_the_account(shop: Shop) -> None:
    made = shop.simulator.create_account("Plafonds", minimum_cents=500, maximum_cents=90_000)
    shop.save_key(made.live_key)
    with shop.inside():
        facts = facts_of(PayplugMode.LIVE)
        assert facts is not None
        assert (facts.least_cents, facts.most_cents) == (500, 90_000)


def test_each_saved_key_has_an_address_of_its_own(shop: Shop) -> None:
    shop.save_key()
    with shop.inside():
        tokens = db.session.scalars(select(PayplugEndpoint.token)).all()
    assert len(set(tokens)) == 2
    assert all(len(token) >= 32 for token in tokens)


def test_only_what_payplug_confirms_is_saved(shop: Shop) -> None:
    for key in ("sk_test_nobodyknowsthiskey", "sk_live_nobodyknowsthiskey"):
        with shop.inside(), pytest.raises(PayplugKeyRefused):
            save_key(key)
    with shop.inside(), pytest.raises(KeyNotUsable):
        save_key("not a key")
    with shop.inside(), pytest.raises(CardNotPossible):
        client_for(PayplugMode.TEST)


def test_false_money_cannot_reach_real_books(
    make_app: MakeApp, sqlite_url: str, simulator: RunningSimulator
) -> None:
    app = make_app(sqlite_url, payplug_api_url=simulator.url)
    shop = Shop(app, simulator, make_company(app, is_demo=False))
    with pytest.raises(SimulatorNotAllowed):
        shop.save_key()


@pytest.mark.parametrize(("role", "status"), [(Role.STAFF, 403), (Role.ACCOUNTANT, 403), (Role.VIEWER, 403)])
def test_only_owners_see_the_settings(shop: Shop, role: Role, status: int) -> None:
    client = signed_in_client(shop.app, shop.company_id, role)
    assert client.get("/settings/payplug").status_code == status
    assert client.post("/settings/payplug", data={"secret_key": "x"}).status_code == status
    assert client.post("/settings/payplug/mode", data={"mode": "off"}).status_code == status
    assert client.get("/payplug").status_code == 200


def test_the_mode_is_chosen_among_the_keys_stored(shop: Shop, owner: FlaskClient) -> None:
    assert owner.post("/settings/payplug/mode", data={"mode": "test"}).status_code == 400
    assert owner.post("/settings/payplug/mode", data={"mode": "nonsense"}).status_code == 409
    late = {"mode": "off", "seen": "test"}  # from a window that shows another mode than there is
    assert owner.post("/settings/payplug/mode", data=late).status_code == 409
    assert owner.post("/settings/payplug/mode", data={"mode": "off", "seen": "live"}).status_code == 303
    with shop.inside():
        account = find_account()
        assert account is not None
        assert account.active_mode is None


def test_the_activity_shows_attempts_and_notifications(shop: Shop, owner: FlaskClient) -> None:
    assert "No card payment yet" in owner.get("/payplug").get_data(as_text=True)
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.decline(payment, "insufficient_funds", notify=False)
    shop.notify_about(payment)
    shop.work()
    page = owner.get("/payplug").get_data(as_text=True)
    assert "Not enough money on the account" in page
    assert payment in page
    shown = owner.get(f"/payplug/notifications/{shop.notifications()[0].id}").get_data(as_text=True)
    assert "insufficient_funds" in shown
    assert owner.get("/payplug/notifications/999").status_code == 404


def test_the_check_button_records_what_payplug_knows(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    before = owner.get(f"/invoices/{invoice}/state.json").get_json()
    shop.simulator.pay(shop.click(invoice), notify=False)
    answer = owner.post(f"/payplug/invoices/{invoice}/check", data={"next": "/payplug"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/payplug")
    after = owner.get(f"/invoices/{invoice}/state.json").get_json()
    assert (before["final"], after["final"]) == (False, True)
    assert shop.states(invoice) == ["paid"]


def test_the_check_button_says_when_payplug_is_down(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    shop.click(invoice)
    shop.simulator.set_fault("error", target="retrieve_payment", times=1)
    assert owner.post(f"/payplug/invoices/{invoice}/check").status_code == 303
    assert "could not be asked" in owner.get("/payplug").get_data(as_text=True)


def test_a_viewer_may_look_but_not_act(shop: Shop) -> None:
    viewer = signed_in_client(shop.app, shop.company_id, Role.VIEWER)
    invoice = shop.invoice()
    assert viewer.get(f"/invoices/{invoice}/state.json").status_code == 200
    assert viewer.post(f"/payplug/invoices/{invoice}/check").status_code == 403


def test_another_companys_invoice_has_no_state_here(shop: Shop) -> None:
    other = make_company(shop.app, siren="404833048", siret="40483304800022", vat_number="FR83404833048")
    stranger = signed_in_client(shop.app, other)
    assert stranger.get(f"/invoices/{shop.invoice()}/state.json").status_code == 404


def test_a_notification_can_be_done_again(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.notify_about(payment)
    shop.work()
    shop.simulator.pay(payment, notify=False)
    row = shop.notifications()[0]
    assert owner.post(f"/payplug/notifications/{row.id}/replay").status_code == 303
    shop.work()
    assert shop.states(invoice) == ["paid"]


def test_the_inbox_shows_notifications_by_state(shop: Shop, owner: FlaskClient) -> None:
    payment = shop.click(shop.invoice())
    assert [shop.notify_about(payment), shop.notify(b"no notification")] == [200, 400]
    shop.work()
    everything = owner.get("/payplug/notifications").get_data(as_text=True)
    ignored = owner.get("/payplug/notifications?state=ignored").get_data(as_text=True)
    assert payment in everything
    assert "Not readable" in everything
    assert payment not in ignored
    assert "Not readable" in ignored
    assert "No notification here" in owner.get("/payplug/notifications?state=stuck").get_data(as_text=True)
    assert owner.get("/payplug/notifications?state=nonsense&page=7").status_code == 200
