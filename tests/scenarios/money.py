"""The words of the stories: what is open, and how the books stand, in euros."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

from sqlalchemy import func, select

from accounting.carried_lines import carrying_entries
from accounting.closing.close_year import close_year
from accounting.fec.check import check_fec
from accounting.fec.export import write_company_fec
from accounting.fec.findings import Verdict
from accounting.fec.format import fec_file_name
from accounting.fiscal_years import year_ending_in
from accounting.models import Account, EntryLine, FiscalYear, JournalEntry
from core.checks import company_faults
from core.database import db, transaction
from core.models import Company
from core.seal import verify_chain
from core.tenancy import current_company_id
from invoicing.balances import balance_of
from invoicing.models import Document


def euros(cents: int) -> str:
    """120.00 for 12000 cents."""
    return str(Decimal(cents).scaleb(-2))


def open_on(*documents: Document) -> list[str]:
    """What is open on each document."""
    return [euros(balance_of(document.id).open_cents) for document in documents]


def books(*stems: str) -> dict[str, str]:
    """The balance of the accounts that begin with each stem, debit above zero; those at zero are left out."""
    found = {}
    for stem in stems:
        cents = db.session.scalar(
            select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0))
            .join(Account, Account.id == EntryLine.account_id)
            .where(Account.number.startswith(stem), EntryLine.entry_id.not_in(carrying_entries()))
        )
        if cents:
            found[stem] = euros(int(cents))
    return found


def all_is_well() -> None:
    """The story ends: the books, the documents, the lists and the seal hold, and each year's FEC passes our check.

    A year of which nothing is told yet has no FEC: a file without entries is none.
    """
    assert list(company_faults()) == []
    assert list(verify_chain(current_company_id())) == []
    siren = db.session.get_one(Company, current_company_id()).siren
    has_entries = select(JournalEntry.id).where(JournalEntry.fiscal_year_id == FiscalYear.id).exists()
    for year in db.session.scalars(select(FiscalYear).where(has_entries)):
        name = fec_file_name(siren, year.ends_on)
        content = BytesIO()
        write_company_fec(year, content)
        content.seek(0)
        report = check_fec(content, name, year_start=year.starts_on)
        assert report.verdict is Verdict.RIGHT, report.findings


def close_books(year: int, day: date) -> None:
    """Close for good, on that day, the financial year that ends in a calendar year."""
    with transaction():
        found = year_ending_in(year)
        assert found is not None
        close_year(found.id, today=day)
