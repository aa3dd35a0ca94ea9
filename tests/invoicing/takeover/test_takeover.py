"""Books of other software go on here: the balances, the open invoices, what is paid on them, and taking all back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from accounting.closing.archive_tables import archive_tables, write_table
from accounting.closing.checks import YearDays
from accounting.closing.close_year import close_year
from accounting.drafts import EntryDraft, LineDraft
from accounting.errors import AccountingError
from accounting.facts import ThirdParty
from accounting.fec.produce import produce_fec
from accounting.fiscal_years import year_ending_in
from accounting.lettering.letter_lines import letter_lines
from accounting.models import Account, EntryLine, FiscalYear, JournalEntry
from accounting.packages.package_parts import PackagePeriod
from accounting.post_entry import post_entry
from accounting.reading.trial_balance import trial_balance
from accounting.reading.vat_report import vat_report
from accounting.record_takeover import opening_obstacle
from accounting.roles import AccountRole, JournalCode
from accounting.standing import entry_of
from core.checks import company_faults
from core.database import db, transaction
from core.errors import ConflictError, SoldeError
from core.files import put_bytes, register_file
from core.seal import verify_chain
from core.tenancy import current_company_id
from invoicing.archive_rows import DOCUMENTS
from invoicing.balances import balance_of
from invoicing.collected import collected_rows
from invoicing.credit_invoice import credit_invoice
from invoicing.dashboard import months, owed
from invoicing.document_view import view_of
from invoicing.duplicate_invoice import duplicate_invoice
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Customer, Document, OpeningItem, Takeover
from invoicing.payment_link import link_of
from invoicing.render_pdf import document_html, ensure_pdf
from invoicing.takeover.known_customers import FoundBy
from invoicing.takeover.plan import Plan, TakeoverWish
from invoicing.takeover.take_over import WaitingVat, take_over
from invoicing.takeover.undo_takeover import undo_takeover
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.invoicing.takeover.old_books import NAME, Row, content, opener, planned_from, rows
from tests.scenarios.money import all_is_well, books, open_on


@pytest.fixture
def english(company):
    """Messages are read in English."""
    with force_locale("en"):
        yield


def planned(changed: list[Row] | None = None, **wish: Any) -> Plan:
    return planned_from(opener(changed), TakeoverWish(**{"file_name": NAME, **wish}))


def taken(
    changed: list[Row] | None = None, waiting: dict[int, WaitingVat] | None = None, **wish: Any
) -> Takeover:
    data = content(changed)
    digest = put_bytes(data)
    with transaction():
        file_id = register_file(digest, len(data), "text/plain").id
        return take_over(planned(changed, **wish), file_id=file_id, waiting=waiting)


def document(number: str) -> Document:
    return db.session.scalars(select(Document).where(Document.number == number)).one()


def test_money_of_before_the_takeover_stands_in_the_balances_of_the_books(company):
    """The old books are closed elsewhere: a payment dated in them is booked on the first day of ours."""
    taken()
    with transaction():
        payment = pay(document("FA-1"), "200", paid_on=date(2025, 12, 30))
    entry = entry_of(("payment", payment.id), "collection")
    assert entry is not None
    assert (entry.entry_date, entry.piece_date) == (date(2026, 1, 1), date(2025, 12, 30))
    balances = {
        row.number: row.closing_cents for row in trial_balance(date(2026, 1, 1), date(2026, 12, 31)).rows
    }
    assert balances["512000"] == 6130_00 + 200_00
    assert (year_ending_in(2025), open_on(document("FA-1"))) == (None, ["520.00"])
    # Nor are still older books taken over in front of these.
    obstacle = opening_obstacle(date(2025, 1, 1))
    assert isinstance(obstacle, AccountingError)
    all_is_well()


def test_the_books_go_on_here_and_what_was_open_is_paid_as_any_invoice(each_company, tmp_path):
    # Martin is a customer here already; Petit has the same name as an account of the old books.
    with transaction():
        martin = make_customer(name="MARTIN S.A.", external_reference="MARTIN", siren="552100554")
    plan = planned()
    assert plan.problems == ()
    assert [(p.number, p.item.open_cents, p.waiting_cents, p.rate) for p in plan.items] == [
        ("FA-1", 720_00, 120_00, 2000), ("FA-3", 330_00, 30_00, 1000), ("FA-4", 240_00, 0, 2000),
    ]  # fmt: skip
    assert {p.name: (p.match.found_by, p.owed_cents, p.credit_cents) for p in plan.customers} == {
        "Dupont SARL": (FoundBy.NEW, 720_00, 0), "Martin SA": (FoundBy.CODE, 330_00, 0),
        "Petit et fils": (FoundBy.NEW, 240_00, 0), "Grand EURL": (FoundBy.NEW, 0, 50_00),
    }  # fmt: skip
    # Zeros at the end make no other account: 51200000 there is 512000 here. The rest is made with its number.
    targets = {account.number: (account.target, account.is_new) for account in plan.accounts}
    assert targets["51200000"] == ("512000", False)
    assert targets["44574000"] == ("445740", False)
    assert targets["10100000"] == ("10100000", True)
    assert (plan.result_cents, plan.assets_cents) == (-1900_00, 7390_00)

    # On 31 December the old books end; ours begin on 1 January with the same balances.
    takeover = taken()
    assert (takeover.opens_on, takeover.attempt) == (date(2026, 1, 1), 1)
    at_first = {
        "101": "-5000.00", "120": "-1900.00", "401": "-120.00", "411": "1240.00", "44566": "20.00",
        "44571": "-220.00", "44574": "-150.00", "512": "6130.00",
    }  # fmt: skip
    stems = (*at_first, "6", "7")
    assert books(*stems) == at_first
    one, three, four = document("FA-1"), document("FA-3"), document("FA-4")
    assert open_on(one, three, four) == ["720.00", "330.00", "240.00"]
    assert (three.customer_id, four.customer.ledger_account) == (martin.id, "411PETIT")
    assert all(link_of(one_.id) for one_ in (one, three, four))
    # What was invoiced elsewhere is owed here, and is no sale of ours.
    assert owed().open_cents == 1290_00
    assert sum(month.invoiced_cents for month in months()) == 0
    all_is_well()

    # Dupont pays the rest: the VAT that waited, and no more, is due. Martin pays half, at 10 %.
    with transaction():
        pay(one, "720", paid_on=date(2026, 2, 3))
        pay(three, "165", paid_on=date(2026, 2, 4))
    assert open_on(one, three) == ["0.00", "165.00"]
    assert books("44574", "44571", "411", "512") == {
        "44574": "-15.00", "44571": "-355.00", "411": "355.00", "512": "7015.00",
    }  # fmt: skip
    assert balance_of(one.id).status is PaymentStatus.PAID
    with transaction():
        pay(three, "165", paid_on=date(2026, 2, 5))
        pay(four, "240", paid_on=date(2026, 2, 5))
    assert books("44574", "411") == {"411": "-50.00"}
    all_is_well()
    # What was collected is told by rate, to the cent; what the old books have declared already stands apart.
    collected = Counter[tuple[int, bool]]()
    for row in collected_rows(date(2026, 1, 1), date(2026, 12, 31)):
        for part, cents in row.cents.items():
            collected[part.rate, part.on_collection] += cents
    assert collected == {(2000, True): 720_00, (1000, True): 330_00, (0, False): 240_00}

    # The year's own file passes the strict check, the opening entry first.
    year = year_ending_in(2026)
    assert year is not None
    produced = produce_fec(year, tmp_path / "fec")
    assert produced.report.counts == {}
    assert produced.report.opening_cents == 7440_00
    # What was paid cannot be taken back any more.
    with pytest.raises(ConflictError, match="FA-1"), transaction():
        undo_takeover(takeover.id)


def test_a_takeover_is_undone_whole_and_may_be_done_again(each_company):
    first = taken()
    again = taken()
    assert again.id == first.id  # a double click
    with transaction():
        undo_takeover(first.id)
        undo_takeover(first.id)
    assert books("1", "2", "3", "4", "5", "6", "7") == {}
    items = [
        db.session.get_one(Document, item.document_id) for item in db.session.scalars(select(OpeningItem))
    ]
    assert {balance_of(item.id).status for item in items} == {PaymentStatus.CREDITED}
    all_is_well()
    second = taken()
    assert (second.id != first.id, second.attempt) == (True, 2)
    assert books("411", "44574") == {"411": "1240.00", "44574": "-150.00"}
    # The customers are those made at first; the numbers are given once, so the codes tell the documents apart.
    assert db.session.query(Customer).count() == 4
    assert open_on(document("FA-1 DUPONT")) == ["720.00"]
    all_is_well()


def test_what_is_open_is_carried_on_by_a_closing(company):
    taken()
    invoice = document("FA-1")
    with transaction():
        pay(invoice, "120", paid_on=date(2026, 3, 2))
    with transaction():
        close_year(db.session.scalars(select(FiscalYear.id)).one(), today=date(2027, 5, 1))
    with transaction():
        pay(invoice, "600", paid_on=date(2026, 3, 2))
    assert balance_of(invoice.id).status is PaymentStatus.PAID
    assert list(company_faults()) == []
    assert list(verify_chain(current_company_id())) == []
    line = select(EntryLine.debit_cents).join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
    due = line.join(Account, Account.id == EntryLine.account_id).where(
        Account.number == "445740", EntryLine.match_key == f"invoice:{invoice.id}", EntryLine.debit_cents > 0
    )
    assert sorted(db.session.scalars(due)) == [20_00, 100_00]


def test_its_papers_say_what_they_are_and_it_is_neither_copied_nor_credited(company):
    taken()
    invoice = document("FA-1")
    html = document_html(view_of(invoice))
    assert "Relevé de facture" in html
    assert "n’est pas une facture" in html
    assert "FA-1 du 01/10/2025" in html
    assert "TVA</th>" not in html
    assert ensure_pdf(invoice.id).stored_file_id
    for act in (lambda: duplicate_invoice(invoice.id), lambda: credit_invoice(invoice.id, reason="Erreur")):
        with pytest.raises((ConflictError, NotIssuableError)), transaction():
            act()


def test_years_may_be_taken_in_the_middle(company, english):
    plan = planned(until=date(2025, 11, 30))
    assert plan.problems == ()
    assert [(p.number, p.item.open_cents) for p in plan.items] == [("FA-1", 720_00)]
    assert plan.result_cents == -1400_00
    assert any("left out" in str(remark) for remark in plan.remarks)
    takeover = taken(until=date(2025, 11, 30))
    assert takeover.opens_on == date(2025, 12, 1)
    assert books("411", "120") == {"411": "720.00", "120": "-1400.00"}
    all_is_well()


def test_what_the_file_does_not_tell_of_waiting_vat_is_asked_and_checked(company):
    # Both open invoices of Martin carry one reference: whose VAT waits nobody can tell.
    changed = rows()
    for row in changed:
        if row[8] == "FA-1":
            row[8] = "FA-3"
    plan = planned(changed)
    asked = {
        p.item.party.auxiliary: (p.number, p.waiting_cents) for p in plan.items if p.item.reference == "FA-3"
    }
    assert asked == {"DUPONT": ("FA-3", None), "MARTIN": ("FA-3 MARTIN", None)}
    with pytest.raises(InvalidInputError) as refused:
        taken(changed, waiting={0: WaitingVat(500_00, 2000)})
    assert set(refused.value.errors) == {"waiting-0"}
    taken(changed, waiting={0: WaitingVat(120_00, 2000), 1: WaitingVat(30_00, 1000)})
    with transaction():
        pay(document("FA-3"), "720", paid_on=date(2026, 2, 3))
    assert books("44574") == {"44574": "-30.00"}
    all_is_well()


def _set(column: int, value: str, *, where: str) -> Callable[[list[Row]], None]:
    def spoil(changed: list[Row]) -> None:
        for row in changed:
            if row[8] == where:
                row[column] = value

    return spoil


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("552100554FEC20251231.txt", None, "SIREN 552100554"),
        (NAME, _set(11, "1200,01", where="FA-1"), "entry-unbalanced"),
        (NAME, _set(11, "12.00", where="P-77"), "number-dot"),
        (NAME, _set(4, "89100000", where="AN"), ""),
        ("732829320FEC20991231.txt", None, "before today"),
        (NAME, lambda changed: changed[2].__setitem__(4, "10.1"), "cannot be kept"),
        (NAME, lambda changed: changed[2].__setitem__(4, "890000"), "do not balance"),
    ],
)
def test_what_stands_against_it_is_told_and_nothing_is_done(company, english, name, spoil, said):
    changed = rows()
    if spoil is not None:
        spoil(changed)
    plan = planned(changed, file_name=name)
    if not said:  # accounts of class 8 that balance among themselves are in nobody's way
        assert plan.problems == ()
        return
    assert any(said in str(problem) for problem in plan.problems)
    with pytest.raises(SoldeError):
        taken(changed, file_name=name)
    assert db.session.query(Document).count() == db.session.query(JournalEntry).count() == 0


def test_books_are_taken_over_once_and_never_beside_opening_entries(company, english):
    taken()
    with transaction():
        issue(make_line(), today=date(2026, 3, 2))
    later = planned(until=date(2026, 1, 31), file_name="732829320FEC20251231.txt")
    assert any("already" in str(problem) for problem in later.problems)
    entry = entry_of(("takeover", db.session.scalars(select(Takeover.id)).one()), "takeover")
    assert entry is not None
    with pytest.raises(SoldeError, match="cannot be read"):
        planned_from(opener([["a"]]), TakeoverWish(NAME))
    with pytest.raises(SoldeError, match="last day"):
        planned_from(opener(), TakeoverWish("export.txt"))


def test_a_lettered_line_keeps_the_entry_from_being_taken_back(company, english):
    takeover = taken()
    line = db.session.scalars(
        select(EntryLine).where(EntryLine.credit_cents == 50_00, EntryLine.auxiliary_code != "")
    ).one()
    party = ThirdParty(line.auxiliary_code, "Grand EURL")
    with transaction():
        entry_id = post_entry(
            EntryDraft(
                source=("test", 1), purpose="test", journal=JournalCode.BANK, day=date(2026, 2, 2), piece_ref="VIR",
                label="Remboursement", lines=(
                    LineDraft(line.account_id, 50_00, "Remboursement", third_party=party),
                    LineDraft(AccountRole.BANK, -50_00, "Remboursement"),
                ),
            )
        )  # fmt: skip
        other = select(EntryLine.id).where(EntryLine.entry_id == entry_id, EntryLine.debit_cents > 0)
        letter_lines((line.id, db.session.scalars(other).one()))
    with pytest.raises(AccountingError, match="lettered"), transaction():
        undo_takeover(takeover.id)
    assert open_on(document("FA-1")) == ["720.00"]
    all_is_well()


def test_the_archive_of_the_year_holds_what_was_taken_over(company, tmp_path):
    taken()
    year = YearDays(db.session.scalars(select(FiscalYear.id)).one(), date(2026, 1, 1), date(2026, 12, 31))
    held = {
        table.path: write_table(table, year, tmp_path / str(rank))
        for rank, table in enumerate(archive_tables())
    }
    names = ("document", "document_vat", "takeover", "opening_item")
    assert [held[f"donnees/{name}.csv"] for name in names] == [3, 3, 1, 3]


def test_numbers_that_would_be_one_file_are_two_in_the_archive(company, tmp_path):
    changed = [["FA/1" if cell == "FA-3" else cell for cell in row] for row in rows()]
    taken(changed)
    for number in ("FA-1", "FA/1"):
        ensure_pdf(document(number).id)
    period = PackagePeriod(date(2026, 1, 1), date(2026, 12, 31), tmp_path)
    names = [name for name, _ in DOCUMENTS.files(period) if name.endswith(".pdf")]
    assert names == ["documents/FA-1.pdf", f"documents/FA-1_{document('FA/1').id}.pdf"]


def test_vat_that_waits_on_no_open_invoice_is_told_and_is_no_fault(company, english):
    taken(waiting={0: WaitingVat(100_00, 2000), 1: WaitingVat(0, 1000)})
    report = vat_report(date(2026, 1, 1), date(2026, 1, 31))
    assert (report.waiting_ledger_cents, report.waiting_taken_over_cents) == (150_00, 50_00)
    assert [key.cents for key in report.waiting] == [100_00]
    assert report.holds
    all_is_well()
