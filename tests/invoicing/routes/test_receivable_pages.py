"""Giving up, doubting and keeping on pages: the entry is shown first, only that one is done, and once."""

from __future__ import annotations

import re

import pytest

from core.clock import paris_today
from core.database import transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.balances import balance_of, open_of_payment
from invoicing.lifecycle import PaymentStatus
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from tests.conftest import signed_in_client
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def paid(app, company_id, invoice):
    """An invoice of 120 € and a payment on it; gives both ids."""

    def make(cents: int) -> tuple[int, int]:
        invoice_id = invoice()
        with app.app_context(), in_company(company_id), transaction():
            given = PaymentInput(invoice_id, PaymentMethod.TRANSFER, cents, paris_today())
            return invoice_id, record_payment(given).id

    return make


def found(pattern: str, html: str) -> re.Match[str]:
    match = re.search(pattern, html)
    assert match is not None, pattern
    return match


def hidden(html: str) -> dict[str, str]:
    """What a page sends along unseen."""
    return {
        name: found(f'name="{name}"[^>]*value="([^"]*)"', html).group(1) for name in ("seen", "request_key")
    }


def agree(client, url, **typed):
    """Type, look at what is shown, agree to it; returns the answer to the last step."""
    day = paris_today().isoformat()
    shown = client.post(url, data={"day": day, **hidden(client.get(url).get_data(as_text=True)), **typed})
    if shown.status_code != 200:
        return shown
    agreed = {"day": day, **typed, **hidden(shown.get_data(as_text=True))}
    return client.post(url, data=agreed)


def test_a_few_cents_are_proposed_shown_and_let_be_once(app, company_id, owner, paid):
    invoice_id, _ = paid(11997)
    assert "Only €0.03 are left to pay." in page(owner, f"/invoices/{invoice_id}")
    url = f"/invoices/{invoice_id}/difference"
    shown = page(owner, url)
    assert "658800" in shown
    assert "411000" in shown
    typed = {"day": paris_today().isoformat(), "amount_cents": "0.03", **hidden(shown)}
    answers = [owner.post(url, data=typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    with app.app_context(), in_company(company_id):
        assert balance_of(invoice_id).absorbed_cents == 3
    shown = page(owner, f"/invoices/{invoice_id}")
    assert "Difference let be" in shown
    assert "Nothing is owed any more." in shown


def test_what_was_not_shown_is_not_done(app, company_id, owner, paid):
    invoice_id, _ = paid(11900)
    url = f"/invoices/{invoice_id}/discount"
    shown = owner.get(url).get_data(as_text=True)
    # Another amount than the one on the page is shown first.
    changed = {"day": paris_today().isoformat(), "amount_cents": "0.50", **hidden(shown)}
    answer = owner.post(url, data=changed)
    assert answer.status_code == 200
    assert "Give the discount" in plain(answer.get_data(as_text=True))
    with app.app_context(), in_company(company_id):
        assert balance_of(invoice_id).open_cents == 100
    # Too much is said beside the field, and what was typed is kept.
    answer = owner.post(url, data={**changed, "amount_cents": "2"})
    said = plain(answer.get_data(as_text=True))
    assert "This is more than what is still due." in said
    assert 'value="2"' in said


def test_doubt_loss_and_undoing_by_the_accountant(app, company_id, invoice):
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    invoice_id = invoice()
    assert agree(accountant, f"/invoices/{invoice_id}/doubt", provision_rate="50").status_code == 303
    shown = page(accountant, f"/invoices/{invoice_id}")
    assert "Provision" in shown
    assert "€50.00" in shown
    assert "491000" in page(accountant, f"/invoices/{invoice_id}/doubt/end")
    url = f"/invoices/{invoice_id}/loss"
    assert (
        agree(accountant, url, amount_cents="120", takes_vat_back="y", reason="Liquidation").status_code
        == 303
    )
    with app.app_context(), in_company(company_id):
        assert balance_of(invoice_id).status is PaymentStatus.LOST
    shown = page(accountant, f"/invoices/{invoice_id}")
    undo = found(r"/write-offs/\d+/undo", shown).group(0)
    assert "Nothing is owed" in page(accountant, url)
    # Staff records no loss, and takes none back.
    staff = signed_in_client(app, company_id, Role.STAFF)
    assert staff.get(url).status_code == 403
    assert staff.post(undo, data={"reason": "x"}).status_code == 403
    assert "stays in the history" in plain(accountant.post(undo, data={"reason": ""}).get_data(as_text=True))
    assert accountant.post(undo, data={"reason": "Erreur"}).status_code == 303
    assert "undone already" in page(accountant, undo)
    with app.app_context(), in_company(company_id):
        assert balance_of(invoice_id).status is PaymentStatus.OPEN


def test_a_surplus_is_kept_as_penalties_and_given_back(app, company_id, owner, paid):
    _, payment_id = paid(12500)
    url = f"/payments/{payment_id}/keep"
    # Five euros are no small difference: the page says so, and where that is chosen.
    answer = agree(owner, url, kind="difference", amount_cents="5")
    assert "A small difference is at most €1.00" in plain(answer.get_data(as_text=True))
    assert agree(owner, url, kind="penalty", amount_cents="5").status_code == 303
    with app.app_context(), in_company(company_id):
        assert open_of_payment(payment_id) == 0
    shown = page(owner, f"/payments/{payment_id}")
    assert "Late penalties" in shown
    # While it is kept, the payment is not cancelled.
    assert owner.post(f"/payments/{payment_id}/cancel", data={"reason": "x"}).status_code == 409
    undo = found(r"/kept/\d+/undo", shown).group(0)
    assert owner.post(undo, data={"reason": "Rendu"}).status_code == 303
    with app.app_context(), in_company(company_id):
        assert open_of_payment(payment_id) == 500
