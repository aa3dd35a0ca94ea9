"""The pages of the books: who may see and change what, and that they show what the ledger holds."""

from __future__ import annotations

import io
from datetime import date

import pytest
from sqlalchemy import select, text

from accounting.chart import read_chart
from accounting.fec.check import check_fec
from accounting.fec.findings import Verdict
from accounting.models import Account, AccountingSettings, FiscalYear, JournalEntry
from accounting.roles import AccountRole
from accounting.source_links import add_source_link
from core.database import db, transaction
from core.event_log import Event
from core.models import Role
from core.tenancy import in_company
from core.web import uploads
from tests.accounting.fec.right_file import NAME, column, right_rows, text_of
from tests.accounting.shop import GOODS_110, MARCH_1, SERVICES_120, Shop
from tests.conftest import make_company, signed_in_client


@pytest.fixture
def books(app, company_id) -> int:
    """A company with an invoice paid in March 2026 and one open from the year before; gives the id of year 2026."""
    with app.app_context(), in_company(company_id):
        shop = Shop()
        shop.invoice(SERVICES_120, on=MARCH_1)
        shop.pay(1, 120_00, on=date(2026, 3, 9))
        shop.invoice(GOODS_110, on=date(2025, 12, 5))
        return db.session.scalars(select(FiscalYear.id).where(FiscalYear.ends_on == date(2026, 12, 31))).one()


@pytest.fixture
def accountant(app, company_id, books):
    return signed_in_client(app, company_id, Role.ACCOUNTANT)


def shown(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.text.replace("\u202f", " ").replace("\u00a0", " ")


def test_the_journal_shows_entries_with_their_lines_and_letters(accountant):
    page = shown(accountant, "/books")
    assert "VE000001 – Facture F-0001 Dupont SARL" in page
    assert "BQ000001 – Encaissement R2 Dupont SARL" in page
    assert "445740" in page
    assert ">AA<" in page


def test_the_journal_is_narrowed_by_journal_period_and_text(accountant):
    assert "BQ000001 –" not in shown(accountant, "/books?journal=VE")
    in_2025 = shown(accountant, "/books?from=2025-01-01&to=2025-12-31")
    assert "F-0003" in in_2025
    assert "F-0001" not in in_2025
    assert "F-0001" in shown(accountant, "/books?q=f-0001")
    assert "No entry found" in shown(accountant, "/books?q=%25")
    assert "No entry found" in shown(accountant, "/books?journal=ZZ")


def test_what_is_no_day_is_ignored(accountant):
    assert "F-0001" in shown(accountant, "/books?from=32%2F13&to=never&page=999999999999999999999")


def test_an_entry_has_a_page_with_a_link_to_what_it_was_posted_for(accountant, app):
    add_source_link(app, "document", lambda source_id: f"/somewhere/{source_id}")
    with app.app_context():
        entry_id = db.session.execute(
            select(JournalEntry.__table__.c.id).where(JournalEntry.__table__.c.number == "BQ000001")
        ).scalar_one()
    assert "Encaissement R2 Dupont SARL" in shown(accountant, f"/books/entries/{entry_id}")
    assert 'href="/somewhere/1"' in shown(accountant, "/books?q=F-0001")
    assert accountant.get("/books/entries/999999").status_code == 404


def account_id(app, company_id: int, role: AccountRole) -> int:
    with app.app_context(), in_company(company_id):
        return read_chart().account_id(role)


def test_an_accounts_ledger_has_a_running_balance_and_opens_with_the_year_before(accountant, app, company_id):
    customers = account_id(app, company_id, AccountRole.CUSTOMERS)
    page = shown(accountant, f"/books/accounts/{customers}?from=2026-01-01&to=2026-12-31")
    for amount in ("110.00", "230.00", "120.00"):
        assert amount in page
    assert "F-0003" not in page
    only_open = shown(accountant, f"/books/accounts/{customers}?from=2025-01-01&to=2026-12-31&open=1")
    assert "F-0003" in only_open
    assert "F-0001" not in only_open
    assert "Nothing moved" in shown(accountant, f"/books/accounts/{customers}?customer=C99999")
    assert accountant.get("/books/accounts/999999").status_code == 404


def test_the_trial_balance_adds_up_on_any_period(accountant):
    page = shown(accountant, "/books/trial-balance?from=2026-01-01&to=2026-12-31")
    assert "Debits and credits are equal" in page
    assert "Result of earlier years" in page
    assert "No entry was posted" in shown(accountant, "/books/trial-balance?from=2019-01-01&to=2019-12-31")
    assert shown(accountant, "/books/trial-balance?from=2027-01-01&to=2020-12-31")


def test_the_fec_is_checked_shown_and_fetched_with_its_notice(accountant, app, company_id, books):
    assert "Jan 1, 2026" in shown(accountant, "/books/fec") or "1 Jan 2026" in shown(accountant, "/books/fec")
    assert "The file is right" in shown(accountant, f"/books/fec/{books}")
    answer = accountant.get(f"/books/fec/{books}/file")
    assert answer.status_code == 200
    assert "732829320FEC20261231.txt" in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert check_fec(io.BytesIO(answer.data), "732829320FEC20261231.txt").verdict is Verdict.RIGHT
    answer.close()
    notice = accountant.get(f"/books/fec/{books}/notice")
    assert "732829320FEC20261231-notice.txt" in notice.headers["Content-Disposition"]
    assert "EcritureLet" in notice.text
    with app.app_context(), in_company(company_id):
        event = db.session.scalars(select(Event).where(Event.kind == "fec.exported")).one()
        assert event.actor_id is not None


def test_a_faulty_fec_is_explained_and_not_given_out(accountant, app, company_id, books):
    with app.app_context(), in_company(company_id), transaction() as session:
        session.execute(text("DROP TRIGGER frozen_entry_line_update"))
        session.execute(text("UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE id = 1"))
    page = shown(accountant, f"/books/fec/{books}")
    assert "not given out" in page
    assert "VE000001" in page
    answer = accountant.get(f"/books/fec/{books}/file")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/books/fec/{books}")


def test_another_companys_books_are_not_found(app, accountant, books):
    other = make_company(app, siren="552100554", name="Autre")
    with app.app_context(), in_company(other):
        Shop().invoice(SERVICES_120, on=date(2024, 5, 5))
        year = db.session.scalars(select(FiscalYear.id)).one()
        entry = db.session.scalars(select(JournalEntry.id)).one()
        account = read_chart().account_id(AccountRole.BANK)
    for url in (
        f"/books/fec/{year}",
        f"/books/fec/{year}/file",
        f"/books/entries/{entry}",
        f"/books/accounts/{account}",
    ):
        assert accountant.get(url).status_code == 404, url


READING = ("/books", "/books/trial-balance")
KEEPING = ("/books/fec", "/books/settings")


@pytest.mark.parametrize(
    ("role", "may_keep"), [(Role.OWNER, True), (Role.STAFF, False), (Role.VIEWER, False)]
)
def test_everybody_reads_but_only_owner_and_accountant_keep_the_books(app, company_id, books, role, may_keep):
    client = signed_in_client(app, company_id, role)
    for url in READING:
        assert client.get(url).status_code == 200
    for url in (*KEEPING, f"/books/fec/{books}/file", f"/books/fec/{books}/notice"):
        with client.get(url) as answer:
            assert answer.status_code == (200 if may_keep else 403), url
    for url in ("/books/settings/vat", "/books/settings/accounts"):
        assert (client.post(url, data={}).status_code == 403) is not may_keep


def test_without_entries_the_pages_say_so(app, company_id):
    client = signed_in_client(app, company_id)
    assert "No entries yet" in shown(client, "/books")
    assert "Nothing in this period" in shown(client, "/books/trial-balance")
    assert "No financial year yet" in shown(client, "/books/fec")


def test_the_option_for_debits_begins_after_the_invoices_that_exist(accountant, app, company_id):
    refused = accountant.post("/books/settings/vat", data={"vat_on_debits_from": "2026-03-01"})
    assert "Invoices exist up to 01/03/2026" in refused.text
    assert 'value="2026-03-01"' in refused.text
    assert (
        accountant.post("/books/settings/vat", data={"vat_on_debits_from": "2026-03-02"}).status_code == 303
    )
    assert accountant.post("/books/settings/vat", data={"vat_on_debits_from": "next year"}).status_code == 200
    with app.app_context(), in_company(company_id):
        assert db.session.scalars(select(AccountingSettings.vat_on_debits_from)).one() == date(2026, 3, 2)
        changes = db.session.scalars(select(Event.kind).where(Event.kind == "vat_on_debits.changed")).all()
        assert len(changes) == 1


def accounts_form(client) -> dict[str, str]:
    """What a browser would send back unchanged."""
    from html.parser import HTMLParser

    fields: dict[str, str] = {}

    class Inputs(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found = dict(attrs)
            if tag == "input" and (found.get("name") or "").startswith("rows-"):
                fields[str(found["name"])] = found.get("value") or ""

    Inputs().feed(client.get("/books/settings").text)
    return fields


def row_of(fields: dict[str, str], key: str) -> str:
    return next(name for name, value in fields.items() if value == key).removesuffix("-key")


def test_an_account_is_chosen_for_entries_to_come_only(accountant, app, company_id):
    fields = accounts_form(accountant)
    bank, rate_20 = row_of(fields, "bank"), row_of(fields, "vat_collected:2000")
    fields |= {f"{bank}-number": "512100", f"{bank}-label": "Banque Postale", f"{rate_20}-number": ""}
    assert accountant.post("/books/settings/accounts", data=fields).status_code == 303
    with app.app_context(), in_company(company_id):
        roles = {account.number: account.role for account in db.session.scalars(select(Account))}
        assert (roles["512000"], roles["512100"], roles["445711"]) == (None, "bank", None)
        shop = Shop(first_id=50)
        shop.invoice(SERVICES_120)
        numbers = [line.account.number for line in shop.pay(50, 120_00).lines]
        assert numbers == ["512100", "411000", "445740", "445710"]
        kinds = db.session.scalars(select(Event.kind).where(Event.kind == "account.assigned")).all()
        assert len(kinds) == 2


@pytest.mark.parametrize(
    "typed",
    [
        ("wallet", "467000", "PayPlug", "must begin with 512"),
        ("bank", "51", "Banque", "begins with three digits"),
        ("bank", "512500", "Banque", "used for something else"),
        ("bank", "512100", "", "Give the account a name"),
        ("bank", "512100", "a\tb", "Give the account a name"),
        ("customers", "", "Clients", "begins with three digits"),
    ],
)
def test_an_account_that_cannot_be_used_is_said_beside_it_and_nothing_is_saved(
    accountant, app, company_id, typed
):
    key, number, label, sentence = typed
    fields = accounts_form(accountant)
    row, cash = row_of(fields, key), row_of(fields, "cash")
    fields |= {f"{row}-number": number, f"{row}-label": label, f"{cash}-label": "Petite caisse"}
    answer = accountant.post("/books/settings/accounts", data=fields)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert f'value="{number}"' in answer.text
    with app.app_context(), in_company(company_id):
        assert "Petite caisse" not in db.session.scalars(select(Account.label)).all()
        assert db.session.scalars(select(Event).where(Event.kind == "account.assigned")).all() == []


def test_saving_the_accounts_unchanged_changes_and_logs_nothing(accountant, app, company_id):
    assert accountant.post("/books/settings/accounts", data=accounts_form(accountant)).status_code == 303
    with app.app_context(), in_company(company_id):
        assert db.session.scalars(select(Event).where(Event.kind == "account.assigned")).all() == []


@pytest.mark.parametrize("path", ["/books", "/books/trial-balance", "/books/accounts/1"])
def test_a_slip_in_a_year_shows_the_usual_period(accountant, path):
    for slip in ("from=0001-01-01", "to=0001-01-01", "from=9999-12-31", "from=0001-01-01&to=9999-12-31"):
        shown(accountant, f"{path}?{slip}")


def test_a_second_window_does_not_silently_win(accountant):
    fields = accounts_form(accountant)
    bank, cash = row_of(fields, "bank"), row_of(fields, "cash")
    first = {**fields, f"{bank}-number": "512100", f"{bank}-label": "Banque Postale"}
    for _ in range(2):  # a double click
        assert accountant.post("/books/settings/accounts", data=first).status_code == 303
    # An older page that changes something else puts nothing back.
    other = {**fields, f"{cash}-number": "531000", f"{cash}-label": "Caisse"}
    assert accountant.post("/books/settings/accounts", data=other).status_code == 303
    kept = accounts_form(accountant)
    assert (kept[f"{bank}-number"], kept[f"{cash}-number"]) == ("512100", "531000")
    # One that changes the same is told.
    late = {**fields, f"{bank}-number": "512200", f"{bank}-label": "Autre"}
    refused = accountant.post("/books/settings/accounts", data=late)
    assert refused.status_code == 200
    assert "Meanwhile this became 512100 Banque Postale." in refused.text
    assert accounts_form(accountant)[f"{bank}-number"] == "512100"

    def set_vat(day: str, seen: str) -> int:
        sent = {"vat_on_debits_from": day, "seen": seen}
        return int(accountant.post("/books/settings/vat", data=sent).status_code)

    assert [set_vat("2026-03-02", ""), set_vat("2026-03-02", ""), set_vat("2026-03-05", "")] == [
        303,
        303,
        409,
    ]
    assert set_vat("2026-03-05", "2026-03-02") == 303


def test_a_file_of_any_software_is_checked_and_its_faults_are_told_with_their_lines(accountant):
    address = "/books/fec/check"
    assert "Nothing of it is kept" in shown(accountant, address)
    answer = accountant.post(address, data={"year_start": "2026-01-01"})
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)
    rows = right_rows()
    right = accountant.post(
        address, data={"file": (io.BytesIO(text_of(rows, "|").replace("’", "'").encode("iso-8859-15")), NAME)}
    )
    assert f"{NAME} is right." in right.text
    assert "one sequence per journal" in right.text
    rows[3][column("Debit")] = "120.00"
    faulty = accountant.post(
        address, data={"file": (io.BytesIO(text_of(rows).encode()), f"C:\\dossier\\{NAME}")}
    )
    assert f"{NAME} is faulty." in faulty.text
    assert "“120.00” must be written with a decimal comma." in faulty.text
    unreadable = accountant.post(address, data={"file": (io.BytesIO(b"%PDF-1.7"), "facture.pdf")})
    assert "facture.pdf cannot be read as a FEC." in unreadable.text


def test_a_file_of_a_million_lines_may_be_sent_and_not_one_without_end(accountant, monkeypatch):
    content = text_of(right_rows()).encode()
    monkeypatch.setattr(uploads, "most_upload_bytes", lambda _: 100)
    assert accountant.post("/books/fec/check", data={"file": (io.BytesIO(content), NAME)}).status_code == 200
    monkeypatch.setattr(uploads, "MOST_LARGE_BYTES", 100)
    assert accountant.post("/books/fec/check", data={"file": (io.BytesIO(content), NAME)}).status_code == 413
