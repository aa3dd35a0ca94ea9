"""A month at PayPlug: card payments, a refund, a chargeback, a web shop on the same account, payouts, then the invoice
of fees. On the 2nd of the next month the report comes by itself, and the wallet account is what PayPlug holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
import time_machine

from core.clock import paris_today
from core.database import db
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.models import PayplugOperation, PayplugReport, ReportState
from payplug_bridge.operations.request_reports import work_reports
from payplug_bridge.operations.upload_report import upload_report
from payplug_bridge.operations.wallet import wallet_standing
from tests.conftest import COMPANY
from tests.payplug_bridge.shop import Shop
from tests.scenarios.money import books

ACCOUNTS = ("401", "411", "44566", "471", "512500", "580", "627")


def next_month(day: int) -> datetime:
    """Noon of a day of the month after the present one."""
    first = (paris_today().replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(first.year, first.month, day, 12, tzinfo=UTC)


def sell_in_the_web_shop(shop: Shop, cents: int) -> str:
    """A payment on the same account that no invoice of ours knows of."""
    buyer = {
        "first_name": "Ali", "last_name": "Bey", "email": "ali@example.org", "address1": "1 rue", "postcode": "75001",
        "city": "Paris", "country": "FR",
    }  # fmt: skip
    answer = requests.post(
        f"{shop.simulator.url}/v1/payments",
        json={"amount": cents, "currency": "EUR", "billing": buyer, "shipping": {**buyer, "delivery_type": "OTHER"}},
        headers={
            "Authorization": f"Bearer {shop.simulator.live_key}", "PayPlug-Version": "2019-08-06",
        },
        timeout=30,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def pay_by_card(shop: Shop, price: str) -> str:
    payment_id = shop.click(shop.invoice(price))
    shop.simulator.pay(payment_id)
    shop.notify_about(payment_id)
    shop.work()
    return payment_id


def night(shop: Shop) -> None:
    """What the worker does by itself: the sync, and the reports."""
    shop.sync()
    with shop.app.app_context():
        work_reports()
        db.session.remove()


def test_the_wallet_account_is_what_payplug_holds(each_shop: Shop, tmp_path: Path) -> None:
    shop, payplug = each_shop, each_shop.simulator
    with time_machine.travel(next_month(10)):
        # Three customers pay by card; one is given 20 € back in the portal, the bank of another takes her money back.
        refunded, _kept, disputed = (
            pay_by_card(shop, "100"),
            pay_by_card(shop, "200"),
            pay_by_card(shop, "50"),
        )
        payplug.refund(refunded, 2000)
        payplug.dispute(disputed)
        # The web shop sells as well, and gives something back.
        sold = sell_in_the_web_shop(shop, 9900)
        payplug.pay(sold)
        payplug.refund(sold, 900)
        # Two payouts of the same amount on one day.
        payplug.pay_out(10_000)
        payplug.pay_out(10_000)
        night(shop)
        with shop.inside():
            assert books("512500", "580") == {"512500": "400.00"}
        month = f"{paris_today():%Y-%m}"
    first_of_next = next_month(10).replace(day=1) + timedelta(days=32)
    with time_machine.travel(first_of_next.replace(day=2)):
        payplug.invoice_fees(month)
        payplug.assume(report_delay_seconds=3600)
        night(shop)
        with shop.inside():
            # The invoice is of the 1st: the report of the month after will tell it.
            (report,) = db.session.query(PayplugReport).filter_by(state=ReportState.MAKING)
            report_id = report.payplug_id
    with time_machine.travel(first_of_next.replace(day=2) + timedelta(hours=2)):
        assert shop.notify({"id": report_id, "object": "accounting_report", "is_live": True}) == 200
        shop.work()
        night(shop)
        night(shop)
        with shop.inside():
            assert books(*ACCOUNTS) == {
                "411": "80.00",  # given back without a credit note: 20 €; taken back by the bank: 60 €
                "44566": "3.00",
                "471": "-90.00",
                "512500": "212.00",
                "580": "200.00",
                "627": "15.00",
            }
    # A month later the invoice of fees is in the report too.
    with time_machine.travel((first_of_next + timedelta(days=32)).replace(day=2)):
        payplug.assume(report_delay_seconds=0)
        night(shop)
        with shop.inside():
            held = payplug.balance()
            assert held < 21_200
            assert wallet_standing().ledger_cents == wallet_standing().payplug_cents == held
            assert wallet_standing().difference_cents == 0
            operations = db.session.query(PayplugOperation).count()
        # The portal's spreadsheet of everything, uploaded by hand, brings nothing that was not told.
        xlsx = requests.get(
            f"{payplug.url}/portal/money/{payplug.accounts()[0]['id']}/report.xlsx", timeout=30
        ).content
        with shop.inside():
            taken = import_report(upload_report(xlsx, "report.xlsx", actor_id=None))
            assert (taken.new_rows, taken.known_rows) == (0, operations)
            assert wallet_standing().payplug_cents == held
        night(shop)
        shop.assert_sound()
        run = shop.app.test_cli_runner()
        for year in {next_month(10).year, first_of_next.year}:
            made = run.invoke(
                args=[
                    "fec",
                    "export",
                    "--company",
                    COMPANY["siren"],
                    "--year",
                    str(year),
                    "--output",
                    str(tmp_path),
                ]
            )
            assert made.exit_code == 0, made.output
        files = list(tmp_path.glob("*FEC????????.*"))
        assert files
        for file in files:
            assert run.invoke(args=["fec", "check", str(file)]).exit_code == 0
        assert run.invoke(args=["verify"]).exit_code == 0
