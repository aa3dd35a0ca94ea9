"""The pages of the wallet: look at a report before it is booked, see every line of the difference, open the wallet."""

from __future__ import annotations

import io
import re
from datetime import date
from xml.etree import ElementTree as ET

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import paris_today
from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.give_back import MoneyBack
from invoicing.payments import PaymentMethod
from invoicing.refund_payment import refund_payment
from payplug_bridge.operations.models import PayplugOperation, PayplugReport, ReportState
from payplug_bridge.operations.wallet import wallet_standing
from payplug_bridge.operations.wallet_months import wallet_months
from payplug_bridge.operations.wallet_opening import opening_accounts
from tests.conftest import make_company, signed_in_client
from tests.factories.invoicing import issue, make_line, pay
from tests.payplug_bridge.operations.report_files import csv_file
from tests.scenarios.money import all_is_well, books

WALLET = "/payplug/wallet"
ROWS = (
    ("10/09/2026", "Virement", "-50,00", "", "", ""),
    ("11/09/2026", "Ajustement", "3,00", "", "", ""),
    ("12/09/2026", "Virement", "cinq", "", "", ""),
)


def upload(client: FlaskClient, content: bytes, name: str = "report.csv"):
    return client.post(f"{WALLET}/reports", data={"file": (io.BytesIO(content), name)})


def test_an_accountant_uploads_looks_books_and_opens_the_wallet(app: Flask, company_id: int) -> None:
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    with app.app_context(), in_company(company_id):
        with transaction():
            pay(
                issue(make_line("1", "100"), today=date(2026, 9, 1)), "120", method=PaymentMethod.CARD,
                paid_on=date(2026, 9, 5), external_id="pay_1",
            )  # fmt: skip
        suspense = next(a.id for a in opening_accounts() if a.number == "471000")
    assert "No accounting report yet" in client.get(WALLET).text

    refused = upload(client, b"Dear PayPlug", "<b>letter.csv")
    assert refused.status_code == 422
    assert "This is not an accounting report of PayPlug" in refused.text
    assert upload(client, b"").status_code == 422

    # The preview says what it holds and which line cannot be read; nothing is booked.
    looked_at = upload(client, csv_file(*ROWS)).headers["Location"]
    page = client.get(looked_at).text
    for words in ("Payout to the bank", "Not understood", "The amount cannot be read.", "Book the report"):
        assert words in page
    with app.app_context(), in_company(company_id):
        assert books("580", "512500") == {"512500": "120.00"}
        assert db.session.scalars(select(PayplugOperation)).all() == []
    assert client.post(f"{looked_at}/discard").status_code == 303
    assert "Put aside" in client.get(f"{WALLET}/reports").text

    # Uploaded again it is the same report, and booked twice it is booked once.
    assert upload(client, csv_file(*ROWS)).headers["Location"] == looked_at
    for _ in range(2):
        assert client.post(f"{looked_at}/read").status_code == 303
    assert client.post(f"{looked_at}/discard").status_code == 409
    assert client.get(f"{looked_at}/file").data == csv_file(*ROWS)
    with app.app_context(), in_company(company_id):
        assert books("580", "512500") == {"512500": "70.00", "580": "50.00"}
        standing = wallet_standing()
        assert (standing.payplug_cents, standing.ledger_cents) == (-4700, 7000)
        assert (standing.unbooked_cents, standing.untold_cents, standing.unexplained_cents) == (
            300,
            12_000,
            0,
        )
        unknown = standing.unbooked[0].operation.id
    page = client.get(WALLET).text
    assert "1 operation of the reports that is not booked" in page
    assert "1 entry of the books that no report tells yet" in page

    # On the list *To handle* it waits for somebody too; then the money stands there as activity of others, in one line.
    assert "Ajustement" in client.get("/to-handle").text
    assert client.post(f"{WALLET}/operations/{unknown}/waiting").status_code == 303
    page = client.get("/to-handle").text
    assert "Other PayPlug activity" in page
    assert "Ajustement" not in page
    assert client.post(f"{WALLET}/operations/{unknown + 100}/waiting").status_code == 404
    # The opening balance: a day after the first entry is refused beside the field, a right one is booked once.
    typed = {"opens_on": "2026-09-20", "amount": "200,00", "account": str(suspense)}
    late = client.post(f"{WALLET}/opening", data=typed)
    assert late.status_code == 422
    assert re.search(r"The books follow the wallet from \d+ \w+ 2026 on", late.text)
    assert "200,00" in late.text
    assert client.post(f"{WALLET}/opening", data={**typed, "amount": "much"}).status_code == 422
    assert client.post(f"{WALLET}/opening", data={**typed, "opens_on": "2026-09-01"}).status_code == 303
    assert client.post(f"{WALLET}/opening", data={**typed, "opens_on": "2026-09-01"}).status_code == 409
    with app.app_context(), in_company(company_id):
        assert books("471", "512500") == {"471": "-203.00", "512500": "273.00"}
        all_is_well()


def test_a_report_is_asked_for_of_days_that_make_sense(app: Flask, company_id: int) -> None:
    client = signed_in_client(app, company_id, Role.OWNER)
    for days in (
        ("2026-09-02", "2026-09-01"),
        ("2020-01-01", "2026-09-01"),
        ("2999-01-01", "2999-01-02"),
        ("", ""),
    ):
        wrong = client.post(f"{WALLET}/reports/ask", data={"starts_on": days[0], "ends_on": days[1]})
        assert wrong.status_code == 422, days
    for _ in range(2):
        right = client.post(
            f"{WALLET}/reports/ask", data={"starts_on": "2026-09-01", "ends_on": "2026-09-30"}
        )
        assert right.status_code == 303
    assert "To be asked for" in client.get(f"{WALLET}/reports").text
    with app.app_context(), in_company(company_id):
        assert set(db.session.scalars(select(PayplugReport.state))) == {ReportState.WANTED}
    other = make_company(app, siren="552100554", name="Autre")
    stranger = signed_in_client(app, other, Role.ACCOUNTANT)
    assert stranger.get(f"{WALLET}/reports/1").status_code == 404
    assert stranger.post(f"{WALLET}/reports/1/read").status_code == 404


def test_a_name_that_no_database_holds_is_no_error(postgres_app: Flask) -> None:
    client = signed_in_client(postgres_app, make_company(postgres_app))
    kept = upload(client, csv_file(*ROWS), "C:\\reports\\a\0b.csv")
    assert "ab.csv" in client.get(kept.headers["Location"]).text
    assert client.get("/to-handle/a%00/5/x%00").status_code == 404


def test_the_months_of_the_wallet_are_a_picture_with_its_figures(app: Flask, company_id: int) -> None:
    client = signed_in_client(app, company_id, Role.ACCOUNTANT)
    assert "Month by month" not in client.get(WALLET).text
    today = paris_today()
    with app.app_context(), in_company(company_id), transaction():
        invoice = issue(make_line("1", "100"), today=today)
        payment = pay(invoice, "120", method=PaymentMethod.CARD, paid_on=today, external_id="pay_1").id
        refund_payment(MoneyBack(payment, 2_000, today, external_id="re_1"))
    page = client.get(WALLET).text
    for shown in ("Month by month", "Came in", "€120.00", "€20.00", "months-light.svg"):
        assert shown in page
    with app.app_context(), in_company(company_id):
        months = wallet_months()
    assert (len(months), months[-1].in_cents, months[-1].out_cents) == (12, 120_00, 20_00)
    for theme in ("light", "dark", "nonsense"):
        answer = client.get(f"{WALLET}/months-{theme}.svg?narrow=1")
        assert answer.mimetype == "image/svg+xml"
        assert ET.fromstring(answer.data).tag.endswith("svg")
        assert b"<script" not in answer.data
