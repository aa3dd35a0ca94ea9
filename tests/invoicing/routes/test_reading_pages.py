"""Pages and files that an accountant reads: they show what the documents and the ledger hold."""

from __future__ import annotations

import io
import re
from datetime import date

import openpyxl
import pytest

from accounting.reading.account_ledger import LedgerFilter, ledger_accounts
from accounting.reading.ledger_page import ledger_parts, slot_count
from core.database import transaction
from core.models import Role
from core.tenancy import in_company
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_customer, make_line, pay


@pytest.fixture
def accountant(app, company_id):
    """Reads a company that sold goods and work in April and was paid in part in May."""
    with app.app_context(), in_company(company_id), transaction():
        customer = make_customer(name="=Boulangerie")
        invoice = issue(
            make_line("1", "300", goods=True),
            make_line("1", "100"),
            customer=customer,
            today=date(2026, 4, 3),
        )
        pay(invoice, "240", paid_on=date(2026, 5, 5), reference="VIR 1")
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def shown(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.text.replace("\u202f", " ").replace("\u00a0", " ")


def csv_of(client, url: str) -> list[str]:
    answer = client.get(url)
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8"), url
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return answer.data.decode("utf-8-sig").splitlines()


def sheets_of(client, url: str) -> dict[str, list[tuple]]:
    with client.get(url) as answer:
        assert answer.status_code == 200, url
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return {page.title: [tuple(cell.value for cell in row) for row in page] for page in book}


def test_the_report_of_vat_is_a_page_and_files(accountant):
    page = shown(accountant, "/books/vat?period=2026-05")
    assert "The report is the ledger, to the cent" in page
    assert "50.00" in page
    assert "services are taxed when they are paid" in page
    assert "50.00" in shown(accountant, "/books/vat?from=2026-05-01&to=2026-05-31")
    assert "F-2026-0001" in page  # waits still
    assert "Nothing was sold" in shown(accountant, "/books/vat?period=2019")
    assert shown(accountant, "/books/vat?period=2026-13&from=no&to=2026-99-99")
    assert csv_of(accountant, "/books/vat?period=2026-05&format=csv")[1].startswith("20,00;")
    sheets = sheets_of(accountant, "/books/vat?period=2026-T2&format=xlsx")
    assert list(sheets) == ["VAT by rate", "CA3", "VAT not due yet"]
    assert ("08", "Standard rate 20 %", 350, 70) in sheets["CA3"]
    assert sheets["VAT not due yet"][1][2:] == ("=Boulangerie", 10)


def test_balances_by_age_are_as_they_were_on_any_day(accountant):
    # 480 invoiced on 3 April, due 30 days later; 240 paid on 5 May.
    assert "Nothing is open" in shown(accountant, "/books/ageing?day=2026-04-02")
    on_the_day = shown(accountant, "/books/ageing?day=2026-05-03")
    assert "480.00" in on_the_day
    assert "Agrees" in on_the_day
    rows = csv_of(accountant, "/books/ageing?day=2026-05-04&format=csv")
    assert rows[1].endswith("'=Boulangerie;0,00;480,00;0,00;0,00;0,00;0,00;480,00")
    late = csv_of(accountant, "/books/ageing?day=2026-08-20&format=csv")
    assert late[-1] == ";Total;0,00;0,00;0,00;0,00;240,00;0,00;240,00"
    sheets = sheets_of(accountant, "/books/ageing?day=2026-05-06&format=xlsx")
    piece, issued, due, days, cents = sheets["Open documents"][1][2:]
    assert (piece, days, cents) == ("F-2026-0001", 3, 240)
    assert (issued.date(), due.date()) == (date(2026, 4, 3), date(2026, 5, 3))
    page = shown(accountant, "/books/ageing/customers/C00001?day=2026-05-06")
    assert "1 to 30 days" in page
    assert 'href="/invoices/1"' in page
    assert "Nothing is open" in shown(accountant, "/books/ageing/customers/C99999")
    assert "Nothing is open" not in shown(accountant, "/books/ageing?q=nobody&day=2026-05-06")
    for cents in ("1,2,3,4,5", "", "x,,-7,9999999999999999999999", "1,2,3,4,5,6,7"):
        image = accountant.get(f"/books/ageing/chart-dark.svg?cents={cents}&narrow=1")
        assert image.content_type.startswith("image/svg+xml")
        assert b"<script" not in image.data


def test_payments_of_a_period_have_totals_tied_to_the_treasury(accountant):
    page = shown(accountant, "/books/payments?period=2026-05")
    assert "VIR 1" in page
    assert "Agrees" in page
    assert "Differs" not in page
    assert "No money came in" in shown(accountant, "/books/payments?period=2026-04")
    assert csv_of(accountant, "/books/payments?period=2026-05&format=csv")[1].startswith(
        "05/05/2026;Payment;Transfer;1;VIR 1;C00001;'=Boulangerie;240,00;"
    )
    totals = sheets_of(accountant, "/books/payments?period=2026&format=xlsx")["Totals"]
    assert ("Since the beginning", 240, 0, 240) in totals
    assert ("On invoices, at 20\u00a0%", None, None, 240) in totals


def test_collections_by_rate_name_the_fields_of_the_flows(accountant):
    page = shown(accountant, "/books/collected?period=2026-05")
    assert "F-2026-0001" in page
    assert "no platform has confirmed" in page
    rows = csv_of(accountant, "/books/collected?period=2026-05&format=csv")
    assert [row.split(";")[5:11] for row in rows[1:]] == [
        ["05/05/2026", "212", "MEN", "20,00", "60,00", "yes"],
        ["05/05/2026", "212", "MEN", "20,00", "180,00", "no"],
    ]
    assert "Flow 10.4 (unconfirmed)" in sheets_of(accountant, "/books/collected?period=2026-05&format=xlsx")
    assert "Nothing was collected" in shown(accountant, "/books/collected?period=2026-04")


def test_journals_ledger_and_balance_are_narrowed_and_downloaded(accountant):
    in_2026 = "from=2026-01-01&to=2026-12-31"
    assert "445711" in shown(accountant, f"/books/general-ledger?{in_2026}")
    narrowed = shown(accountant, f"/books/general-ledger?{in_2026}&first=41&last=41")
    assert "411000 – Clients" in narrowed
    assert "445711 –" not in narrowed
    only_open = csv_of(accountant, f"/books/general-ledger?{in_2026}&first=411&open=1&format=csv")
    assert len(only_open) == 1 + 4
    assert "Nothing moved" in shown(accountant, "/books/general-ledger?from=2020-01-01&to=2020-12-31")
    assert len(shown(accountant, f"/books/general-ledger?{in_2026}&customer=C00001&page=9")) > 0
    rows = csv_of(accountant, f"/books/general-ledger?{in_2026}&first=411&format=csv")
    assert rows[1].endswith(";Opening;;;;0,00")
    assert rows[2].endswith(";480,00;0,00;;480,00")
    assert rows[-1].split(";")[6:] == ["Closing", "480,00", "240,00", "", "240,00"]
    journal = csv_of(accountant, "/books?journal=VE&format=csv")
    assert len(journal) == 1 + 5
    assert journal[1].startswith("VE;03/04/2026;VE000001;F-2026-0001;")
    balance = sheets_of(accountant, f"/books/trial-balance?{in_2026}&first=4&last=44&format=xlsx")
    assert [row[0] for row in balance["Trial balance"][1:]] == ["411000", "445711", "445740"]
    page = shown(accountant, f"/books/trial-balance?{in_2026}&first=7")
    assert "Total of these accounts" in page
    assert "707000" in page
    assert "411000" not in page
    account = re.search(r'href="(/books/accounts/\d+)', page)
    assert account is not None
    assert csv_of(accountant, f"{account[1]}?{in_2026}&format=csv")[1].startswith("70")
    assert set(sheets_of(accountant, f"{account[1]}?format=xlsx")) == {"General ledger"}


def test_a_page_of_the_general_ledger_begins_and_ends_anywhere(accountant, app, company_id):
    with app.app_context(), in_company(company_id):
        wanted = LedgerFilter(first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
        accounts = ledger_accounts(wanted)
        whole = ledger_parts(accounts, wanted, limit=1_000, offset=0)
        assert all(part.begins and part.ends for part in whole)
        lines = [line for part in whole for line in part.lines]
        assert len(lines) == slot_count(accounts) == 9
        cut = [ledger_parts(accounts, wanted, limit=2, offset=offset) for offset in range(0, 9, 2)]
        assert [line for parts in cut for part in parts for line in part.lines] == lines
        assert sum(part.begins for parts in cut for part in parts) == len(whole)
        assert sum(part.ends for parts in cut for part in parts) == len(whole)


READING = (
    "general-ledger",
    "vat",
    "ageing",
    "ageing/customers/C00001",
    "payments",
    "collected",
    "ageing/chart-light.svg",
)


@pytest.mark.parametrize("role", [Role.OWNER, Role.STAFF, Role.VIEWER])
def test_every_member_reads(app, company_id, role):
    client = signed_in_client(app, company_id, role)
    assert {client.get(f"/books/{path}").status_code for path in READING} == {200}
