"""The simulator's accounting reports and what moves a balance: payouts, fees, chargebacks."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
import requests
from openpyxl import load_workbook

from payplug_bridge.simulator.testing import RunningSimulator, SimulatorRefused
from tests.payplug_bridge.simulator.conftest import Create
from tests.payplug_bridge.simulator.merchant import Merchant

DAYS = {"start_date": "2000-01-01", "end_date": "2000-12-30"}


def call(
    simulator: RunningSimulator, method: str, path: str, key: str = "", **body: str
) -> requests.Response:
    headers = {"Authorization": f"Bearer {key or simulator.live_key}", "PayPlug-Version": "2019-08-06"}
    address = f"{simulator.url}/v1/accounting_reports{path}"
    return requests.request(method, address, json=body or None, headers=headers, timeout=30)


def this_month() -> dict[str, str]:
    now = datetime.now(UTC)
    return {"start_date": f"{now:%Y-%m-01}", "end_date": f"{now:%Y-%m-%d}"}


def file_of(simulator: RunningSimulator, **changes: object) -> bytes:
    simulator.assume(**changes)
    made = call(simulator, "POST", "", **this_month()).json()
    return requests.get(made["temporary_url"], timeout=30).content


def test_a_report_comes_later_is_told_of_and_lives_a_day(
    simulator: RunningSimulator, merchant: Merchant
) -> None:
    simulator.assume(report_delay_seconds=1)
    made = call(simulator, "POST", "", **DAYS, notification_url=merchant.url)
    assert made.status_code == 201
    report = made.json()
    assert (report["object"], report["is_live"], report["start_date"]) == (
        "accounting_report",
        True,
        "2000-01-01",
    )
    assert report["temporary_url"] is report["file_available_until"] is None
    merchant.wait_for(1)
    (told,) = merchant.received
    assert told["id"] == report["id"]
    simulator.advance_clock(2)
    ready = call(simulator, "GET", f"/{report['id']}").json()
    assert ready == told
    assert requests.get(ready["temporary_url"], timeout=30).status_code == 200
    simulator.advance_clock(24 * 3600)
    assert requests.get(ready["temporary_url"], timeout=30).status_code == 410
    assert requests.get(f"{simulator.url}/reports/none", timeout=30).status_code == 404
    # Another mode, an unknown one, no key.
    assert call(simulator, "GET", f"/{report['id']}", simulator.test_key).status_code == 403
    assert call(simulator, "GET", "/ar_none").status_code == 404
    assert call(simulator, "GET", f"/{report['id']}", "sk_live_nobody").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "start_date"),
        ({**DAYS, "end_date": "31/12/2000"}, "end_date"),
        ({**DAYS, "end_date": "1999-12-31"}, "end_date"),
        ({**DAYS, "end_date": "2002-01-01"}, "end_date"),
        ({**DAYS, "notification_url": "nowhere"}, "notification_url"),
        ({**DAYS, "format": "csv"}, "format"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_field(
    simulator: RunningSimulator, body: dict[str, str], field: str
) -> None:
    answer = call(simulator, "POST", "", **body) if body else call(simulator, "POST", "", other="x")
    assert answer.status_code == 400
    assert field in answer.json()["details"]


def test_both_layouts_tell_the_same_movements_and_the_balance(
    simulator: RunningSimulator, create: Create
) -> None:
    paid = [create(amount=amount) for amount in (10_000, 6000)]
    for payment in paid:
        simulator.pay(payment.id)
    simulator.refund(paid[0].id, 1000)
    simulator.dispute(paid[1].id)
    with pytest.raises(SimulatorRefused):
        simulator.dispute(paid[1].id)
    simulator.win_dispute(paid[1].id)
    simulator.pay_out(4000)
    with pytest.raises(SimulatorRefused):
        simulator.pay_out(1_000_000)
    month = f"{datetime.now(UTC):%Y-%m}"
    held = 10_000 + 6000 - 1000 - 6000 - 1800 + 6000 - 4000
    assert simulator.balance() == held

    text = file_of(simulator, report_variant="A").decode()
    assert text.startswith("sep=,")
    rows = list(csv.DictReader(io.StringIO(text.partition("\n")[2])))
    assert sum(round(float(row["Montant"]) * 100) for row in rows) == held
    assert {row["Type"] for row in rows} == {
        "Paiement", "Remboursement", "Opposition", "Frais opposition", "Virement",
    }  # fmt: skip

    book = load_workbook(io.BytesIO(file_of(simulator, report_variant="B", dispute_label="Chargeback")))
    header, *lines = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert header[6] == "Importo (€)"
    assert [round(float(str(line[6])) * 100) for line in lines] == [
        round(float(r["Montant"]) * 100) for r in rows
    ]
    assert round(float(str(lines[-1][header.index("Saldo lordo (€)")])) * 100) == held

    # The month's invoice: 1.2 % and 0.25 of each payment, VAT on the sum, once.
    fees = simulator.invoice_fees(month)
    assert fees["amount"] == -((120 + 25 + 72 + 25) * 120 // 100)
    with pytest.raises(SimulatorRefused):
        simulator.invoice_fees(month)
    assert simulator.balance() == held + fees["amount"]


def test_the_portal_has_buttons_for_all_of_it(simulator: RunningSimulator, create: Create) -> None:
    payment = create(amount=5000)
    simulator.pay(payment.id)
    account = simulator.accounts()[0]["id"]
    portal = f"{simulator.url}/portal"

    def press(path: str, **form: str) -> str:
        return requests.post(f"{portal}{path}", data=form, timeout=30, allow_redirects=True).text

    assert "50" in requests.get(f"{portal}/money?lang=en", timeout=30).text
    press(f"/payments/{payment.id}/dispute")
    assert simulator.balance() == -1800
    press(f"/payments/{payment.id}/dispute/win")
    press(f"/money/{account}/payout", amount="12,50")
    assert simulator.balance() == 5000 - 1800 - 1250
    assert "is not possible" in press(f"/money/{account}/payout", amount="1000")
    press(f"/money/{account}/fees", month=f"{datetime.now(UTC):%Y-%m}")
    assert simulator.balance() == 5000 - 1800 - 1250 - 102
    for kind in ("csv", "xlsx"):
        assert requests.get(f"{portal}/money/{account}/report.{kind}", timeout=30).ok
    assert requests.get(f"{portal}/money/{account}/report.pdf", timeout=30).status_code == 404
    assert requests.get(f"{portal}/money?account=none", timeout=30).status_code == 404
