"""The pages of payments, receipts, notices, SMS that failed, and the quick link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.clock import paris_today
from core.database import db, lock, transaction
from core.models import Company, Role
from core.sms import OutboxSms, SmsState, queue_sms
from core.tenancy import in_company, unscoped
from invoicing import notice_settings
from invoicing.models import Document, NoticeSettings, PaymentNotice
from invoicing.payments import Payment, PaymentMethod
from invoicing.record_payment import CardInput, PaymentInput, record_payment
from tests.conftest import make_company, signed_in_client
from tests.invoicing.routes.conftest import page, plain

QUICK = {
    "name": "Jeanne Exemple", "email": "jeanne@example.org", "mobile": "", "label": "Pose", "amount_cents": "84,50",
    "vat_rate": "2000", "kind": "service", "invoice_type": "standard", "language": "fr", "request_key": "a" * 32,
}  # fmt: skip


@pytest.fixture
def payment(app, company_id, invoice) -> int:
    """Paid by card, 3-D Secure done."""
    given = PaymentInput(
        invoice(), PaymentMethod.CARD, 12_000, paris_today(), reference="pay_1", details="Visa •••• 4242",
        external_id="pay_1", card=CardInput("Visa", "4242", is_3ds=True),
    )  # fmt: skip
    with app.app_context(), in_company(company_id), transaction():
        return record_payment(given).id


def test_the_page_of_a_payment_shows_the_card_and_sends_the_receipt_once(app, owner, payment):
    shown = page(owner, f"/payments/{payment}")
    for said in ("Visa •••• 4242", "the bank has checked the payer", "pay_1", "F-"):
        assert said in shown
    for _ in range(2):
        answer = owner.post(f"/payments/{payment}/receipt", data={"request_key": "a" * 32})
        assert answer.status_code == 303
    with app.app_context(), unscoped():
        # One by itself, one on request.
        keys = [row.request_key for row in db.session.query(PaymentNotice) if row.kind == "receipt"]
        assert (len(keys), keys[0]) == (2, "")
    answer = owner.get(f"/payments/{payment}/receipt.pdf")
    assert answer.data.startswith(b"%PDF")
    assert owner.get("/payments/999999").status_code == 404
    with app.app_context(), unscoped():
        invoice_id = db.session.query(Document).one().id
    assert "3-D Secure" in page(owner, f"/invoices/{invoice_id}")


def test_another_company_sees_no_payment_and_tries_no_sms_of_ours(app, company_id, payment):
    with app.app_context(), in_company(company_id), transaction():
        sms = queue_sms("+33612345678", "x")
        sms.state = SmsState.FAILED
        sms_id = sms.id
    other = make_company(app, siren="404833048", vat_number="FR83404833048")
    stranger = signed_in_client(app, other, Role.OWNER)
    assert stranger.get(f"/payments/{payment}").status_code == 404
    assert stranger.post(f"/payments/{payment}/receipt").status_code == 404
    assert stranger.get(f"/payments/{payment}/receipt.pdf").status_code == 404
    assert stranger.post(f"/mails/sms/{sms_id}/retry").status_code == 404
    assert "+33 6 12 34 56 78" not in page(stranger, "/mails")


def test_a_failed_sms_is_on_the_page_of_failed_mails_until_it_is_let_be(app, company_id, owner):
    with app.app_context(), in_company(company_id), transaction():
        sms = queue_sms("+33612345678", "x")
        sms.state, sms.answer = SmsState.FAILED, "error=503."
        sms_id = sms.id
    shown = page(owner, "/mails")
    assert "+33 6 12 34 56 78" in shown
    assert "error=503." in shown
    assert owner.post(f"/mails/sms/{sms_id}/give-up").status_code == 303
    assert "+33 6 12 34 56 78" not in page(owner, "/mails")
    assert owner.post(f"/mails/sms/{sms_id}/retry").status_code == 303
    with app.app_context():
        assert db.session.get_one(OutboxSms, sms_id).state is SmsState.QUEUED


def test_the_notices_are_chosen_and_the_chats_address_never_shown(app, owner):
    secret = "tgram://123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr/4711"
    assert 'name="sends_receipts"' in page(owner, "/settings/notices")
    answer = owner.post("/settings/notices", data={"sends_receipts": "y", "chat_url": secret, "version": "0"})
    assert answer.status_code == 303
    shown = page(owner, "/settings/notices")
    assert "4711" not in shown
    assert "Stored." in shown
    # Saved from the page before that: nothing is lost silently.
    outdated = owner.post("/settings/notices", data={"chat_url": "", "version": "0"})
    assert outdated.status_code == 200
    wrong = plain(
        owner.post("/settings/notices", data={"chat_url": "json://10.0.0.1/"}).get_data(as_text=True)
    )
    assert 'id="chat_url-error"' in wrong
    assert "10.0.0.1" not in wrong
    with app.app_context(), unscoped():
        assert db.session.query(NoticeSettings).one().sends_receipts is True


def test_two_that_save_the_notices_for_the_first_time_at_once_lose_nothing_and_see_no_error(
    postgres_app, monkeypatch
):
    company = make_company(postgres_app)
    first, second = (signed_in_client(postgres_app, company) for _ in range(2))
    sent = {"sends_receipts": "y", "version": "0"}
    faster: list[Any] = []

    def looked_before_the_other_saved(statement):
        found = lock(statement)
        if not faster:
            faster.append(None)
            with ThreadPoolExecutor(1) as threads:
                faster[0] = threads.submit(first.post, "/settings/notices", data=sent).result()
        return found

    monkeypatch.setattr(notice_settings, "lock", looked_before_the_other_saved)
    answer = second.post("/settings/notices", data={"version": "0"})
    assert (faster[0].status_code, answer.status_code) == (303, 200)
    with postgres_app.app_context(), unscoped():
        assert db.session.query(NoticeSettings).one().sends_receipts is True


def test_a_quick_link_sent_twice_is_one_invoice_and_shows_its_link(app, owner):
    places = {owner.post("/quick-link", data=QUICK).headers["Location"] for _ in range(2)}
    (place,) = places
    shown = page(owner, place)
    assert "http://127.0.0.1:5000/p/" in shown
    assert "84.50" in shown
    assert "data:image/svg" in shown


def test_what_is_wrong_with_a_quick_link_stands_beside_its_field_with_what_was_typed(app, owner):
    answer = owner.post("/quick-link", data={**QUICK, "email": "nobody", "amount_cents": "viel"})
    shown = plain(answer.get_data(as_text=True))
    assert answer.status_code == 422
    for said in ('id="amount_cents-error"', 'value="nobody"', 'value="viel"', 'value="Pose"'):
        assert said in shown
    answer = owner.post("/quick-link", data={**QUICK, "email": "nobody"})
    assert 'id="email-error"' in answer.get_data(as_text=True)


def test_what_the_company_lacks_is_named_with_the_way_to_it(app, company_id, owner):
    with app.app_context(), transaction():
        db.session.get_one(Company, company_id).legal_form = ""
    shown = plain(owner.post("/quick-link", data=QUICK).get_data(as_text=True))
    assert "/settings/company#legal_form" in shown
    with app.app_context(), unscoped():
        assert db.session.query(Document).count() == 0
        assert db.session.query(Payment).count() == 0
