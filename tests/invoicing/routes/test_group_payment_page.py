"""The page of one payment for several invoices."""

from __future__ import annotations

from core.clock import paris_today
from core.database import db
from core.tenancy import in_company
from invoicing.balances import balance_of
from invoicing.payments import Payment
from tests.invoicing.routes.conftest import page


def test_the_page_spreads_the_amount_and_records_it_once(app, company_id, owner, customer_id, invoice):
    first, second = invoice(), invoice()
    url = f"/customers/{customer_id}/payments/new"
    assert url in page(owner, f"/customers/{customer_id}")
    assert url in page(owner, f"/invoices/{first}/payments/new")
    typed = {
        "request_key": "a" * 32,
        "method": "transfer",
        "amount_cents": "150",
        "paid_on": paris_today().isoformat(),
        "action": "record",
    }
    shown = owner.post(url, data=typed)
    assert shown.status_code == 200
    assert f'name="part_{first}" type="text" value="120.00"' in shown.text
    assert f'name="part_{second}" type="text" value="30.00"' in shown.text
    parts = {f"part_{first}": "120", f"part_{second}": "20"}
    surplus = owner.post(url, data={**typed, **parts})
    assert "more than what is due" in surplus.text
    for _ in range(2):
        answer = owner.post(url, data={**typed, **parts, "accept_surplus": "y"})
        assert answer.status_code == 303
    with app.app_context(), in_company(company_id):
        assert db.session.query(Payment).count() == 1
        assert [balance_of(n).open_cents for n in (first, second)] == [0, 10000]
    # The second window still shows the invoice that was paid meanwhile.
    stale = owner.post(url, data={**typed, **parts, "request_key": "b" * 32})
    assert stale.status_code == 200
    assert "more than what is due" in stale.text
