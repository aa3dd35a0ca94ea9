"""What the ledger puts into a package of a period: the FEC with its check, journals, balances, VAT, checks.

Tables are in French, as the books are; file names in ASCII, so that every machine unpacks them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, func, select

from accounting.exports.reading import read_entries
from accounting.exports.settings import export_options
from accounting.exports.table import sheet
from accounting.fec.cli import report_lines, translated
from accounting.fec.notice import notice_file_name
from accounting.fec.produce import notice_of, produce_fec
from accounting.models import FiscalYear, Journal, JournalEntry
from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.packages.write_package import file_name_of
from accounting.reading.ageing import ageing, open_items
from accounting.reading.ageing_sheets import customers_sheet, items_sheet
from accounting.reading.customers_in_credit import customers_in_credit, last_presented
from accounting.reading.trial_balance import trial_balance
from accounting.reading.vat_report import vat_report
from accounting.reading.vat_sheets import vat_sheets
from core.checks import company_faults
from core.database import db
from core.models import Company
from core.seal import SealChain, verify_chain
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value, write_csv, write_xlsx
from core.tenancy import current_company_id

_CENTS = ColumnKind.CENTS


def period_name(period: PackagePeriod) -> str:
    """`2026-03` for a whole month, else both days."""
    start, end = period.starts_on, period.ends_on
    is_month = (start.year, start.month, start.day) == (end.year, end.month, 1)
    return f"{start:%Y-%m}" if is_month else f"{start:%Y-%m-%d}_{end:%Y-%m-%d}"


def _years(period: PackagePeriod) -> list[FiscalYear]:
    """The financial years of the period that have entries."""
    has_entries = exists().where(JournalEntry.fiscal_year_id == FiscalYear.id)
    within = (FiscalYear.starts_on <= period.ends_on, FiscalYear.ends_on >= period.starts_on, has_entries)
    return list(db.session.scalars(select(FiscalYear).where(*within).order_by(FiscalYear.starts_on)))


def fec_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """The FEC of each financial year of the period as it stands now, whole: the law knows no other; notice, check."""
    siren = db.session.get_one(Company, current_company_id()).siren
    for year in _years(period):
        ends_on, notice = year.ends_on, notice_of(year)
        produced = produce_fec(year, period.folder / "fec")
        yield f"fec/{produced.file_name}", produced.path
        yield f"fec/{notice_file_name(siren, ends_on)}", notice.encode()
        report = "\r\n".join(report_lines(produced.report)) + "\r\n"
        yield f"controles/fec-{ends_on:%Y%m%d}.txt", report.encode()
        as_json = json.dumps(produced.report.as_dict(translated), ensure_ascii=False, indent=2)
        yield f"controles/fec-{ends_on:%Y%m%d}.json", as_json.encode()
        db.session.rollback()


def journal_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """The entries of the period, each journal as CSV, all of them as one workbook with a sheet each."""
    within = JournalEntry.entry_date.between(period.starts_on, period.ends_on)
    journals = db.session.execute(
        select(Journal.id, Journal.code, Journal.label)
        .where(select(JournalEntry.id).where(JournalEntry.journal_id == Journal.id, within).exists())
        .order_by(Journal.code)
    ).all()
    options, sheets = export_options(), []
    db.session.rollback()
    for journal_id, code, label in journals:
        path = period.folder / "journal"
        with path.open("wb") as out:
            write_csv(sheet(read_entries(within, JournalEntry.journal_id == journal_id), options), out)
        yield f"journaux/{file_name_of(code)}-{period_name(period)}.csv", path
        entries = read_entries(within, JournalEntry.journal_id == journal_id)
        sheets.append(sheet(entries, options, title=f"{code} {label}"))
    if sheets:
        yield f"journaux/journaux-{period_name(period)}.xlsx", _workbook(period, *sheets)


def balance_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """The trial balance, what customers owe by age, and the VAT of the period, as workbooks."""
    yield (
        f"balances/balance-{period_name(period)}.xlsx",
        _workbook(period, _balance_sheet(period.starts_on, period.ends_on)),
    )
    aged = ageing(period.ends_on)
    sheets = (customers_sheet(aged), items_sheet(aged, open_items(period.ends_on)))
    yield f"balances/balance-agee-{period.ends_on:%Y-%m-%d}.xlsx", _workbook(period, *sheets)
    report = vat_report(period.starts_on, period.ends_on)
    yield f"balances/tva-{period_name(period)}.xlsx", _workbook(period, *vat_sheets(report))
    db.session.rollback()


def _balance_sheet(starts_on: date, ends_on: date) -> Sheet:
    found = trial_balance(starts_on, ends_on)
    columns = (
        SheetColumn("Compte", width=12),
        SheetColumn("Libellé", width=44),
        SheetColumn("Solde d’ouverture", _CENTS, 18),
        SheetColumn("Débit", _CENTS),
        SheetColumn("Crédit", _CENTS),
        SheetColumn("Solde de clôture", _CENTS, 18),
    )
    in_credit = customers_in_credit(ends_on)
    credit_after = last_presented(found.rows) if in_credit.cents else None

    def rows() -> Iterator[tuple[Value, ...]]:
        for row in found.rows:
            yield (
                row.number, row.label, row.opening_cents, row.debit_cents, row.credit_cents, row.closing_cents,
            )  # fmt: skip
            if row.account_id == credit_after:
                label = "Dont soldes créditeurs, à présenter en 419 au bilan"
                yield None, label, None, None, None, -in_credit.cents

    return Sheet(f"Balance {starts_on:%d-%m-%Y} {ends_on:%d-%m-%Y}", columns, rows())


def _workbook(period: PackagePeriod, *sheets: Sheet) -> Path:
    path = period.folder / "workbook.xlsx"
    with path.open("wb") as out:
        write_xlsx(sheets, out)
    return path


def check_files(_period: PackagePeriod) -> Iterator[PackagedFile]:
    """What `solde verify` says of the company: its seals rebuilt from the rows, its books and files checked."""
    faults = [
        f"{f'link {fault.sequence}, ' if fault.sequence else ''}{fault.kind} {fault.subject_id}: {fault.reason}"
        for fault in verify_chain(current_company_id())
    ]
    faults += company_faults()
    sequence, last_hash = seal_head()
    db.session.rollback()
    lines = [f"seal: {sequence} links, last hash {last_hash}", *(faults or ["holds"])]
    yield "controles/verify.txt", "".join(f"{line}\r\n" for line in lines).encode()


def seal_head() -> tuple[int, str]:
    """How many links the company's chain has, and the hash of the last one."""
    head = select(SealChain.last_sequence, SealChain.last_hash).where(
        SealChain.company_id == current_company_id()
    )
    found = db.session.execute(head).one_or_none()
    return (found[0], found[1]) if found else (0, "")


def _count_journals(period: PackagePeriod) -> int:
    within = JournalEntry.entry_date.between(period.starts_on, period.ends_on)
    return 1 + (
        db.session.scalar(select(func.count(func.distinct(JournalEntry.journal_id))).where(within)) or 0
    )


PARTS = (
    PackagePart(
        "fec", _l("the FEC of the financial year, with its notice and the report of its check"), fec_files,
        lambda period: 4 * len(_years(period)), 10,
    ),
    PackagePart("journals", _l("the journals of the period"), journal_files, _count_journals, 20),
    PackagePart(
        "balances", _l("trial balance, balances of customers by age, VAT"), balance_files, lambda _period: 3, 30
    ),
    PackagePart("checks", _l("what the check of seals, books and stored files says"), check_files, order=90),
)  # fmt: skip
