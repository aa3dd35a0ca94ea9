"""*To handle*: what is on the list, what it says, what takes it off; who may do what."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from core.clock import paris_today, utc_now
from core.database import db, transaction
from core.event_log import Event
from core.models import Role
from core.tenancy import in_company
from invoicing.apply_credit import apply_credit
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.give_back import MoneyBack
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.refund_payment import refund_payment
from invoicing.refunds import Refund
from invoicing.win_dispute import win_dispute
from payplug_bridge import refresh_facts
from payplug_bridge.close_attempt import close_attempt
from payplug_bridge.errors import PayplugKeyRefused
from payplug_bridge.matters import Matter, count_matters, matters
from payplug_bridge.models import NotificationState, PayplugDecision, PayplugMode, PayplugNotification
from payplug_bridge.refund import RefundRequest, refund_card
from payplug_bridge.settle_matter import settle_matter
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_line
from tests.payplug_bridge.shop import EURO, Shop, at_once, tamper


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    return signed_in_client(shop.app, shop.company_id)


def paid_twice(shop: Shop) -> int:
    """A transfer is recorded while the card is being charged; returns the invoice."""
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.transfer(invoice, 120 * EURO)
    shop.notify_about(payment)
    shop.work()
    return invoice


def troubles(shop: Shop) -> list[str]:
    """What is on the list; the menu counts as many."""
    return [matter.trouble for matter in listed(shop)]


def listed(shop: Shop) -> list[Matter]:
    with shop.app.test_request_context(), in_company(shop.company_id):
        found = matters()
        assert count_matters() == len(found)
        return found


def counted(page: str) -> str | None:
    badge = re.search(r'href="/to-handle".*?nav-count">(\d+)<', page)
    return badge[1] if badge else None


def test_a_second_payment_says_where_the_money_is_until_it_is_used(shop: Shop, owner: FlaskClient) -> None:
    assert counted(owner.get("/").get_data(as_text=True)) is None
    assert "Nothing to handle" in owner.get("/to-handle").get_data(as_text=True)
    invoice = paid_twice(shop)
    page = owner.get("/to-handle").get_data(as_text=True)
    assert "Paid twice" in page
    # The second payment is given back from here, in one more click.
    assert re.search(r'href="/payplug/payments/\d+/refund"', page)
    assert re.search(r'href="/books/entries/\d+">PP\d+', page)
    assert "411000 · €120.00 in credit" in page
    assert counted(page) == "1"
    assert "To handle" in owner.get("/").get_data(as_text=True)
    # The same customer has nothing else to pay; a credit of another one is not hers to use.
    shop.invoice()
    assert "Use it on" not in owner.get("/to-handle").get_data(as_text=True)
    assert troubles(shop) == ["surplus"]
    with shop.inside(), transaction():
        buyer = db.session.get_one(Document, invoice).customer
        other = issue(make_line("1", "80"), customer=buyer)
        other_id, number = other.id, other.number
    page = owner.get("/to-handle").get_data(as_text=True)
    assert f"Use it on {number}" in page
    assert owner.post(f"/invoices/{other_id}/use-credit").status_code == 303
    assert "€24.00" in owner.get("/to-handle").get_data(as_text=True)
    with shop.inside(), transaction():
        credit_invoice(invoice, reason="Error")
    assert "Paid after a credit note" in owner.get("/to-handle").get_data(as_text=True)
    with shop.inside(), transaction():
        apply_credit(issue(make_line("1", "500"), customer=db.session.get_one(Document, invoice).customer).id)
    assert troubles(shop) == []
    shop.assert_sound()


def test_if_two_tabs_were_both_charged_the_second_payment_is_given_back(each_shop: Shop) -> None:
    shop = each_shop
    client = signed_in_client(shop.app, shop.company_id)
    invoice = shop.invoice()
    first = shop.click(invoice)
    with shop.inside():
        close_attempt(shop.attempts(invoice)[0].id)
    second = shop.click(invoice)
    assert second != first
    # The first page was closed at PayPlug before the second was made, and its bank says yes all the same.
    shop.simulator.pay(second, notify=False)
    shop.simulator.pay(first, force=True, notify=False)
    shop.sync()
    assert shop.states(invoice) == ["paid", "paid"]
    assert (shop.balance(invoice).open_cents, shop.credit(invoice)) == (0, 120 * EURO)
    (matter,) = listed(shop)
    assert (matter.trouble, matter.amount_cents) == ("surplus", 120 * EURO)
    refund = re.search(
        r'href="(/payplug/payments/(\d+)/refund)"', client.get("/to-handle").get_data(as_text=True)
    )
    assert refund is not None
    with shop.inside():
        refund_card(RefundRequest(int(refund[2]), 120 * EURO))
    assert listed(shop) == []
    assert (shop.balance(invoice).open_cents, shop.credit(invoice)) == (0, 0)
    assert sum(p["amount"] - p["amount_refunded"] for p in shop.simulator.payments()) == 120 * EURO
    shop.assert_sound()


def test_a_reason_takes_a_matter_off_the_list_once_and_for_all(shop: Shop, owner: FlaskClient) -> None:
    paid_twice(shop)
    page = owner.get("/to-handle").get_data(as_text=True)
    address = re.search(r'href="(/to-handle/attempt/\d+/surplus)"', page)
    assert address is not None
    form = owner.get(address[1]).get_data(as_text=True)
    assert "Paid twice" in form
    for reason, status in (("", 422), ("x" * 501, 422)):
        answer = owner.post(address[1], data={"reason": reason})
        assert answer.status_code == status
        assert "field-error" in answer.get_data(as_text=True)
        assert reason in answer.get_data(as_text=True)
    answer = owner.post(address[1], data={"reason": "Given back by transfer."})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/to-handle")
    assert troubles(shop) == []
    page = owner.get("/to-handle").get_data(as_text=True)
    assert "Given back by transfer." in page
    assert "Owner" in page
    # Clicked again in another tab: told, and nothing changes.
    assert owner.post(address[1], data={"reason": "Again."}).status_code == 303
    with shop.inside():
        assert [d.reason for d in db.session.scalars(select(PayplugDecision))] == ["Given back by transfer."]
        kinds = db.session.scalars(select(Event.kind).where(Event.kind == "payplug.matter_settled")).all()
        assert len(kinds) == 1
        with pytest.raises(Exception, match="frozen"), transaction() as session:
            session.execute(text("UPDATE payplug_decision SET reason = 'x'"))
    shop.assert_sound()


def test_two_people_who_decide_at_once_decide_once(each_shop: Shop) -> None:
    shop = each_shop
    paid_twice(shop)
    (matter,) = listed(shop)

    def decide() -> None:
        with shop.inside(), transaction():
            settle_matter(matter.subject, matter.trouble, reason="Done")

    assert at_once(*[decide] * 4) == []
    with shop.inside():
        assert len(db.session.scalars(select(PayplugDecision)).all()) == 1
        told = select(Event.id).where(Event.kind == "payplug.matter_settled")
        assert len(db.session.scalars(told).all()) == 1
    assert troubles(shop) == []
    shop.assert_sound()


def test_money_that_went_back_waits_for_a_credit_note_or_a_claim(each_shop: Shop) -> None:
    shop = each_shop
    client = signed_in_client(shop.app, shop.company_id)
    invoices = [shop.invoice(), shop.invoice(), shop.invoice()]
    for invoice in invoices:
        shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    with shop.inside(), transaction():
        first, second, third = (p.id for p in db.session.scalars(select(Payment).order_by(Payment.id)))
        for number, payment in enumerate((first, second)):
            refund_payment(MoneyBack(payment, 50 * EURO, paris_today(), external_id=f"re_{number}"))
        dispute_payment(third, amount_cents=120 * EURO, disputed_on=paris_today(), external_id="dispute_1")
    assert troubles(shop) == ["refund", "refund", "dispute"]
    page = client.get("/to-handle").get_data(as_text=True)
    assert page.count("Refund without a credit note") == 2
    assert "Dispute" in page
    assert client.post(f"/invoices/{invoices[0]}/claim").status_code == 303
    assert troubles(shop) == ["refund", "dispute"]
    with shop.inside(), transaction():
        credit_invoice(invoices[1], reason="Returned")
    assert troubles(shop) == ["dispute"]
    shop.assert_sound()


def test_money_of_a_page_that_was_open_before_the_refund_settles_and_is_told(
    shop: Shop, owner: FlaskClient
) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 70 * EURO)
    old_page = shop.click(invoice)
    with shop.inside(), transaction():
        transfer = db.session.scalars(select(Payment.id)).one()
        refund_payment(MoneyBack(transfer, 70 * EURO, paris_today(), external_id="re_1"))
    assert troubles(shop) == ["refund"]
    # 50 € arrive on the page that was opened while nobody had given anything back.
    shop.simulator.pay(old_page, notify=False)
    shop.notify_about(old_page)
    shop.work()
    assert troubles(shop) == ["refund", "held"]
    page = owner.get("/to-handle").get_data(as_text=True)
    assert ("Paid while it was on hold" in page, "€50.00" in page) == (True, True)
    assert shop.balance(invoice).open_cents == 70 * EURO
    matter = listed(shop)[1]
    with shop.inside(), transaction():
        settle_matter(matter.subject, matter.trouble, reason="She meant to pay.")
    assert troubles(shop) == ["refund"]
    shop.assert_sound()


def test_what_a_bank_took_beyond_its_payment_is_owed_on_the_invoice_and_on_the_list(
    shop: Shop, owner: FlaskClient
) -> None:
    invoice = shop.invoice()
    shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    with shop.inside(), transaction():
        payment = db.session.scalars(select(Payment.id)).one()
        refund_payment(MoneyBack(payment, 50 * EURO, paris_today(), external_id="re_1"))
        dispute_payment(payment, amount_cents=120 * EURO, disputed_on=paris_today(), external_id="dispute_1")
    assert sorted(troubles(shop)) == ["dispute", "refund", "uncovered"]
    uncovered = next(matter for matter in listed(shop) if matter.trouble == "uncovered")
    assert uncovered.amount_cents == 50 * EURO
    assert uncovered.places
    for address in ("/to-handle", f"/invoices/{invoice}"):
        shown = owner.get(address).get_data(as_text=True)
        assert ("More taken back than was paid" in shown, "€50.00" in shown) == (True, True)
    with shop.inside(), transaction():
        dispute = db.session.scalars(select(Refund.id).order_by(Refund.id.desc())).first()
        assert dispute is not None
        win_dispute(dispute, won_on=paris_today())
    assert "uncovered" not in troubles(shop)
    assert "More taken back" not in owner.get(f"/invoices/{invoice}").get_data(as_text=True)
    shop.assert_sound()


def test_a_wrong_amount_is_in_the_books_and_can_be_used(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    tamper(shop, "UPDATE payments SET amount = 7000")
    shop.notify_about(payment)
    shop.work()
    assert troubles(shop) == ["other_amount"]
    page = owner.get("/to-handle").get_data(as_text=True)
    assert "PayPlug took another amount" in page
    assert owner.post(f"/invoices/{invoice}/use-credit").status_code == 303
    assert troubles(shop) == []
    assert shop.balance(invoice).paid_cents == 7_000
    shop.assert_sound()


def test_a_wrong_currency_holds_the_page_until_somebody_has_looked(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    tamper(shop, "UPDATE payments SET request = json_set(request, '$.currency', 'USD')")
    shop.notify_about(payment)
    shop.work()
    assert troubles(shop) == ["currency"]
    assert "Not in the books" in owner.get("/to-handle").get_data(as_text=True)
    (matter,) = listed(shop)
    with shop.inside(), transaction():
        settle_matter(matter.subject, matter.trouble, reason="Given back in the portal.")
    assert troubles(shop) == []
    public = shop.app.test_client().get(f"/p/{shop.token(invoice)}").get_data(as_text=True)
    assert f"/p/{shop.token(invoice)}/pay" in public


def test_a_notification_that_cannot_be_done_and_a_refused_key(shop: Shop, owner: FlaskClient) -> None:
    invoice = shop.invoice()
    shop.notify_about(shop.click(invoice))
    with shop.inside(), transaction() as session:
        session.execute(update(PayplugNotification).values(state=NotificationState.STUCK, tries=14))
    shop.simulator.revoke_key(shop.simulator.live_key)
    with shop.inside(), suppress(PayplugKeyRefused):
        refresh_facts.refresh_facts(PayplugMode.LIVE)
    assert sorted(troubles(shop)) == ["http_401", "stuck"]
    page = owner.get("/to-handle").get_data(as_text=True)
    assert "PayPlug refuses the secret key" in page
    assert 'href="/settings/payplug"' in page
    row = shop.notifications()[0].id
    assert owner.post(f"/payplug/notifications/{row}/replay").status_code == 303
    assert troubles(shop) == ["http_401"]
    (key,) = listed(shop)
    # A key that is refused is mended, not explained away.
    owner.post(f"/to-handle/{key.subject[0]}/{key.subject[1]}/{key.trouble}", data={"reason": "x"})
    assert troubles(shop) == ["http_401"]
    assert utc_now() > key.since


@pytest.mark.parametrize(("role", "status"), [(Role.STAFF, 303), (Role.ACCOUNTANT, 403), (Role.VIEWER, 403)])
def test_everybody_may_look_and_those_who_invoice_may_decide(shop: Shop, role: Role, status: int) -> None:
    paid_twice(shop)
    client = signed_in_client(shop.app, shop.company_id, role)
    page = client.get("/to-handle")
    assert page.status_code == 200
    assert ("Nothing left to do" in page.get_data(as_text=True)) is (status == 303)
    (matter,) = listed(shop)
    address = f"/to-handle/attempt/{matter.subject[1]}/surplus"
    assert client.post(address, data={"reason": "Done."}).status_code == status
