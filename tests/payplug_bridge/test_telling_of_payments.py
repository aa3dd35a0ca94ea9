"""A card payment is told once: a receipt to the customer, a notice to the members, nothing of tests."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, transaction
from core.errors import ConflictError
from core.files import read_bytes
from core.jobs import run_due_jobs
from core.mail import OutboxMail
from core.models import Role, User
from core.sms import CHAT, OutboxSms
from core.todo import open_todos, strike_todo
from invoicing.cancel_payment import cancel_payment
from invoicing.dispatch_receipts import dispatch_receipts
from invoicing.document_checks import check_documents
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import TodoKind
from invoicing.models import NoticeKind, NoticePreference, PaymentCard, PaymentNotice
from invoicing.notice_settings import (
    NoticeInput,
    chat_target,
    mailed_members,
    notice_settings,
    save_notice_settings,
    try_chat,
)
from invoicing.payments import Payment
from invoicing.receipt_view import receipt_view
from invoicing.receipts import receipt_mail, receipt_pdf
from invoicing.send_receipt import invoice_of, receipts_of, send_receipt
from payplug_bridge.keys import choose_mode
from payplug_bridge.models import PayplugMode
from payplug_bridge.panels import attempts_panel
from tests.conftest import make_user
from tests.payplug_bridge.shop import Shop

CUSTOMER = "compta@boulangerie.example.org"


def _paid(shop: Shop, price: str = "100") -> int:
    """An invoice paid by card and found by the sync; returns it."""
    invoice = shop.invoice(price)
    shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    return invoice


def _mails(shop: Shop) -> list[tuple[list[str], str]]:
    with shop.app.app_context():
        rows = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        return [(json.loads(row.recipients), row.subject) for row in rows]


def test_one_receipt_and_one_notice_however_often_the_news_comes(each_shop: Shop) -> None:
    shop = each_shop
    owner = make_user(shop.app, shop.company_id, Role.OWNER)
    make_user(shop.app, shop.company_id, Role.STAFF)
    invoice = _paid(shop)
    payment = shop.attempts(invoice)[0].payplug_id
    assert payment is not None
    shop.notify_about(payment)
    shop.work()
    shop.sync()
    # The member is told in the transaction of the payment; the receipt waits for a worker.
    assert [to for to, _ in _mails(shop)] == [[owner]]
    with shop.app.app_context():
        dispatch_receipts()
        dispatch_receipts()
    (_, told), (to, receipt) = _mails(shop)
    assert to == [CUSTOMER]
    assert "120" in told
    assert receipt.startswith("Reçu : 120")
    with shop.inside():
        kinds = [row.kind for row in db.session.scalars(select(PaymentNotice).order_by(PaymentNotice.id))]
        assert sorted(kinds) == [NoticeKind.MEMBERS, NoticeKind.RECEIPT]
        mail = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
        assert mail is not None
        ((name, sha256, media_type),) = json.loads(mail.attachments)
        assert (name[:5], media_type) == ("Reçu ", "application/pdf")
        assert read_bytes(sha256).startswith(b"%PDF")
        card = db.session.scalars(select(PaymentCard)).one()
        assert (len(card.last4), card.is_3ds in (True, False)) == (4, True)
        assert open_todos(TodoKind.RECEIPT) == []
    shop.assert_sound()


def test_a_receipt_that_nobody_is_to_make_any_more_is_found(shop: Shop) -> None:
    _paid(shop)
    with shop.inside():
        assert list(check_documents()) == []
        notice_id = db.session.scalars(select(PaymentNotice.id).where(PaymentNotice.kind == "receipt")).one()
        with transaction():
            strike_todo(TodoKind.RECEIPT, notice_id)
        assert any(f"receipt {notice_id} has no mail" in fault for fault in check_documents())


def test_cards_that_were_refused_stay_listed_with_the_reason_when_another_has_paid(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.decline(payment, "insufficient_funds", notify=False)
    shop.sync()
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    with shop.inside(), shop.app.test_request_context():
        shown = attempts_panel(invoice)
    assert "Cartes refusées" in shown
    assert "Provision insuffisante." in shown


def test_a_test_payment_is_told_to_nobody(shop: Shop) -> None:
    make_user(shop.app, shop.company_id, Role.OWNER)
    shop.save_key(shop.simulator.test_key)
    with shop.inside(), transaction():
        choose_mode(PayplugMode.TEST)
    invoice = _paid(shop)
    assert shop.states(invoice) == ["paid"]
    run_due_jobs(shop.app)
    with shop.inside():
        assert db.session.query(PaymentNotice).count() == 0


def test_what_is_switched_off_is_not_told_and_ticks_outlive_roles(shop: Shop) -> None:
    owner = make_user(shop.app, shop.company_id, Role.OWNER)
    staff = make_user(shop.app, shop.company_id, Role.STAFF)
    with shop.inside():
        assert [user.email for user in mailed_members()] == [owner]
        staff_id = db.session.scalars(select(User.id).where(User.email == staff)).one()
        with transaction():
            save_notice_settings(NoticeInput(sends_receipts=False, member_ids=frozenset({staff_id})))
        assert [user.email for user in mailed_members()] == [staff]
        assert db.session.query(NoticePreference).count() == 2
    _paid(shop)
    run_due_jobs(shop.app)
    assert [to for to, _ in _mails(shop)] == [[staff]]


def test_the_chat_is_told_its_address_encrypted_and_never_a_machine_of_the_network(shop: Shop) -> None:
    url = "tgram://123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr/4711"
    with shop.inside():
        for wrong in ("nonsense", "json://127.0.0.1:9/x", "ntfy://127.0.0.1/x", "syslog://"):
            with pytest.raises(InvalidInputError) as refused, transaction():
                save_notice_settings(NoticeInput(sends_receipts=True, member_ids=frozenset(), chat_url=wrong))
            assert list(refused.value.errors) == ["chat_url"]
        with transaction():
            save_notice_settings(NoticeInput(sends_receipts=True, member_ids=frozenset(), chat_url=url))
        assert url not in notice_settings().chat_url
        with transaction():  # an empty field keeps it
            save_notice_settings(NoticeInput(sends_receipts=True, member_ids=frozenset()))
        assert chat_target() == url
    _paid(shop)
    with shop.inside():
        (notice,) = db.session.scalars(select(OutboxSms))
        assert (notice.recipient, "120" in notice.text) == (CHAT, True)
        with transaction():
            save_notice_settings(NoticeInput(sends_receipts=True, member_ids=frozenset(), forgets_chat=True))
        assert (chat_target(), try_chat("x")) == (None, None)


def test_what_was_paid_long_ago_is_told_to_nobody_by_itself_but_on_request(shop: Shop) -> None:
    make_user(shop.app, shop.company_id, Role.OWNER)
    with time_machine.travel(utc_now() - timedelta(days=20), tick=True):
        invoice = shop.invoice()
        payplug_id = shop.click(invoice)
        shop.simulator.pay(payplug_id, notify=False, paid_at=int(utc_now().timestamp()))
    shop.notify_about(payplug_id)
    shop.work()
    assert shop.balance(invoice).open_cents == 0
    run_due_jobs(shop.app)
    assert _mails(shop) == []


def test_a_receipt_of_a_transfer_is_sent_on_request_and_none_of_a_cancelled_payment(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 5_000)
    shop.transfer(invoice, 7_500)
    with shop.inside():
        part, rest = db.session.scalars(select(Payment.id).order_by(Payment.id))
        for _ in range(2):
            with transaction():
                send_receipt(part, request_key="k1")
        with transaction():
            send_receipt(rest, request_key="k2")
            cancel_payment(rest, reason="Erreur")
        dispatch_receipts()
        assert [row.state for row in receipts_of(part)] == ["queued"]
        assert len(_mails(shop)) == 1
        with pytest.raises(ConflictError), transaction():
            send_receipt(rest, request_key="k3")


def test_a_receipt_says_what_the_payment_settled_then_and_is_the_same_whenever_it_is_drawn(
    shop: Shop,
) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 5_000)
    with shop.inside():
        first = db.session.scalars(select(Payment.id)).one()
        before = receipt_view(first, invoice)
        drawn = receipt_pdf(before)
    shop.transfer(invoice, 10_000)
    with shop.inside():
        assert invoice_of(first) == invoice
        after = receipt_view(first, invoice)
        assert after == before
        assert receipt_pdf(after) == drawn
        (row,) = after.rows
        assert (row.total_cents, row.settled_cents, row.left_cents) == (12_000, 5_000, 7_000)
        second = db.session.scalars(select(Payment.id).order_by(Payment.id.desc())).first()
        assert second is not None
        view = receipt_view(second, invoice)
        assert (view.rows[0].settled_cents, view.rows[0].left_cents, view.credit_cents) == (7_000, 0, 3_000)
        mail = receipt_mail(view)
        assert "entièrement payée" in mail.text
        assert "entièrement payée" in mail.html
