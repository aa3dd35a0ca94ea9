"""Short questions to the ledger, for tests."""

from __future__ import annotations

from sqlalchemy import func, select

from accounting.lettering.letter_lines import is_lettered
from accounting.models import Account, EntryLine, JournalEntry, Lettering, LetteringLine, LetteringUndo
from core.database import db

SIGNED = EntryLine.debit_cents - EntryLine.credit_cents


def balance(number: str, key: str | None = None) -> int:
    """What an account stands at in cents, above zero in debit; for one match key if given."""
    statement = select(func.coalesce(func.sum(SIGNED), 0)).join(Account, Account.id == EntryLine.account_id)
    statement = statement.where(Account.number == number)
    if key is not None:
        statement = statement.where(EntryLine.match_key == key)
    return int(db.session.execute(statement).scalar_one())


def letterings() -> dict[str, list[str]]:
    """Live letterings: code → the keys and cents of their lines."""
    undone = select(LetteringUndo.id).where(LetteringUndo.lettering_id == Lettering.id).exists()
    rows = db.session.execute(
        select(Lettering.code, EntryLine.match_key, SIGNED)
        .join(LetteringLine, LetteringLine.lettering_id == Lettering.id)
        .join(EntryLine, EntryLine.id == LetteringLine.line_id)
        .where(~undone)
        .order_by(Lettering.id, EntryLine.id)
    )
    found: dict[str, list[str]] = {}
    for code, key, cents in rows:
        found.setdefault(code, []).append(f"{key} {cents}")
    return found


def open_lines() -> list[str]:
    """The keys and cents of the customer lines that are not lettered, in order of posting."""
    rows = db.session.execute(
        select(EntryLine.match_key, SIGNED)
        .where(EntryLine.auxiliary_code != "", ~is_lettered())
        .order_by(EntryLine.id)
    )
    return [f"{key} {cents}" for key, cents in rows]


def numbers() -> list[str]:
    """The numbers of all entries, in order of posting."""
    return list(db.session.scalars(select(JournalEntry.number).order_by(JournalEntry.id)))
