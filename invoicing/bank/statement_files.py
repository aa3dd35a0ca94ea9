"""A file of the bank before it is taken in: kept under its hash, read as a preview; the layout of CSV is remembered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core.database import commit_once, db
from core.files import StoredFile, put_bytes, read_bytes, register_file
from invoicing.bank.models import BankLayout, BankLine
from invoicing.bank.read_camt import looks_like_camt, read_camt
from invoicing.bank.read_csv import CsvColumn, CsvTable, Layout, csv_table, guess, is_complete, read_csv
from invoicing.bank.reading import ReadStatement
from invoicing.errors import NotFoundError


@dataclass(frozen=True)
class Preview:
    """What a file would bring.

    Attributes:
        table, layout: of a CSV file, else None and nothing.
        statement: None while the layout is not complete.
        known: the keys of its lines that are in already.
        similar_count: new lines with the day and amount of one that came by a file with another wording.
    """

    table: CsvTable | None
    layout: Layout
    statement: ReadStatement | None
    known: frozenset[str] = frozenset()
    similar_count: int = 0

    @property
    def new_count(self) -> int:
        """How many lines it would bring."""
        return len(self.statement.lines) - len(self.known) if self.statement else 0


def keep_file(content: bytes) -> int:
    """Keep a file that can be read as a statement; opens its own transaction. The same file again is the same.

    Returns:
        The id of the stored file.

    Raises:
        StatementRefused: it cannot be read; nothing is kept.
    """
    is_camt = looks_like_camt(content)
    if is_camt:
        read_camt(content)
    else:
        csv_table(content)
    digest = put_bytes(content)
    media_type = "application/xml" if is_camt else "text/csv"
    return commit_once(lambda: register_file(digest, len(content), media_type).id)


def preview_of(file_id: int, bank_account_id: int, layout: Layout | None = None) -> Preview:
    """Read a kept file for a bank account.

    Args:
        layout: what a person says of a CSV file's columns; None takes what she said last, else a guess.

    Raises:
        NotFoundError: the company has no such file.
        StatementRefused: it is no statement.
    """
    stored = db.session.get(StoredFile, file_id)
    if stored is None:
        raise NotFoundError
    content = read_bytes(stored.sha256)
    table: CsvTable | None = None
    statement: ReadStatement | None
    if looks_like_camt(content):
        statement = read_camt(content)
    else:
        table = csv_table(content)
        layout = layout if layout is not None else _remembered(bank_account_id, table) or guess(table.header)
        statement = read_csv(table, layout) if is_complete(layout) else None
    if statement is None:
        return Preview(table, layout or {}, None)
    known = known_keys(bank_account_id, statement.keys())
    return Preview(table, layout or {}, statement, known, _similar(bank_account_id, statement, known))


def known_keys(bank_account_id: int, keys: list[str]) -> frozenset[str]:
    """Which of these lines are in already."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        some = select(BankLine.key).where(
            BankLine.bank_account_id == bank_account_id, BankLine.key.in_(keys[start : start + 500])
        )
        found.update(db.session.scalars(some))
    return frozenset(found)


def remember_layout(bank_account_id: int, table: CsvTable, layout: Layout) -> None:
    """Write down how the files of a bank account are laid out, in the open transaction."""
    said = json.dumps(
        {"header": table.fingerprint, "columns": {column.value: place for column, place in layout.items()}}
    )
    row = db.session.scalars(
        select(BankLayout).where(BankLayout.bank_account_id == bank_account_id)
    ).one_or_none()
    if row is None:
        db.session.add(BankLayout(bank_account_id=bank_account_id, columns=said))
    else:
        row.columns = said
    db.session.flush()


def _remembered(bank_account_id: int, table: CsvTable) -> dict[CsvColumn, int] | None:
    row = db.session.scalars(
        select(BankLayout).where(BankLayout.bank_account_id == bank_account_id)
    ).one_or_none()
    if row is None:
        return None
    said: Mapping[str, object] = json.loads(row.columns)
    columns = said["columns"]
    if said["header"] != table.fingerprint or not isinstance(columns, dict):
        return None
    return {CsvColumn(name): int(place) for name, place in columns.items()}


def _similar(bank_account_id: int, statement: ReadStatement, known: frozenset[str]) -> int:
    """New lines that may be there already under another wording: the bank's XML and its CSV do not say the same."""
    new = [line for line, key in zip(statement.lines, statement.keys(), strict=True) if key not in known]
    if not new:
        return 0
    first, last = min(line.booked_on for line in new), max(line.booked_on for line in new)
    there = db.session.execute(
        select(BankLine.booked_on, BankLine.amount_cents, BankLine.key).where(
            BankLine.bank_account_id == bank_account_id, BankLine.booked_on.between(first, last)
        )
    )
    pairs = {(day, cents) for day, cents, key in there if key not in known}
    return sum((line.booked_on, line.amount_cents) in pairs for line in new)
