"""The pages of the bank: a file is looked at and taken in, lines are decided on, by whom it is allowed."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from accounting.models import Account
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from accounting.standing import entry_of
from core.clock import paris_today
from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.balances import balance_of
from invoicing.bank.models import BankLine, BankMatch
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod
from tests.conftest import PASSWORD, make_company, make_user, signed_in_client
from tests.factories.invoicing import pay
from tests.invoicing.bank.bank_files import camt, csv
from tests.invoicing.routes.conftest import page


def send(client, content: bytes, name: str = "releve.xml"):
    bank = page(client, "/bank").split('name="bank" value="')[1].split('"')[0]
    return client.post("/bank", data={"bank": bank, "file": (BytesIO(content), name)})


def test_a_file_is_looked_at_taken_in_and_its_sure_lines_confirmed_by_one_click(
    app, company_id, owner, invoice
):
    first, second = invoice(), invoice()
    today = paris_today().isoformat()
    with app.app_context(), in_company(company_id):
        number = db.session.get_one(Document, first).number
    entries = ((today, "120.00", f"VIR {number}", "X", ""), (today, "77.00", "INCONNU", "", ""))
    there = send(owner, camt(*entries)).headers["Location"]
    shown = page(owner, there)
    assert "€120.00" in shown
    assert "€1,197.00" in shown
    assert owner.post(there, data={"action": "read"}).status_code == 303
    # The same file again brings nothing.
    assert owner.post(there, data={"action": "read"}).status_code == 303
    listed = page(owner, "/bank")
    sure = listed.split('name="sure" value="')[1].split('"')[0]
    for _ in range(2):
        assert (
            owner.post("/bank/confirm-sure", data={"sure": [sure, "x=entry:1", "2=entry:99"]}).status_code
            == 303
        )
    with app.app_context(), in_company(company_id):
        assert [balance_of(n).open_cents for n in (first, second)] == [0, 12000]
        assert db.session.query(BankLine).count() == 2
        assert db.session.query(Payment).count() == db.session.query(BankMatch).count() == 1
    assert "INCONNU" in page(owner, "/bank")
    assert f"VIR {number}" in page(owner, "/bank?state=all")
    # The other by hand: the second invoice, in part.
    answer = owner.post("/bank/lines/2/pay", data={"invoices": [second]})
    assert answer.status_code == 303
    assert "Recorded as a payment" in page(owner, "/bank/lines/2")
    assert owner.post("/bank/lines/2/undo").status_code == 303
    assert owner.post("/bank/lines/2/pay", data={}).status_code == 422
    assert owner.post("/bank/lines/2/ignore", data={"reason": ""}).status_code == 422
    assert owner.post("/bank/lines/2/ignore", data={"reason": "Erreur de la banque"}).status_code == 303
    assert owner.post("/bank/lines/2/ignore", data={"reason": "Encore"}).status_code == 409


def test_the_columns_of_a_csv_file_are_shown_and_corrected(app, company_id, owner):
    today = f"{paris_today():%d/%m/%Y}"
    there = send(
        owner, csv("Date;Libellé;Montant;Autre", f"{today};UN;1,00;5,00", "Total;;9,00;"), "r.csv"
    ).headers["Location"]
    assert "€1.00" in page(owner, there)
    columns = {"date": 0, "wording": 1, "amount": 3}
    others = dict.fromkeys(("more", "debit", "credit", "party", "iban", "reference", "balance"), -1)
    looked = owner.post(there, data={**others, **columns, "action": "look"})
    assert "€5.00" in looked.text
    incomplete = owner.post(there, data={**others, "date": 0, "wording": 1, "amount": -1, "action": "read"})
    assert incomplete.status_code == 200
    assert "Say which column" in incomplete.text
    with app.app_context(), in_company(company_id):
        assert db.session.query(BankLine).count() == 0
    assert owner.post(there, data={**others, **columns, "action": "read"}).status_code == 303
    with app.app_context(), in_company(company_id):
        assert db.session.query(BankLine.amount_cents).scalar() == 500


def test_what_is_no_statement_is_told_beside_the_field(owner):
    for content in (b"%PDF-1.7", b"<html/>", b"", b"\0"):
        answer = send(owner, content)
        assert answer.status_code == 422
        assert 'id="file-error"' in answer.text


@pytest.fixture
def lines_to_decide(app, company_id, owner, invoice) -> dict[str, str]:
    """A line of fees, one that an entry is and one that pays an invoice: what each may be, as a form says it."""
    paid, due = invoice(), invoice()
    with app.app_context(), in_company(company_id):
        with transaction():
            entry = entry_of(("payment", pay(db.session.get_one(Document, paid), "120").id), "collection")
            assert entry is not None
            found = {"entry": f"entry:{entry.id}", "payment": f"payment:{due}-6000", "due": str(due)}
        fees = db.session.query(Account.id).filter_by(number="627000").scalar()
    today = paris_today().isoformat()
    rows = [(today, "-5.00", "FRAIS", "", ""), (today, "120.00", "A", "", ""), (today, "60.00", "B", "", "")]
    there = send(owner, camt(*rows)).headers["Location"]
    owner.post(there, data={"action": "read"})
    return {**found, "fees": str(fees)}


FEE, ENTRY, PAYMENT = "/bank/lines/1", "/bank/lines/2", "/bank/lines/3"


@pytest.mark.parametrize("role", [Role.OWNER, Role.STAFF, Role.ACCOUNTANT])
def test_who_keeps_the_books_or_invoices_says_what_a_line_is(app, company_id, lines_to_decide, role, owner):
    client = owner if role is Role.OWNER else signed_in_client(app, company_id, role)
    given = lines_to_decide
    acts = (
        (FEE, "book", {"account": given["fees"]}, "Booked on an account"),
        (FEE, "ignore", {"reason": "Plus tard"}, "Put aside"),
        (ENTRY, "confirm", {"choice": given["entry"]}, "In the books already"),
        (ENTRY, "match", {"entries": given["entry"].partition(":")[2]}, "In the books already"),
    )
    for line, act, data, decided in acts:
        assert client.post(f"{line}/{act}", data=data).status_code == 303
        assert decided in page(client, line)
        assert client.post(f"{line}/undo").status_code == 303
        assert decided not in page(client, line)
    assert client.post("/bank/confirm-sure", data={"sure": [f"2={given['entry']}"]}).status_code == 303
    assert "In the books already" in page(client, ENTRY)


def test_an_accountant_imports_a_statement_and_a_viewer_does_not(app, company_id):
    rows = camt((paris_today().isoformat(), "-5.00", "FRAIS", "", ""))
    accountant, viewer = (signed_in_client(app, company_id, role) for role in (Role.ACCOUNTANT, Role.VIEWER))
    there = send(accountant, rows).headers["Location"]
    assert viewer.get(there).status_code == viewer.post(there, data={"action": "read"}).status_code == 403
    assert viewer.post("/bank", data={}).status_code == 403
    assert "Import a statement" not in page(viewer, "/bank")
    assert accountant.post(there, data={"action": "read"}).status_code == 303
    assert "FRAIS" in page(accountant, "/bank")


def test_an_accountant_records_no_payment_by_a_line_and_takes_none_back(
    app, company_id, owner, lines_to_decide
):
    books, given = signed_in_client(app, company_id, Role.ACCOUNTANT), lines_to_decide
    assert "Record the payment" not in page(books, PAYMENT)
    for path, data in (
        (f"{PAYMENT}/confirm", {"choice": given["payment"]}),
        (f"{PAYMENT}/pay", {"invoices": given["due"]}),
        ("/bank/confirm-sure", {"sure": [f"2={given['entry']}", f"3={given['payment']}"]}),
    ):
        assert books.post(path, data=data).status_code == 403
    with app.app_context(), in_company(company_id):
        assert db.session.query(BankMatch).count() == 0
    assert owner.post(f"{PAYMENT}/confirm", data={"choice": given["payment"]}).status_code == 303
    assert "Take the decision back" not in page(books, PAYMENT)
    assert books.post(f"{PAYMENT}/undo").status_code == 403
    assert "Recorded as a payment" in page(books, PAYMENT)


def test_a_viewer_reads_and_another_company_sees_nothing(app, company_id, lines_to_decide):
    viewer = signed_in_client(app, company_id, Role.VIEWER)
    shown = page(viewer, ENTRY)
    assert "Already in the books" in shown
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    make_user(app, other, Role.OWNER, email="autre@example.org")
    stranger = app.test_client()
    stranger.post("/login", data={"email": "autre@example.org", "password": PASSWORD})
    given = lines_to_decide
    for line, act, data in (
        (FEE, "book", {"account": given["fees"]}),
        (FEE, "ignore", {"reason": "x"}),
        (ENTRY, "confirm", {"choice": given["entry"]}),
        (PAYMENT, "pay", {"invoices": given["due"]}),
        (ENTRY, "match", {"entries": given["entry"].partition(":")[2]}),
        (PAYMENT, "undo", {}),
    ):
        assert viewer.post(f"{line}/{act}", data=data).status_code == 403
        assert stranger.post(f"{line}/{act}", data=data).status_code == 404
    assert viewer.post("/bank/confirm-sure", data={"sure": [f"2={given['entry']}"]}).status_code == 403
    stranger.post("/bank/confirm-sure", data={"sure": [f"2={given['entry']}"]})
    with app.app_context(), in_company(company_id):
        assert db.session.query(BankMatch).count() == 0


def test_a_direct_debit_that_came_back_is_cancelled_on_the_banks_day(app, company_id, owner, invoice):
    document = invoice()
    today = paris_today()
    with app.app_context(), in_company(company_id), transaction():
        debit = pay(
            db.session.get_one(Document, document), "120", method=PaymentMethod.DIRECT_DEBIT, paid_on=today
        ).id
    there = send(owner, camt((today.isoformat(), "-120.00", "REJET PRLV", "", ""))).headers["Location"]
    owner.post(there, data={"action": "read"})
    cancel = f"/payments/{debit}/cancel?day={today}"
    assert cancel in page(owner, "/bank/lines/1")
    assert f'value="{today}"' in page(owner, cancel)
    tomorrow = (today + timedelta(days=1)).isoformat()
    refused = owner.post(cancel, data={"reason": "Rejet", "today": tomorrow})
    assert 'id="today-error"' in refused.text
    assert owner.post(cancel, data={"reason": "Rejet", "today": today.isoformat()}).status_code == 303
    shown = page(owner, "/bank/lines/1")
    assert cancel not in shown
    choice = shown.split('name="choice" value="')[1].split('"')[0]
    assert owner.post("/bank/lines/1/confirm", data={"choice": choice}).status_code == 303
    assert "In the books already" in page(owner, "/bank/lines/1")


def test_movements_are_ticked_with_a_fee_and_what_is_wrong_is_told_there(
    app, company_id, owner, lines_to_decide
):
    entry = lines_to_decide["entry"].partition(":")[2]
    shown = page(owner, PAYMENT)
    assert f'name="entries" value="{entry}"' in shown
    refused = owner.post(f"{PAYMENT}/match", data={"entries": entry})
    assert refused.status_code == 422
    assert "The line differs from what they make by -€60.00" in refused.text
    assert f'name="entries" value="{entry}" checked' in refused.text
    assert owner.post(f"{PAYMENT}/match", data={}).status_code == 422
    assert owner.post(f"{PAYMENT}/match", data={"entries": "x", "rest_account": "y"}).status_code == 422
    given = {"entries": entry, "rest_account": lines_to_decide["fees"]}
    assert owner.post(f"{PAYMENT}/match", data=given).status_code == 303
    decided = page(owner, PAYMENT)
    assert decided.count("/books/entries/") + decided.count("/books/journal/") >= 2
    assert owner.post(f"{PAYMENT}/match", data=given).status_code == 409
    # On another line the entry is not offered any more.
    assert f'name="entries" value="{entry}"' not in page(owner, ENTRY)
    assert owner.post(f"{PAYMENT}/undo").status_code == 303
    assert f'name="entries" value="{entry}"' in page(owner, ENTRY)


def test_invoices_are_paid_with_the_fee_that_the_bank_kept(app, company_id, owner, lines_to_decide):
    due, fees = lines_to_decide["due"], lines_to_decide["fees"]
    for fee, said in (("abc", "fee-error"), ("-5", "above zero"), ("1000000", "above zero")):
        refused = owner.post(f"{PAYMENT}/pay", data={"invoices": due, "fee": fee, "fee_account": fees})
        assert refused.status_code == 422
        assert said in refused.text
        assert f'value="{fee}"' in refused.text
    given = {"invoices": due, "fee": "60", "fee_account": fees}
    assert owner.post(f"{PAYMENT}/pay", data=given).status_code == 303
    with app.app_context(), in_company(company_id):
        assert balance_of(int(due)).open_cents == 0
        assert [row.part for row in db.session.query(BankMatch).order_by(BankMatch.id)] == [0, 1]


def test_lines_stay_on_the_page_when_the_bank_stands_on_another_account(app, company_id, owner):
    answer = send(owner, camt((paris_today().isoformat(), "7.00", "VIREMENT DE MARS", "", "")))
    assert owner.post(answer.headers["Location"], data={"action": "read"}).status_code == 303
    with app.app_context(), in_company(company_id), transaction():
        before = db.session.query(BankLine).one().bank_account_id
        assign_account(AccountRole.BANK, "512900", "Banque, nouveau plan")
    assert f"/bank?bank={before}" in page(owner, "/bank")
    shown = page(owner, f"/bank?bank={before}")
    assert "VIREMENT DE MARS" in shown
    assert "512000" in shown
