"""The settings pages of the books: who may open them, what they save, and what they say when something cannot be."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from accounting.models import Account, AccountingSettings, Journal
from accounting.treasury_models import TreasuryAccount
from core.database import db
from core.models import Role
from core.tenancy import in_company
from invoicing.payment_means import PaymentMeans, offered_means
from tests.accounting.shop import SERVICES_120, Shop
from tests.conftest import make_company, signed_in_client

PAGES = (
    "/books/chart", "/books/chart/accounts.csv", "/books/chart/accounts.xlsx", "/books/chart/1",
    "/books/settings/choices", "/books/settings/changes", "/books/treasury", "/books/treasury/new",
    "/books/treasury/1", "/books/treasury/journals/1", "/books/means", "/books/means/transfer",
)  # fmt: skip
FORMS = (
    "/books/chart", "/books/chart/1", "/books/settings/sales", "/books/settings/customers",
    "/books/settings/deposits", "/books/settings/years", "/books/treasury/new", "/books/treasury/1",
    "/books/treasury/journals/1", "/books/means/transfer",
)  # fmt: skip


@pytest.fixture
def accountant(app, company_id):
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def shown(answer) -> str:
    return re.sub(r"\s+", " ", answer.text.replace("\u202f", " ").replace("\u00a0", " "))


def test_owner_and_accountant_alone_open_and_change_the_settings(app, company_id):
    for role, allowed in (
        (Role.OWNER, True), (Role.ACCOUNTANT, True), (Role.STAFF, False), (Role.VIEWER, False),
    ):  # fmt: skip
        client = signed_in_client(app, company_id, role)
        for url in PAGES:
            assert client.get(url).status_code == (200 if allowed else 403), (role, url)
        for url in FORMS:
            assert (client.post(url, data={}).status_code == 403) is not allowed, (role, url)


def test_another_companys_rows_are_not_found(app, accountant):
    other = make_company(app, siren="552100554", name="Autre")
    with app.app_context(), in_company(other):
        ids = [db.session.scalars(select(table.id)).first() for table in (Account, TreasuryAccount, Journal)]
    for path, row_id in zip(("chart", "treasury", "treasury/journals"), ids, strict=True):
        assert accountant.get(f"/books/{path}/{row_id}").status_code == 404
        assert (
            accountant.post(f"/books/{path}/{row_id}", data={"label": "x", "code": "XX"}).status_code == 404
        )
    assert accountant.get("/books/means/card").status_code == 404


def test_the_chart_is_searched_added_to_renamed_and_fetched(accountant, app, company_id):
    page = shown(accountant.get("/books/chart"))
    assert page.index("411000") < page.index("445711") < page.index("512000") < page.index("706000")
    assert "VAT collected 20 %" in page or "VAT collected 20%" in page
    assert "512000" not in shown(accountant.get("/books/chart?q=chèques"))
    assert "No account found" in shown(accountant.get("/books/chart?q=zzz"))
    assert "Give the name." in accountant.post("/books/chart", data={"number": "627100"}).text
    refused = accountant.post("/books/chart", data={"number": "512000", "label": "Autre"})
    assert "Account 512000 exists already: Banque." in refused.text
    assert 'value="Autre"' in refused.text
    assert accountant.post("/books/chart", data={"number": "627100", "label": "Frais"}).status_code == 303
    with app.app_context(), in_company(company_id):
        account_id = db.session.scalars(select(Account.id).where(Account.number == "627100")).one()
    sent = {"seen": "Frais", "label": "=Frais bancaires"}
    assert accountant.post(f"/books/chart/{account_id}", data=sent).status_code == 303
    assert accountant.post(f"/books/chart/{account_id}", data={**sent, "label": "x"}).status_code == 409
    assert "=Frais bancaires" in accountant.get(f"/books/chart/{account_id}").text
    rows = accountant.get("/books/chart/accounts.csv").data.decode("utf-8-sig").splitlines()
    assert rows[0] == "Account;Name in the books;Used for"
    assert "627100;'=Frais bancaires;" in rows
    book = openpyxl.load_workbook(io.BytesIO(accountant.get("/books/chart/accounts.xlsx").data))
    cells = {row[0]: row[1] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert (cells["627100"], cells["512000"]) == ("=Frais bancaires", "Banque")


def test_choices_are_shown_before_they_are_saved(accountant, app, company_id):
    preview = accountant.post("/books/settings/sales", data={"sales_extension": "two", "action": "preview"})
    assert "70620" in preview.text
    refused = accountant.post("/books/settings/sales", data={"sales_extension": "padded", "seen": "none"})
    assert "706000 would become 706200" in shown(refused)
    for _ in range(2):
        answer = accountant.post("/books/settings/sales", data={"sales_extension": "two", "seen": "none"})
        assert answer.status_code == 303
    assert accountant.post("/books/settings/sales", data={"sales_extension": "three"}).status_code == 200
    sent = {"customer_accounts": "by_code", "seen": "collective"}
    answer = accountant.post("/books/settings/customers", data=sent)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("#content")  # or "Saved" stands where nobody looks
    for way, gives in (("at_issue", "445740"), ("when_paid", "445880")):
        sent = {"deposits_scheme": way, "seen": "at_issue"}
        preview = accountant.post("/books/settings/deposits", data={**sent, "action": "preview"})
        assert gives in preview.text
        assert ("nothing is booked" in preview.text) is (way == "when_paid")
    for _ in range(2):
        assert accountant.post("/books/settings/deposits", data=sent).status_code == 303
    stale = {"deposits_scheme": "at_issue", "seen": "at_issue"}
    assert accountant.post("/books/settings/deposits", data=stale).status_code == 409
    assert accountant.post("/books/settings/deposits", data={"deposits_scheme": "never"}).status_code == 200
    years = {"end_month": "6", "first_day": "2025-11-15", "last_day": "2027-06-30", "seen": "12//"}
    preview = accountant.post("/books/settings/years", data={**years, "action": "preview"})
    assert "not twelve months" in preview.text
    late = accountant.post("/books/settings/years", data={**years, "last_day": "2027-11-15"})
    assert "until 14/11/2027" in late.text
    for slip in (
        {"first_day": "0001-01-01"},
        {"last_day": "9999-12-31"},
        {"end_month": "13"},
        {"end_month": ""},
    ):
        assert accountant.post("/books/settings/years", data={**years, **slip}).status_code == 200, slip
    assert accountant.post("/books/settings/years", data=years).status_code == 303
    with app.app_context(), in_company(company_id):
        settings = db.session.scalars(select(AccountingSettings)).one()
        assert (settings.sales_extension, settings.customer_accounts) == ("two", "by_code")
        assert (settings.fiscal_year_end_month, settings.deposits_scheme) == (6, "when_paid")
        Shop().invoice(SERVICES_120)
    assert "has entries" in shown(accountant.get("/books/settings/choices"))
    changes = shown(accountant.get("/books/settings/changes"))
    for words in (
        "end in June, the first one Nov 15, 2025 – Jun 30, 2027",
        "One account each, by code",
        "When they are paid",
        "70720",
    ):
        assert words in changes


def test_treasury_accounts_and_journals_are_kept_on_pages(accountant, app, company_id):
    new = {
        "kind": "bank",
        "label": "Crédit du Nord",
        "number": "411100",
        "journal_code": "B2",
        "bank_id": "1",
    }
    refused = accountant.post("/books/treasury/new", data=new)
    assert "must begin with 512" in refused.text
    assert 'value="Crédit du Nord"' in refused.text
    assert accountant.post("/books/treasury/new", data={**new, "number": "512100"}).status_code == 303
    with app.app_context(), in_company(company_id):
        bank = db.session.scalars(select(TreasuryAccount).where(TreasuryAccount.role.is_(None))).one()
        bank_id, journal_id = bank.id, bank.journal_id
        first_id = db.session.scalars(select(TreasuryAccount.id).where(TreasuryAccount.role == "bank")).one()
    transit = {"kind": "in_transit", "label": "Terminal", "number": "511500", "bank_id": str(bank_id)}
    assert accountant.post("/books/treasury/new", data=transit).status_code == 303
    page = shown(accountant.get("/books/treasury"))
    assert "512100" in page
    assert "511500" in page
    url = f"/books/treasury/{bank_id}"
    sent = {"version": "1", "label": "Nord", "iban": "FR76 3000 6000 0112 3456 7890 188", "is_open": "y"}
    assert "This IBAN is wrong" in accountant.post(url, data=sent).text
    sent["iban"] = "FR76 3000 6000 0112 3456 7890 189"
    assert accountant.post(url, data=sent).status_code == 303
    assert accountant.post(url, data={**sent, "label": "Autre"}).status_code == 409
    assert (
        "stays open"
        in accountant.post(f"/books/treasury/{first_id}", data={"version": "1", "label": "x"}).text
    )
    journal = f"/books/treasury/journals/{journal_id}"
    assert "exists" not in accountant.get(journal).text
    refused = accountant.post(journal, data={"code": "VE", "label": "Nord", "seen": "B2 Crédit du Nord"})
    assert "There is a journal VE already." in refused.text
    sent = {"code": "NO", "label": "Nord", "seen": "B2 Crédit du Nord"}
    assert accountant.post(journal, data=sent).status_code == 303
    assert ">NO<" in accountant.get("/books/treasury").text
    changes = shown(accountant.get("/books/settings/changes"))
    assert "B2 Crédit du Nord" in changes
    assert "New treasury account 512100" in changes


def test_means_of_payment_are_named_switched_and_led_to_a_bank(accountant, app, company_id):
    new = {"kind": "bank", "label": "Nord", "number": "512100", "journal_code": "B2", "bank_id": "1"}
    assert accountant.post("/books/treasury/new", data=new).status_code == 303
    with app.app_context(), in_company(company_id):
        bank_id = db.session.scalars(select(TreasuryAccount.id).where(TreasuryAccount.role.is_(None))).one()
        cash_id = db.session.scalars(select(TreasuryAccount.id).where(TreasuryAccount.role == "cash")).one()
    url = "/books/means/transfer"
    sent = {"version": "1", "is_offered": "y", "label": "Virement", "treasury_account_id": str(bank_id)}
    assert accountant.post(url, data={**sent, "treasury_account_id": str(cash_id)}).status_code == 200
    assert accountant.post(url, data=sent).status_code == 303
    assert accountant.post(url, data={**sent, "label": "Autre"}).status_code == 409
    off = {"version": "1", "label": "", "treasury_account_id": "0"}
    for name in ("cheque", "cash"):
        assert accountant.post(f"/books/means/{name}", data=off).status_code == 303
    last = accountant.post(url, data={**sent, "version": "2", "is_offered": ""})
    assert "Offer at least one means of payment." in last.text
    with app.app_context(), in_company(company_id):
        offered = [(one.method.value, one.label, one.treasury.account_number) for one in offered_means()]
        assert offered == [("transfer", "Virement", "512100")]
        assert len(db.session.scalars(select(PaymentMeans)).all()) == 3
    changes = shown(accountant.get("/books/settings/changes"))
    assert "Means of payment: Transfer" in changes
    assert "Virement, 512100 Nord, offered" in changes
