"""The FEC of a company: what is in it and in which order, that our strict check passes, and the command line."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from accounting.chart import read_chart
from accounting.facts import SaleLine, SupplyKind, ThirdParty, Treasury
from accounting.fec.check import check_fec
from accounting.fec.export import write_company_fec
from accounting.fec.findings import Verdict
from accounting.fec.format import clean_text
from accounting.fec.produce import log_export, notice_of, produce_fec
from accounting.fiscal_years import LockedYear, open_year_for, year_ending_in
from accounting.models import EntryLine, FiscalYear, JournalEntry
from accounting.roles import AccountRole
from core.clock import paris_today, utc_now
from core.database import db, transaction
from core.event_log import Event
from core.seal import verify_chain
from tests.accounting.shop import DUPONT, GOODS_110, SERVICES_120, Shop

HEADER = 1


def story() -> Shop:
    """A year of most things that happen."""
    shop = Shop(DUPONT)
    shop.invoice(SERVICES_120, GOODS_110, on=date(2026, 3, 2))
    shop.pay(1, 230_00, on=date(2026, 3, 20), treasury=Treasury.PAYPLUG)
    shop.invoice(SERVICES_120, on=date(2026, 4, 1))
    shop.pay(3, 150_00, on=date(2026, 4, 2))
    shop.cancel("payment:4", on=date(2026, 4, 9))
    shop.pay(3, 50_00, on=date(2026, 4, 10), treasury=Treasury.CASH)
    shop.credit(3, on=date(2026, 4, 30))
    return shop


def year_2026() -> FiscalYear:
    year = year_ending_in(2026)
    assert year is not None
    return year


def exported() -> list[list[str]]:
    out = io.BytesIO()
    write_company_fec(year_2026(), out)
    return [line.split("\t") for line in out.getvalue().decode().splitlines()]


def test_difficult_names_and_the_least_and_largest_amounts_make_a_right_file(each_company, tmp_path):
    """Separators and line ends become one space, accents stay, 255 characters are kept, cents are exact."""
    name = "Été & Cœur\t|\r\nÀ l’Œuvre «\u00a0Façade\u00a0» – ß " + "naïve" * 60
    shop = Shop(ThirdParty("C00001", name))
    shop.invoice(SaleLine(SupplyKind.SERVICE, 2000, 1_000_000_000, 200_000_000), on=date(2026, 3, 2))
    shop.pay(1, 1_200_000_000, on=date(2026, 3, 3), treasury=Treasury.PAYPLUG)
    shop.invoice(SaleLine(SupplyKind.GOODS, 0, 1, 0), on=date(2026, 3, 4))
    shop.pay(3, 1, on=date(2026, 3, 5), treasury=Treasury.CASH)
    produced = produce_fec(year_2026(), tmp_path / "fec")
    assert produced.report.counts == {}
    lines = exported()[HEADER:]
    assert {line[7] for line in lines if line[6]} == {clean_text(name[:255])}
    assert clean_text(name[:255]).startswith("Été & Cœur À l’Œuvre «\u00a0Façade\u00a0» – ß naïve")
    assert len(clean_text(name[:255])) > 245
    amounts = {line[11] for line in lines} | {line[12] for line in lines}
    assert amounts == {"0,00", "12000000,00", "10000000,00", "2000000,00", "0,01"}
    assert (produced.summary.debit_cents, produced.summary.credit_cents) == (2_600_000_002, 2_600_000_002)


def test_the_file_passes_the_strict_check_on_each_engine(each_company, tmp_path):
    story()
    produced = produce_fec(year_2026(), tmp_path / "fec")
    assert produced.is_right
    assert produced.report.counts == {}
    assert produced.file_name == "732829320FEC20261231.txt"
    assert produced.summary.debit_cents == produced.summary.credit_cents > 0
    assert produced.report.numbering == "journal"


def test_a_line_says_what_the_ledger_holds(company):
    story()
    rows = exported()
    assert rows[HEADER] == [
        "VE", "Ventes", "VE000001", "20260302", "411000", "Clients", "C00001", "Dupont SARL", "F-0001", "20260302",
        "Facture F-0001 Dupont SARL", "230,00", "0,00", "AA", "20260320", f"{paris_today():%Y%m%d}", "", "",
    ]  # fmt: skip
    assert [row[6] for row in rows if row[4] == "706000"] == ["", "", ""]


def test_a_lettering_that_was_undone_is_not_in_it(company):
    story()
    letters = {(row[2], row[11], row[12]): row[13] for row in exported() if row[4] == "411000"}
    assert letters["VE000001", "230,00", "0,00"] == letters["PP000001", "0,00", "230,00"] == "AA"
    assert letters["BQ000001", "0,00", "120,00"] == letters["BQ000002", "120,00", "0,00"] != "AB"
    # The second invoice: paid in part and credited for the rest.
    assert letters["VE000002", "120,00", "0,00"] == letters["CA000001", "0,00", "50,00"]


def test_only_its_own_year_is_in_it(company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2025, 12, 31))
    shop.invoice(SERVICES_120, on=date(2026, 1, 1))
    assert {row[3] for row in exported()[HEADER:]} == {"20260101"}


def post_by_hand(journal: str, number: str, validated_at: datetime, entry_id: int) -> None:
    chart = read_chart()
    year, _ = open_year_for(date(2026, 1, 1))
    common = {"company_id": year.company_id, "entry_id": entry_id, "label": "À-nouveaux"}
    account = chart.account_id(AccountRole.BANK)
    db.session.execute(
        insert(EntryLine),
        [
            {**common, "position": 1, "account_id": account, "debit_cents": 5, "credit_cents": 0},
            {**common, "position": 2, "account_id": account, "debit_cents": 0, "credit_cents": 5},
        ],
    )
    db.session.add(
        JournalEntry(
            id=entry_id, journal_id=chart.journals[journal], fiscal_year_id=year.id, sequence=entry_id, number=number,
            entry_date=date(2026, 1, 1), piece_ref="P", piece_date=date(2026, 1, 1), label="À-nouveaux",
            source_kind="test", source_id=entry_id, purpose="test", validated_at=validated_at,
        )
    )  # fmt: skip


def test_opening_entries_come_first_then_the_order_of_validation_whatever_the_ids(each_company):
    now = utc_now()
    with transaction():
        post_by_hand("OD", "OD000001", now.replace(year=2030), 101)
        post_by_hand("OD", "OD000002", now, 102)
        post_by_hand("AN", "AN000001", now.replace(year=2031), 103)
    assert [row[2] for row in exported()[HEADER::2]] == ["AN000001", "OD000002", "OD000001"]


def test_validation_on_a_paris_evening_is_dated_in_paris(company):
    with transaction():
        post_by_hand("OD", "OD000001", datetime.fromisoformat("2026-06-30T22:30:00+00:00"), 101)
    assert exported()[HEADER][15] == "20260701"


def test_another_companys_entries_are_not_in_it(company, app):
    from core.tenancy import in_company
    from tests.conftest import make_company

    story()
    before = exported()
    other = make_company(app, siren="552100554", name="Autre")
    with in_company(other):
        Shop().invoice(SERVICES_120)
    assert exported() == before


def test_a_large_year_is_written_in_little_memory(company, tmp_path):
    entries, per_entry = 3_000, 4
    with transaction():
        chart, (year, _) = read_chart(), open_year_for(date(2026, 1, 1))
        account = chart.account_id(AccountRole.BANK)
        fill_with_entries(year, chart.journals["OD"], account, entries, per_entry)
    with (tmp_path / "fec").open("wb") as out:
        tracemalloc.start()
        summary = write_company_fec(year_2026(), out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert summary.line_count == entries * per_entry
    assert peak < 8_000_000, "far below what the whole year would take"


def fill_with_entries(year: LockedYear, journal_id: int, account_id: int, count: int, per_entry: int) -> None:
    lines = [
        {
            "company_id": year.company_id, "entry_id": entry, "position": position, "account_id": account_id,
            "auxiliary_code": "", "auxiliary_label": "", "label": f"Écriture {entry} " + "x" * 100,
            "debit_cents": entry if position % 2 else 0, "credit_cents": 0 if position % 2 else entry, "match_key": "",
        }
        for entry in range(1, count + 1)
        for position in range(1, per_entry + 1)
    ]  # fmt: skip
    heads = [
        {
            "id": entry, "company_id": year.company_id, "journal_id": journal_id, "fiscal_year_id": year.id,
            "sequence": entry, "number": f"OD{entry:06d}", "entry_date": date(2026, 5, 5), "piece_ref": f"P{entry}",
            "piece_date": date(2026, 5, 5), "label": "x", "source_kind": "test", "source_id": entry, "purpose": "test",
            "validated_at": utc_now(),
        }
        for entry in range(1, count + 1)
    ]  # fmt: skip
    db.session.execute(insert(EntryLine), lines)
    db.session.execute(insert(JournalEntry), heads)


def test_the_notice_names_the_journals_and_the_year(company):
    story()
    notice = notice_of(year_2026())
    assert "732829320FEC20261231.txt" in notice
    assert "VE     Ventes" in notice
    assert "du 01/01/2026 au 31/12/2026" in notice


def test_an_export_is_written_into_the_sealed_log(company, tmp_path):
    story()
    produced = produce_fec(year_2026(), tmp_path / "fec")
    with transaction():
        log_export(produced)
    event = db.session.scalars(select(Event).where(Event.kind == "fec.exported")).one()
    assert produced.sha256 in event.details
    assert list(verify_chain(company.id)) == []


@pytest.fixture
def runner(app, company):
    story()
    db.session.rollback()
    return app.test_cli_runner()


def test_the_command_writes_file_and_notice_and_the_check_passes(runner, tmp_path):
    folder = tmp_path / "for the accountant"
    arguments = ["fec", "export", "--company", "732829320", "--year", "2026", "--output", str(folder)]
    done = runner.invoke(args=arguments)
    assert (done.exit_code, done.stdout.strip()) == (0, str(folder / "732829320FEC20261231.txt"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "732829320FEC20261231-notice.txt",
        "732829320FEC20261231.txt",
    ]
    assert check_fec(folder / "732829320FEC20261231.txt").verdict is Verdict.RIGHT
    assert runner.invoke(args=["fec", "check", str(folder / "732829320FEC20261231.txt")]).exit_code == 0


def test_the_command_says_what_it_cannot_find_and_ends_with_2(runner, tmp_path):
    def run(siren: str, year: str):
        arguments = ["fec", "export", "--company", siren, "--year", year, "--output", str(tmp_path / "out")]
        return runner.invoke(args=arguments)

    nobody = run("552100554", "2026")
    assert nobody.exit_code == 2
    assert "552100554" in nobody.stderr
    no_year = run("732829320", "2031")
    assert no_year.exit_code == 2
    assert "2031" in no_year.stderr
    assert not (tmp_path / "out").exists()


def test_a_faulty_file_never_takes_its_name(runner, app, tmp_path):
    # Somebody with the database's keys removed a guard and an amount: the books no longer balance.
    with transaction() as session:
        session.execute(text("DROP TRIGGER frozen_entry_line_update"))
        session.execute(text("UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE id = 1"))
    folder: Path = tmp_path / "out"
    arguments = ["fec", "export", "--company", "732829320", "--year", "2026", "--output", str(folder)]
    done = runner.invoke(args=arguments)
    assert done.exit_code == 1
    assert "VE000001" in done.stderr
    assert list(folder.iterdir()) == []
