"""Takes a statement in: its lines as they came, each once; nothing is booked. Called by the page of the file."""

from __future__ import annotations

import json
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select

from accounting.models import Account
from core.clock import paris_today
from core.database import db, lock
from core.event_log import record_event
from core.tenancy import current_company_id
from invoicing.bank.banks import bank_of
from invoicing.bank.models import BankLine, BankStatement
from invoicing.bank.read_csv import Layout
from invoicing.bank.reading import ReadStatement, StatementRefused
from invoicing.bank.statement_files import preview_of, remember_layout
from invoicing.early_days import long_before_the_books
from invoicing.errors import NotFoundError


def import_statement(
    file_id: int,
    bank_account_id: int,
    *,
    layout: Layout | None = None,
    file_name: str = "",
    actor_id: int | None = None,
) -> BankStatement:
    """Take in the lines of a kept file that are not in yet. The same file again is the same statement.

    Args:
        layout: the columns of a CSV file, remembered for the next one.

    Raises:
        NotFoundError: no such file or bank account.
        StatementRefused: nothing can be read, it is of another account, or its balances do not fit its lines.
    """
    bank = bank_of(bank_account_id)
    if bank is None or bank.treasury_id is None:
        raise NotFoundError
    # Two files of one account at once come one after the other, so that overlapping lines are told once.
    lock(select(Account).where(Account.id == bank_account_id))
    same = (BankStatement.file_id == file_id, BankStatement.bank_account_id == bank_account_id)
    earlier = db.session.scalars(select(BankStatement).where(*same)).one_or_none()
    if earlier is not None:
        return earlier
    preview = preview_of(file_id, bank_account_id, layout)
    read = preview.statement
    if read is None:
        raise StatementRefused(_l("Say which column is the date, which the text and which the amount."))
    _check(read, bank_account_id)
    days = [line.booked_on for line in read.lines]
    statement = BankStatement(
        bank_account_id=bank_account_id,
        file_id=file_id,
        file_name=file_name[:255],
        format=read.format,
        opening_cents=read.opening_cents,
        closing_cents=read.closing_cents,
        starts_on=min(days),
        ends_on=max(days),
        new_lines=preview.new_count,
        known_lines=len(preview.known),
        read_by_id=actor_id,
    )
    db.session.add(statement)
    db.session.flush()
    _write_lines(statement, read, preview.known)
    if preview.table is not None:
        remember_layout(bank_account_id, preview.table, preview.layout)
    record_event(
        "bank.statement_read", actor_id=actor_id, subject=("bank_statement", statement.id),
        new_lines=statement.new_lines, known_lines=statement.known_lines,
    )  # fmt: skip
    return statement


def _check(read: ReadStatement, bank_account_id: int) -> None:
    today: date = paris_today()
    bank = bank_of(bank_account_id)
    if not read.lines:
        raise StatementRefused(_l("This statement has no line."))
    if bank is not None and bank.iban and read.iban and bank.iban != read.iban:
        raise StatementRefused(
            _l("This statement is of another account: its IBAN is not that of the account chosen.")
        )
    if max(line.booked_on for line in read.lines) > today:
        raise StatementRefused(_l("This statement has lines in the future. Check the column of the date."))
    _check_years(read)
    if read.missing_cents:
        raise StatementRefused(
            _l("The lines do not lead from its opening balance to its closing balance: some are missing.")
        )


def _check_years(read: ReadStatement) -> None:
    """A line of long ago would open a financial year of then as soon as it is booked."""
    oldest = min(read.lines, key=lambda line: line.booked_on)
    first = long_before_the_books(oldest.booked_on)
    if first is not None:
        raise StatementRefused(
            _l(
                "The line of %(day)s, “%(wording)s”, lies long before your books begin (%(first)s). Check the "
                "column of the date, or download a shorter period.",
                day=f"{oldest.booked_on:%d/%m/%Y}",
                wording=oldest.wording[:60],
                first=f"{first:%d/%m/%Y}",
            )
        )


def _write_lines(statement: BankStatement, read: ReadStatement, known: frozenset[str]) -> None:
    company_id = current_company_id()
    rows = [
        {
            "company_id": company_id,
            "statement_id": statement.id,
            "bank_account_id": statement.bank_account_id,
            "key": key,
            "booked_on": line.booked_on,
            "amount_cents": line.amount_cents,
            "wording": line.wording,
            "party": line.party,
            "iban": line.iban,
            "reference": line.reference,
            "raw": json.dumps(line.raw, ensure_ascii=False),
        }
        for line, key in zip(read.lines, read.keys(), strict=True)
        if key not in known
    ]
    if rows:
        db.session.execute(insert(BankLine), rows)
