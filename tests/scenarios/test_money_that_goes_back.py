"""A photographer gives money back: an hour that was not used, a session cancelled in PayPlug's portal, and a payment
that the customer's bank takes back. Each euro is in the books once, and nothing is asked for that nobody decided on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from core.clock import paris_today
from core.database import db, transaction
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.refunds import Refund, RefundKind
from invoicing.win_dispute import win_dispute
from tests.scenarios.money import all_is_well, books, open_on
from tests.scenarios.shop_on_the_net import Street, open_street

ACCOUNTS = ("411", "706", "44571", "44574", "512500")


def paid_by_card(street: Street, price: str) -> tuple[int, str, int]:
    """An invoice whose customer pays on its page; PayPlug tells it, the worker records it."""
    invoice = street.shop.invoice(price)
    payplug_id = street.click_pay(f"{street.url}/p/{street.shop.token(invoice)}")
    street.simulator.pay(payplug_id)
    hear(street)
    with street.shop.inside():
        payment = db.session.scalars(select(Payment.id).where(Payment.external_id == payplug_id)).one()
    return invoice, payplug_id, payment


def hear(street: Street) -> None:
    """PayPlug's notifications arrive over HTTP, and the worker does what they ask for."""
    street.simulator.wait_for_deliveries()
    street.work()


def refund_on_the_page(street: Street, payment: int, amount: str, against: str) -> str:
    """The owner fills the form in, reads what it will do, and confirms; returns what she read."""
    address = f"/payplug/payments/{payment}/refund"
    street.owner.set_cookie("language", "en")
    data = {"amount_cents": amount, "against": against, "reason": "Heure non utilisée"}
    shown = street.owner.get(address).get_data(as_text=True)
    preview = street.owner.post(address, data={**data, **hidden_of(shown)}).get_data(as_text=True)
    assert street.owner.post(address, data={**data, **hidden_of(preview)}).status_code == 303
    return preview


def hidden_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(request_key|seen)"[^>]*value="([^"]*)"', page))


def standing(street: Street) -> dict[str, str]:
    with street.shop.inside():
        return books(*ACCOUNTS)


@pytest.mark.parametrize("engine", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.long)])
def test_money_that_goes_back(
    make_app: Callable[..., Flask], request: pytest.FixtureRequest, engine: str
) -> None:
    with open_street(make_app, request.getfixturevalue(engine)) as street:
        shop = street.shop

        # A session at 240 €, VAT included, paid by card. One hour was not used: 60 € are credited, and given back
        # on the card from the page of the payment, against that note. The VAT of the note had moved already.
        session, _, payment = paid_by_card(street, "200")
        with shop.inside(), transaction():
            note = credit_invoice(
                session, reason="Heure non utilisée", choice=CreditChoice(amounts={0: 5000})
            )
            note_id = note.id
        assert standing(street) == {"411": "-60.00", "706": "-150.00", "44571": "-30.00", "512500": "240.00"}
        read = refund_on_the_page(street, payment, "60", str(note_id))
        assert "€60.00 of credit note" in read
        hear(street)
        assert standing(street) == {"706": "-150.00", "44571": "-30.00", "512500": "180.00"}
        assert shop.balance(session).status is PaymentStatus.PAID

        # The owner cancels another session in PayPlug's portal and forgets the credit note. Solde is told: the money
        # is in the books, VAT waits again, the page asks for nothing, and the list says what has to be decided.
        cancelled, payplug_id, _ = paid_by_card(street, "100")
        street.simulator.refund(payplug_id)
        hear(street)
        assert standing(street) == {
            "411": "120.00", "706": "-250.00", "44571": "-30.00", "44574": "-20.00", "512500": "180.00",
        }  # fmt: skip
        assert shop.balance(cancelled).status is PaymentStatus.REFUNDED
        assert "This invoice was refunded" in street.page(f"{street.url}/p/{shop.token(cancelled)}")
        assert "Refund without a credit note" in street.owner.get("/to-handle").get_data(as_text=True)
        with shop.inside(), transaction():
            credit_invoice(cancelled, reason="Séance annulée")
        assert standing(street) == {"706": "-150.00", "44571": "-30.00", "512500": "180.00"}
        assert "Refund without a credit note" not in street.owner.get("/to-handle").get_data(as_text=True)

        # A customer tells her bank that she never bought anything: the report shows that PayPlug gave it the money.
        portrait, _, payment = paid_by_card(street, "300")
        with shop.inside(), transaction():
            dispute_payment(
                payment, amount_cents=36_000, disputed_on=paris_today(), external_id="du_portrait"
            )
        assert shop.balance(portrait).status is PaymentStatus.DISPUTED
        assert "is disputed" in street.page(f"{street.url}/p/{shop.token(portrait)}")
        assert standing(street) == {
            "411": "360.00", "706": "-450.00", "44571": "-30.00", "44574": "-60.00", "512500": "180.00",
        }  # fmt: skip

        # The contract with her signature convinces the bank: the money comes back, as if nothing had been.
        with shop.inside(), transaction():
            dispute = db.session.scalars(select(Refund).where(Refund.kind == RefundKind.DISPUTE)).one()
            win_dispute(dispute.id, won_on=paris_today(), external_id="du_portrait_won")
        assert standing(street) == {"706": "-450.00", "44571": "-90.00", "512500": "540.00"}

        # What the owner claims again is paid on its page as any invoice: a portrait, given back by mistake in part.
        read = refund_on_the_page(street, payment, "36", "")
        assert "owed again" in read
        assert street.owner.post(f"/invoices/{portrait}/claim").status_code == 303
        street.simulator.pay(street.click_pay(f"{street.url}/p/{shop.token(portrait)}"))
        hear(street)
        assert standing(street) == {"706": "-450.00", "44571": "-90.00", "512500": "540.00"}
        with shop.inside():
            assert (
                open_on(*(db.session.get_one(Document, id_) for id_ in (session, cancelled, portrait)))
                == ["0.00"] * 3
            )
            all_is_well()
        kept = sum(p["amount"] - p["amount_refunded"] for p in street.simulator.payments())
        assert kept == 54_000
