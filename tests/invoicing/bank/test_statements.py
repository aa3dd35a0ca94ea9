"""A Friday evening: the bank's file is taken in, its lines are decided on, the bank and the books agree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import DatabaseError

from accounting.ledger_checks import check_ledger
from accounting.models import Account, JournalEntry
from accounting.record_wallet import record_wallet
from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.wallet_facts import PayoutFact
from core.clock import paris_today, utc_now
from core.database import Base, db, transaction
from core.errors import ConflictError
from core.seal import verify_chain
from core.tenancy import in_company, insert_row
from invoicing.balances import balance_of, customer_credit_cents
from invoicing.bank.banks import banks
from invoicing.bank.book_line import book_line
from invoicing.bank.confirm_proposal import confirm_proposal
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.lines import LineDecided, LineFilter, count_lines, live_match, proposals_of
from invoicing.bank.match_entries import match_entries
from invoicing.bank.models import BankLine, BankMatch, BankStatement, MatchKind
from invoicing.bank.pay_by_line import pay_by_line
from invoicing.bank.proposals import Why
from invoicing.bank.read_csv import CsvColumn
from invoicing.bank.reading import StatementRefused
from invoicing.bank.reconciliation import reconciliation
from invoicing.bank.statement_files import keep_file, preview_of
from invoicing.bank.undo_deposit import undo_deposit
from invoicing.bank.undo_match import undo_match
from invoicing.cancel_payment import cancel_payment
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.invoicing.bank.bank_files import Entry, camt, csv
from tests.invoicing.bank.test_cheques import account_stands_at

TODAY = paris_today()
IBAN = "FR1420041010050500013M02606"


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def take_in(*entries: Entry, **more: str) -> int:
    """Import a CAMT file; gives the bank account."""
    account = banks()[0].account_id
    file_id = keep_file(camt(*entries, **more))
    with transaction():
        import_statement(file_id, account)
    return account


def lines() -> list[BankLine]:
    return db.session.query(BankLine).order_by(BankLine.booked_on, BankLine.id).all()


def confirm_best(line: BankLine) -> BankMatch:
    best = proposals_of(line.bank_account_id, [line])[line.id][0]
    with transaction():
        return confirm_proposal(line.id, best.choice)


def account_id(number: str) -> int:
    return int(db.session.query(Account.id).filter_by(number=number).scalar())


def test_a_friday_evening_at_the_bank(each_company):
    with transaction():
        customer = make_customer()
        first, second, third = (issue(customer=customer) for _ in range(3))
        ids = [first.id, second.id, third.id]
        number = first.number
        # By hand on Wednesday: the bank's line must not be booked again.
        known = pay(third, "120", reference="VIR 42", paid_on=TODAY)
        cheque = pay(issue(customer=customer), "120", method=PaymentMethod.CHEQUE)
        slip_id = deposit_cheques(
            [cheque.id], bank_account_id=banks()[0].account_id, deposited_on=TODAY, request_key="k"
        ).id
        record_wallet(PayoutFact(("payplug_operation", 1), TODAY, "PP-000001", -25000))
        known_id = known.id
    statement: list[Entry] = [
        (ago(0), "240.00", f"VIR SEPA {number} ET LA SUIVANTE", "Boulangerie Imaginaire", IBAN),
        (ago(0), "120.00", "VIR 42", "", ""),
        (ago(0), "120.00", "REMISE CHEQUES", "", ""),
        (ago(0), "250.00", "VIR SEPA PAYPLUG SAS", "PAYPLUG", ""),
        (ago(0), "-18.40", "COTISATION MENSUELLE", "", ""),
        (ago(0), "7.00", "ERREUR DE LA BANQUE", "", ""),
    ]
    account = take_in(*statement)
    paid, transfer, cheques, payout, fee, error = lines()

    # One invoice is named, twice its amount came: a person chooses the two.
    best = proposals_of(account, [paid])[paid.id][0]
    assert (best.why, best.is_sure) == ((Why.NUMBER, Why.MORE), False)
    with transaction():
        pay_by_line(paid.id, [(ids[0], 12000), (ids[1], 12000)])
    assert [balance_of(id_).open_cents for id_ in ids] == [0, 0, 0]

    # Two lines of 120.00 and two such movements: proposed, never sure.
    assert [p.is_sure for p in proposals_of(account, [transfer, cheques])[transfer.id]] == [False, False]
    assert confirm_best(transfer).entry_id is not None
    assert confirm_best(cheques).kind is MatchKind.ENTRY
    assert confirm_best(payout).kind is MatchKind.PAYOUT
    with transaction():
        book_line(fee.id, account_id("627800"))
        ignore_line(error.id, "Corrigé par la banque le lendemain")

    # D 512: 240 + 120 + 120 + 250 − 18.40; 580 and 5112 are empty.
    assert account_stands_at("512000") == 71160
    assert account_stands_at("580000") == account_stands_at("511200") == 0
    assert account_stands_at("627800") == 1840
    assert count_lines(LineFilter(account)) == 0
    standing = reconciliation(account)
    assert standing is not None
    assert (standing.bank_cents, standing.books_cents, standing.open_cents) == (171860, 71160, 0)
    assert (standing.ignored_cents, standing.awaited) == (700, ())
    # The balance before the first statement is in no entry.
    assert standing.unexplained_cents == 100000

    # A slip that the bank shows is no mistake.
    with pytest.raises(ConflictError), transaction():
        undo_deposit(slip_id, reason="Erreur")

    # All of it is taken back: the books stand as before, the lines are open again.
    for line in (paid, transfer, cheques, payout, fee, error):
        for _ in range(2):
            with transaction():
                undo_match(line.id)
        assert live_match(line.id) is None
    assert [balance_of(id_).open_cents for id_ in ids] == [12000, 12000, 0]
    assert (account_stands_at("512000"), account_stands_at("580000")) == (24000, 25000)
    assert account_stands_at("627800") == 0
    standing = reconciliation(account)
    assert standing is not None
    assert {position.cents for position in standing.awaited} == {12000}
    assert (standing.open_count, standing.unexplained_cents) == (6, 100000)
    # And decided again: a new payment, not the one that was cancelled.
    with transaction():
        again = pay_by_line(paid.id, [(ids[0], 12000), (ids[1], 12000)]).payment_id
    assert again not in (None, known_id)
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_the_next_transfer_from_a_known_iban_is_known_without_a_name(each_company):
    with transaction():
        customer = make_customer()
        first = issue(customer=customer)
        number = first.number
    take_in((ago(2), "120.00", f"VIR {number}", "", IBAN))
    assert confirm_best(lines()[0]).payment_id is not None
    with transaction():
        issue(make_line("1", "50"), customer=customer)
        issue(make_line("1", "50"), customer=make_customer(name="Garage du Lac"))
    account = take_in((ago(1), "60.00", "VIR RECU", "", IBAN), opening="1120.00")
    best = proposals_of(account, [lines()[1]])[lines()[1].id][0]
    assert (best.why, best.is_sure) == ((Why.AMOUNT, Why.IBAN), True)
    assert [invoice.customer_id for invoice in best.invoices] == [customer.id]


def test_nothing_is_taken_in_twice(each_company):
    one, two, three = (
        (ago(5), "-2.00", "PARKING", "", ""),
        (ago(5), "-2.00", "PARKING", "", ""),
        (ago(3), "9.00", "VIR", "", ""),
    )
    account = take_in(one, two, three)
    assert len(lines()) == 3
    take_in(one, two, three)
    assert db.session.query(BankStatement).count() == 1
    # An overlapping period, with one line more.
    take_in(two, three, (ago(1), "1.00", "NOUVEAU", "", ""), opening="998.00")
    latest = db.session.query(BankStatement).order_by(BankStatement.id.desc()).first()
    assert latest is not None
    assert len(lines()) == 4
    # The same period in the other format says other words: told before it is taken in.
    content = csv("Date;Libellé;Montant", *(f"{row[0]};{row[2]} CB;{row[1]}" for row in (one, three)))
    preview = preview_of(keep_file(content), account)
    assert (preview.new_count, preview.similar_count) == (2, 2)
    for change in ("UPDATE bank_line SET amount_cents = 1", "DELETE FROM bank_statement"):
        with pytest.raises(DatabaseError, match="frozen"), transaction():
            db.session.execute(db.text(change))


def test_what_is_said_of_the_columns_is_remembered_for_the_account(company):
    account = banks()[0].account_id
    content = csv("Date;Libellé;Valeur;Montant;Frais", f"{ago(1)};UN;{ago(9)};1,00;2,00")
    swapped = {CsvColumn.DATE: 2, CsvColumn.WORDING: 1, CsvColumn.AMOUNT: 4}
    file_id = keep_file(content)
    assert preview_of(file_id, account).layout[CsvColumn.AMOUNT] == 3
    with transaction():
        import_statement(file_id, account, layout=swapped)
    line = lines()[0]
    assert (line.booked_on, line.amount_cents) == (date.fromisoformat(ago(9)), 200)
    later = keep_file(csv("Date;Libellé;Valeur;Montant;Frais", f"{ago(0)};DEUX;{ago(0)};1,00;3,00"))
    assert preview_of(later, account).layout == swapped
    other = keep_file(csv("Date;Libellé;Montant", f"{ago(0)};DEUX;1,00"))
    assert preview_of(other, account).layout == {CsvColumn.DATE: 0, CsvColumn.WORDING: 1, CsvColumn.AMOUNT: 2}


@pytest.mark.parametrize("how", ["missing lines", "the future", "no line", "another account", "unknown file"])
def test_a_statement_that_cannot_be_right_brings_nothing(company, how):
    account = banks()[0].account_id
    entry = (ago(1), "1.00", "UN", "", "")
    tomorrow = (ago(-1), "1.00", "UN", "", "")
    if how == "another account":
        with transaction():
            from accounting.treasury_models import TreasuryAccount

            db.session.query(TreasuryAccount).filter_by(account_id=account).one().iban = IBAN
    content = {
        "missing lines": camt(entry, closing="5.00"),
        "the future": camt(tomorrow),
        "no line": camt(),
        "another account": camt(entry),
        "unknown file": b"",
    }[how]
    file_id = keep_file(content) if content else 999
    expected = NotFoundError if how == "unknown file" else StatementRefused
    with pytest.raises(expected), transaction():
        import_statement(file_id, account)
    assert db.session.query(BankStatement).count() == db.session.query(BankLine).count() == 0


def test_two_windows_decide_on_one_line_once(each_company):
    with transaction():
        customer = make_customer()
        invoice = issue(customer=customer).id
        customer_id = customer.id
    take_in((ago(0), "120.00", "VIR", "", ""), (ago(0), "120.00", "VIR", "", ""))
    line, twin = lines()
    with transaction():
        pay_by_line(line.id, [(invoice, 12000)])
    second = [
        lambda: pay_by_line(line.id, [(invoice, 12000)]),
        lambda: ignore_line(line.id, "Non"),
        lambda: book_line(line.id, account_id("471000")),
        lambda: confirm_proposal(line.id, "entry:1"),
    ]
    for act in second:
        with pytest.raises(LineDecided), transaction():
            act()
    # The other line pays what is paid already: nothing of it is recorded.
    with pytest.raises(InvalidInputError), transaction():
        pay_by_line(twin.id, [(invoice, 12000)])
    match = live_match(line.id)
    assert match is not None
    assert match.entry_id is not None
    # Nor can it be the entry of the first, by the verb or past it.
    with pytest.raises(ConflictError), transaction():
        match_entries(twin.id, [match.entry_id])
    table = Base.metadata.tables["bank_match"]
    for row in (
        {"line_id": line.id, "kind": "ignored"},
        {"line_id": twin.id, "kind": "entry", "entry_id": match.entry_id},
    ):
        with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction():
            insert_row(table, **{"reason": "", "decided_at": utc_now(), **row})
    assert db.session.query(Payment).count() == 1
    assert customer_credit_cents(customer_id) == 0


def test_what_no_page_offers_is_refused(company):
    with transaction():
        invoice = issue().id
        entry = db.session.query(JournalEntry.id).scalar()
    take_in((ago(0), "-5.00", "FRAIS", "", ""))
    line = lines()[0].id
    for choice in (
        "",
        "entry:",
        "entry:1;DROP",
        "payment:1",
        "payment:1-1,",
        "ignored:1",
        "payment:" + "1-1," * 300,
    ):
        with pytest.raises(LineDecided), transaction():
            confirm_proposal(line, choice)
    for number in ("411000", "512000", "401000", "445711", "445740", "445880"):
        with pytest.raises(InvalidInputError), transaction():
            book_line(line, account_id(number))
    with pytest.raises(InvalidInputError), transaction():
        pay_by_line(line, [(invoice, 500)])
    with pytest.raises(ConflictError), transaction():
        match_entries(line, [entry])
    with pytest.raises(InvalidInputError), transaction():
        ignore_line(line, "  ")
    assert live_match(line) is None


def test_a_payment_that_was_cancelled_is_matched_with_its_rejection_at_the_bank(each_company):
    with transaction():
        invoice = issue()
        debit = pay(invoice, "120", method=PaymentMethod.DIRECT_DEBIT, paid_on=TODAY)
        cancel_payment(debit.id, reason="Prélèvement rejeté")
        invoice_id = invoice.id
    take_in((ago(0), "120.00", "PRLV EMIS", "", ""), (ago(0), "-120.00", "REJET PRLV", "", ""))
    for line in lines():
        assert confirm_best(line).kind is MatchKind.ENTRY
    standing = reconciliation(lines()[0].bank_account_id)
    assert standing is not None
    assert (standing.books_cents, standing.unexplained_cents, standing.awaited) == (0, 100000, ())
    assert balance_of(invoice_id).open_cents == 12000


def test_lines_of_another_company_do_not_exist(app: Flask, company_id: int):
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    with app.app_context():
        with in_company(company_id):
            take_in((ago(0), "5.00", "VIR", "", ""))
            line = lines()[0].id
        with in_company(other):
            for act in (
                lambda: ignore_line(line, "Non"),
                lambda: undo_match(line),
                lambda: book_line(line, 1),
            ):
                with pytest.raises(NotFoundError), transaction():
                    act()
            assert db.session.query(Document).count() == 0


def test_a_second_bank_has_its_own_account_journal_and_lines(company):
    with transaction():
        save_treasury_account(TreasuryInput("Banque bis", IBAN, number="512200", journal_code="B2"))
        customer = make_customer()
        invoice = issue(customer=customer).id
    second = next(bank for bank in banks() if bank.number == "512200")
    entry = (ago(0), "120.00", "VIR", "", "")
    foreign = keep_file(camt(entry))
    with pytest.raises(StatementRefused), transaction():
        import_statement(foreign, second.account_id)
    file_id = keep_file(camt(entry, iban=IBAN))
    with transaction():
        import_statement(file_id, second.account_id)
    line = lines()[0]
    with transaction():
        pay_by_line(line.id, [(invoice, 12000)])
    assert (account_stands_at("512200"), account_stands_at("512000")) == (12000, 0)
    match = live_match(line.id)
    assert match is not None
    assert match.entry_id is not None
    assert db.session.get_one(JournalEntry, match.entry_id).number.startswith("B2")
    # What the first bank shows is not what the second has.
    take_in(entry)
    other = next(row for row in lines() if row.bank_account_id != second.account_id)
    assert [p.kind for p in proposals_of(other.bank_account_id, [other])[other.id]] == []
    with pytest.raises(ConflictError), transaction():
        match_entries(other.id, [match.entry_id])


def test_what_stands_before_the_first_statement_is_in_its_opening_balance(company):
    with transaction():
        customer = make_customer()
        pay(
            issue(customer=customer, today=TODAY - timedelta(days=50)),
            "120",
            paid_on=TODAY - timedelta(days=40),
        )
        pay(issue(customer=customer), "120", paid_on=TODAY)
    account = take_in((ago(3), "-5.00", "FRAIS", "", ""), (ago(0), "1.00", "X", "", ""), opening="120.00")
    standing = reconciliation(account)
    assert standing is not None
    assert (standing.books_cents, standing.open_cents, standing.awaited_cents) == (24000, -400, 12000)
    assert standing.unexplained_cents == 0


def test_a_line_of_long_before_the_books_is_told_and_nothing_is_taken_in(company):
    with transaction():
        issue(customer=make_customer())
    with pytest.raises(StatementRefused, match="COTISATION 2009"):
        take_in(("2009-03-02", "-5.00", "COTISATION 2009", "", ""), (ago(0), "1.00", "VIR", "", ""))
    assert lines() == []
    # What is older than the invoices by some months is the bank's history as it is.
    take_in((ago(200), "-5.00", "COTISATION", "", ""))
    assert len(lines()) == 1


def test_a_statement_without_a_balance_is_read_on_from_the_one_before(company):
    account = take_in((ago(9), "10.00", "UN", "", ""), opening="100.00")
    file_id = keep_file(csv("Date;Libellé;Montant", f"{ago(4)};DEUX;5,00"))
    with transaction():
        import_statement(file_id, account)
    standing = reconciliation(account)
    assert standing is not None
    assert (standing.day, standing.stated_on) == (TODAY - timedelta(days=4), TODAY - timedelta(days=9))
    assert (standing.bank_cents, standing.open_cents) == (11500, 1500)
    # What is not explained is the balance before the first statement, and is said to be.
    assert (standing.unexplained_cents, standing.before_cents, standing.gap_cents) == (10000, 10000, 0)
    # A statement that leaves days out: its lines were never imported, whatever stood before the first.
    take_in((ago(1), "1.00", "TROIS", "", ""), opening="135.00")
    standing = reconciliation(account)
    assert standing is not None
    assert (standing.bank_cents, standing.stated_on) == (13600, TODAY - timedelta(days=1))
    assert (standing.unexplained_cents, standing.before_cents, standing.gap_cents) == (12000, 10000, 2000)
    # On an earlier day the next statement that states a balance is read backwards.
    for days, cents in ((10, 11000), (4, 13500), (3, 13500)):
        earlier = reconciliation(account, TODAY - timedelta(days=days))
        assert earlier is not None
        assert (earlier.day, earlier.bank_cents) == (TODAY - timedelta(days=min(days, 9)), cents)


def test_without_any_balance_the_bank_is_not_held_against_the_books(company):
    account = banks()[0].account_id
    file_id = keep_file(csv("Date;Libellé;Montant", f"{ago(4)};UN;5,00"))
    with transaction():
        import_statement(file_id, account)
    standing = reconciliation(account)
    assert standing is not None
    assert (standing.bank_cents, standing.unexplained_cents, standing.before_cents) == (None, None, None)
