"""Ways to pay and payment in parts: what an account offers, a company ticks, a sending chooses and a payer can take."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from core.database import transaction
from payplug_bridge.card_payments import PayplugCardPayments
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import AmountNotPossible, PaymentBeingPrepared
from payplug_bridge.keys import find_account
from payplug_bridge.link_terms import choose_terms, terms_of
from payplug_bridge.parts import ALL, FREE, Purse
from payplug_bridge.set_company_terms import CompanyTerms, set_company_terms
from payplug_bridge.simulator.control_client import SimulatorRefused
from payplug_bridge.start_payment import start_payment
from payplug_bridge.ways import Way
from payplug_bridge.wish import Wish
from tests.payplug_bridge.shop import BACK, Shop, at_once

METHODS = {
    "ideal": {"allowed_countries": ["NL"]},
    "wero": {"allowed_countries": ["FR", "DE"], "maximum_cents": 50_000},
    "bancontact": {"enabled": False},
    "american_express": {},
}
ALL_WAYS = ("card", "american_express", "wero", "ideal", "oney_x3_with_fees")


def offer_methods(shop: Shop) -> None:
    account_id = shop.simulator.accounts()[0]["id"]
    shop.simulator.set_features(account_id, methods=METHODS, permissions={"can_use_oney": True})
    shop.save_key()


def company_takes(
    shop: Shop, *ways: str, parts: str = ALL, least_part: int = 1000, transfer: bool = True
) -> None:
    with shop.inside(), transaction():
        set_company_terms(CompanyTerms(ways, parts, least_part, transfer))


def page_of(shop: Shop, web: FlaskClient, invoice: int) -> str:
    return web.get(f"/p/{shop.token(invoice)}").get_data(as_text=True)


def test_the_account_tells_which_ways_it_offers(shop: Shop) -> None:
    offer_methods(shop)
    account = PayplugClient(shop.simulator.live_key, shop.simulator.url).account()
    assert (account.country, account.currencies) == ("FR", ("EUR",))
    found = {method.name: method for method in account.methods}
    assert found["ideal"].countries == ("NL",)
    assert (found["wero"].most_cents, found["wero"].least_cents) == (50_000, None)
    assert found["american_express"].countries == ()
    assert found["bancontact"].is_enabled is False
    assert (found["oney_x3_with_fees"].least_cents, found["oney_x4_without_fees"].most_cents) == (
        10_000,
        300_000,
    )
    assert account.permissions["can_use_oney"] is True


def test_the_page_shows_what_is_possible_and_says_what_is_accepted(shop: Shop, web: FlaskClient) -> None:
    invoice = shop.invoice()
    alone = page_of(shop, web, invoice)
    assert "American Express is not" in alone
    assert 'type="radio"' not in alone
    offer_methods(shop)
    company_takes(shop, *ALL_WAYS)
    page = page_of(shop, web, invoice)
    assert 'value="wero"' in page
    assert 'value="american_express"' in page
    assert 'value="ideal"' not in page  # the buyer is in France
    assert "American Express is not" not in page
    assert "Oney tells its fees" in page
    large = page_of(shop, web, shop.invoice("600"))
    assert 'value="wero"' not in large
    assert 'value="oney_x3_with_fees"' in large


def test_the_owner_is_told_why_a_way_is_not_possible(shop: Shop) -> None:
    offer_methods(shop)
    company_takes(shop, *ALL_WAYS, "bancontact")
    invoice = shop.invoice("600")
    with shop.inside():
        found = {choice.value: choice for choice in PayplugCardPayments().ways_for(invoice)}
    assert str(found["ideal"].why_not) == "Not from the customer’s country."
    assert "too large" in str(found["wero"].why_not)
    assert "PayPlug account" in str(found["bancontact"].why_not)
    assert found["card"].why_not == ""
    assert [name for name, choice in found.items() if choice.is_ticked] == [
        "card", "american_express", "oney_x3_with_fees",
    ]  # fmt: skip


def test_the_way_that_a_sending_chose_is_the_one_the_link_opens(shop: Shop, web: FlaskClient) -> None:
    offer_methods(shop)
    company_takes(shop, "card", "wero")
    invoice = shop.invoice()
    with shop.inside(), transaction():
        choose_terms(invoice, ["wero"], ALL)
        choose_terms(invoice, ["wero"], ALL)
    page = page_of(shop, web, invoice)
    assert "By Wero" in page
    assert web.post(f"/p/{shop.token(invoice)}/pay", data={"way": "wero"}).status_code == 303
    payment = shop.simulator.payments()[0]
    assert payment["payment_method"]["type"] == "wero"
    assert shop.attempts(invoice)[-1].way == "wero"
    shop.simulator.pay(payment["id"], notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    shop.assert_sound()
    # What no longer is possible falls back to what the company takes: a link is no dead end.
    other = shop.invoice()
    with shop.inside(), transaction():
        choose_terms(other, ["ideal"], ALL)
    assert "Pay €120.00" in page_of(shop, web, other)


def test_another_way_closes_the_page_of_the_first(shop: Shop) -> None:
    offer_methods(shop)
    company_takes(shop, "card", "wero")
    invoice = shop.invoice()
    first = shop.click(invoice)
    with shop.inside():
        start_payment(invoice, BACK, wish=Wish("wero"))
    assert shop.states(invoice) == ["aborted", "created"]
    with pytest.raises(SimulatorRefused):
        shop.simulator.pay(first)
    with shop.inside():  # the same wish again is the same page
        start_payment(invoice, BACK, wish=Wish("wero"))
    assert shop.states(invoice) == ["aborted", "created"]


def test_two_tabs_with_different_parts_leave_one_page_to_pay(each_shop: Shop) -> None:
    shop = each_shop
    company_takes(shop, "card", parts=FREE)
    invoice = shop.invoice()

    def click(amount_cents: int) -> None:
        with shop.inside():
            start_payment(invoice, BACK, wish=Wish("card", amount_cents))

    errors = at_once(lambda: click(5_000), lambda: click(3_000))
    assert all(isinstance(error, PaymentBeingPrepared) for error in errors), errors
    payable = [p for p in shop.simulator.payments() if p["failure"] is None]
    assert len(payable) == 1
    for payment in shop.simulator.payments():
        if payment["failure"] is None:
            shop.simulator.pay(payment["id"], notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents in (7_000, 9_000)
    shop.assert_sound()


def test_a_payment_by_another_way_is_named_by_it(shop: Shop, web: FlaskClient) -> None:
    offer_methods(shop)
    company_takes(shop, "wero")
    invoice = shop.invoice()
    shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    assert "Wero" in page_of(shop, web, invoice)


def test_oney_asks_for_a_mobile_and_is_recorded_by_its_authorised_amount(
    shop: Shop, web: FlaskClient
) -> None:
    offer_methods(shop)
    company_takes(shop, "card", "oney_x3_with_fees")
    invoice = shop.invoice()
    path = f"/p/{shop.token(invoice)}/pay"
    answer = web.post(path, data={"way": "oney_x3_with_fees"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'name="mobile_phone_number"' in page
    assert 'value="oney_x3_with_fees" checked' in page
    wrong = web.post(path, data={"way": "oney_x3_with_fees", "mobile_phone_number": "12"})
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.get_data(as_text=True)
    assert (
        web.post(path, data={"way": "oney_x3_with_fees", "mobile_phone_number": "06 12 34 56 78"}).status_code
        == 303
    )
    payment = shop.simulator.payments()[0]
    assert "amount" not in payment
    assert payment["authorized_amount"] == 12_000
    assert payment["billing"]["mobile_phone_number"] == "+33612345678"
    shop.simulator.pay(payment["id"], notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    assert shop.attempts(invoice)[-1].trouble == ""
    shop.assert_sound()


@pytest.mark.parametrize(
    ("purse", "wished", "asked"),
    [
        (Purse(10_000, 10_000, ALL, 30, 2_000_000), None, 10_000),
        (Purse(10_000, 10_000, ALL, 30, 2_000_000), 5_000, None),
        (Purse(10_000, 10_000, FREE, 30, 2_000_000, 1_000), 4_000, 4_000),
        (Purse(10_000, 10_000, FREE, 30, 2_000_000, 1_000), 999, None),
        (Purse(10_000, 10_000, FREE, 30, 2_000_000, 1_000), 10_001, None),
        (Purse(10_000, 10_000, FREE, 30, 2_000_000, 1_000), 9_980, None),  # 20 cents would remain
        (Purse(10_000, 10_000, FREE, 30, 2_000_000, 1_000), -5, None),
        (Purse(500, 10_000, FREE, 30, 2_000_000, 1_000), 500, 500),
        (Purse(500, 10_000, FREE, 30, 2_000_000, 1_000), 400, None),
        (Purse(10_001, 10_001, "3", 30, 2_000_000, 1_000), 3_334, 3_334),
        (Purse(10_001, 10_001, "3", 30, 2_000_000, 1_000), 3_333, None),
        (Purse(3_333, 10_001, "3", 30, 2_000_000, 1_000), None, 3_333),
        (Purse(3_000_000, 3_000_000, "2", 30, 2_000_000, 1_000), 1_500_000, 1_500_000),
        (Purse(3_000_000, 3_000_000, FREE, 30, 2_000_000, 1_000), None, None),
        (Purse(3_000_000, 3_000_000, FREE, 30, 2_000_000, 1_000), 2_000_000, 2_000_000),
        (Purse(9_000_000, 9_000_000, "2", 30, 2_000_000, 1_000), 1_234_567, 1_234_567),
    ],
)
def test_which_amounts_can_be_paid(purse: Purse, wished: int | None, asked: int | None) -> None:
    if asked is not None:
        assert purse.checked(wished) == asked
        return
    with pytest.raises(AmountNotPossible):
        purse.checked(wished)


def test_an_invoice_is_settled_by_several_payments(each_shop: Shop) -> None:
    shop = each_shop
    company_takes(shop, "card", parts=FREE)
    invoice = shop.invoice()
    for amount, left in ((5_000, 7_000), (3_000, 4_000), (None, 0)):
        with shop.inside():
            start_payment(invoice, BACK, wish=Wish("card", amount))
        payment_id = shop.attempts(invoice)[-1].payplug_id
        assert payment_id is not None
        shop.simulator.pay(payment_id, notify=False)
        shop.sync()
        assert shop.balance(invoice).open_cents == left
    assert shop.states(invoice) == ["paid"] * 3
    shop.assert_sound()


def test_a_part_is_typed_on_the_page_and_kept_when_it_cannot_be(shop: Shop, web: FlaskClient) -> None:
    company_takes(shop, "card", parts=FREE)
    invoice = shop.invoice()
    path = f"/p/{shop.token(invoice)}"
    assert 'name="amount"' in page_of(shop, web, invoice)
    for typed in ("beaucoup", "5", "999", "-1"):
        answer = web.post(f"{path}/pay", data={"way": "card", "amount": typed})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, typed
        assert f'value="{typed}"' in page
        assert "field-error" in page
    assert web.post(f"{path}/pay", data={"way": "card", "amount": "50"}).status_code == 303
    assert shop.simulator.payments()[0]["amount"] == 5_000
    shop.simulator.pay(shop.simulator.payments()[0]["id"], notify=False)
    page = web.get(f"{path}/return").get_data(as_text=True)
    assert "We have received €50.00. €70.00 remain to be paid." in page
    with shop.inside(), transaction():
        choose_terms(invoice, ["card"], ALL)
    assert "Pay €70.00" in page_of(shop, web, invoice)
    forged = web.post(f"{path}/pay", data={"way": "card", "amount": "10"})
    assert forged.status_code == 422


def test_equal_parts_are_offered_and_an_amount_above_the_limit_is_paid_in_parts(
    shop: Shop, web: FlaskClient
) -> None:
    company_takes(shop, "card", parts="3")
    page = page_of(shop, web, shop.invoice())
    assert "One of 3 parts: €40.00" in page
    assert "All: €120.00" in page
    large = shop.invoice("20000")
    page = page_of(shop, web, large)
    assert "€8,000.00" in page
    assert "All:" not in page
    assert web.post(f"/p/{shop.token(large)}/pay", data={"way": "card", "part": "800000"}).status_code == 303
    assert shop.simulator.payments()[0]["amount"] == 800_000


def test_the_transfer_is_offered_beside_the_card_or_only_without_it(shop: Shop, web: FlaskClient) -> None:
    company_takes(shop, "card", transfer=False)
    assert "FR76 3000" not in page_of(shop, web, shop.invoice())
    assert "FR76 3000" in page_of(shop, web, shop.invoice("0.20"))  # too small for a card
    company_takes(shop, "card")
    assert "Or pay by transfer" in page_of(shop, web, shop.invoice())


def test_terms_of_a_link_never_change_what_others_have(shop: Shop) -> None:
    offer_methods(shop)
    first, second = shop.invoice(), shop.invoice()
    with shop.inside(), transaction():
        choose_terms(first, ["wero", "nonsense"], "forever")
    with shop.inside():
        assert terms_of(first).ways == (Way.WERO,)
        assert (terms_of(first).parts, terms_of(second).ways) == (ALL, (Way.CARD,))
        account = find_account()
        assert account is not None
        assert account.ways == "card"
