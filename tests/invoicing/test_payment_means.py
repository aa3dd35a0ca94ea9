"""Payments by hand come in where the company has them come in, and go back from there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryKind
from core.clock import paris_today
from core.database import transaction
from core.models import Role
from core.seal import verify_chain
from core.tenancy import in_company
from invoicing.cancel_payment import cancel_payment
from invoicing.errors import InvalidInputError
from invoicing.give_back import MoneyBack
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.refund_page import refund_page, refund_preview
from invoicing.refund_payment import refund_payment
from invoicing.save_payment_means import MeansInput, save_payment_means
from tests.accounting.reading import balance
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue


def new_bank() -> int:
    with transaction():
        return save_treasury_account(TreasuryInput("Nord", number="512100", journal_code="B2")).id


def invoice() -> int:
    with transaction():
        return issue().id


def test_money_comes_in_on_the_account_of_its_means_and_goes_back_from_there(each_company):
    bank_id = new_bank()
    given = PaymentInput(invoice(), PaymentMethod.TRANSFER, 10_00, paris_today())
    with transaction():
        first = record_payment(given).id
    with transaction():
        save_payment_means(PaymentMethod.TRANSFER, MeansInput("Virement", bank_id))
    with transaction():
        second = record_payment(given).id
    usual = next(one for one in treasury_accounts(TreasuryKind.BANK) if one.role)
    with transaction():
        record_payment(replace(given, treasury_account_id=usual.id))
    assert (balance("512000"), balance("512100")) == (20_00, 10_00)
    # What the means leads to later changes nothing for what came in before.
    with transaction():
        refund_payment(MoneyBack(first, 4_00, paris_today(), reason="trop"))
    assert refund_preview(refund_page(second), 1_00, None).treasury[0].startswith("512100")
    with transaction():
        cancel_payment(second, reason="erreur")
    assert (balance("512000"), balance("512100")) == (16_00, 0)
    cash = next(one.id for one in treasury_accounts(TreasuryKind.CASH))
    for method, treasury_id in (
        (PaymentMethod.TRANSFER, cash), (PaymentMethod.TRANSFER, 999_999), (PaymentMethod.CHEQUE, bank_id),
    ):  # fmt: skip
        with pytest.raises(InvalidInputError) as refused, transaction():
            record_payment(replace(given, method=method, treasury_account_id=treasury_id))
        assert list(refused.value.errors) == ["treasury_account_id"]
    assert list(verify_chain(each_company.id)) == []


def test_the_payment_form_offers_the_means_and_the_accounts_there_are(app, company_id):
    client = signed_in_client(app, company_id, Role.STAFF)
    with app.app_context(), in_company(company_id):
        document_id = invoice()
    url = f"/invoices/{document_id}/payments/new"
    page = client.get(url).text
    assert "Where did it come in?" not in page
    assert "Direct debit" not in page
    with app.app_context(), in_company(company_id):
        bank_id = new_bank()
        with transaction():
            save_payment_means(PaymentMethod.DIRECT_DEBIT, MeansInput("SEPA"))
            save_payment_means(PaymentMethod.CASH, MeansInput(is_offered=False))
    page = client.get(url).text
    assert "SEPA" in page
    assert 'value="cash"' not in page
    sent = {"method": "cash", "amount_cents": "10", "paid_on": paris_today().isoformat()}
    assert client.post(url, data=sent).status_code == 200
    wrong = client.post(url, data={**sent, "method": "cheque", "treasury_account_id": str(bank_id)})
    assert "does not come in on this account" in wrong.text
    right = {**sent, "method": "direct_debit", "treasury_account_id": str(bank_id)}
    assert client.post(url, data=right).status_code == 303
    assert client.get("/payments").text.count("SEPA") == 2
    with app.app_context(), in_company(company_id):
        assert balance("512100") == 10_00
