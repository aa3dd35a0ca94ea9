"""The opening entry of a year: what each balance-sheet account stood at when the year before was closed. Pure rule and
its readings; called by `close_year`, which holds the locks of all years.

Scheme (journal AN, first day of the new year; PCG: opening balance = closing balance of the year before):
    D / C  each account of the balance sheet, what it stood at; customers and other lines with a key one by one,
           on the same account, customer and key, so that what is paid later is lettered with them
    C 120  the profit of the year, or D 129 its loss: classes 6 and 7 begin at zero (no entry zeroes them:
           LPF art. A47 A-1 VII-1 keeps such entries out of the FEC)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, func, or_, select

from accounting.carried_lines import SOURCE_KIND
from accounting.drafts import EntryDraft, LineDraft
from accounting.facts import ThirdParty
from accounting.lettering.letter_lines import is_lettered
from accounting.models import SIGNED_CENTS, Account, EntryLine, JournalEntry
from accounting.roles import AccountRole, JournalCode
from core.database import db

T = TypeVar("T")
_IS_RESULT = or_(Account.number.like("6%"), Account.number.like("7%"))
_IS_ITEM = or_(EntryLine.auxiliary_code != "", EntryLine.match_key != "")


class Item(NamedTuple):
    """What is carried by a line of its own. `lettering_id` is the lettering with a later year's lines that the closing
    has undone and that will be made again with the carried line; None where there was none."""

    account_id: int
    auxiliary_code: str
    match_key: str
    vat_rate: int | None
    lettering_id: int | None = None


@dataclass(frozen=True)
class Carried:
    """One item with its cents (a debit above zero) and what its first line said."""

    item: Item
    cents: int
    label: str
    auxiliary_label: str


@dataclass(frozen=True)
class ClosingBalances:
    """What a year hands on. `items` and `accounts` (id → cents) of the balance sheet; `result_cents` of classes 6 and
    7, above zero a loss, below a profit."""

    items: tuple[Carried, ...]
    accounts: Mapping[int, int]
    result_cents: int


def closing_balances(year_id: int, reopened: Mapping[int, int]) -> ClosingBalances:
    """How the year ends.

    Args:
        year_id: the year; no earlier one is open, so that its own entries say all.
        reopened: line id → the lettering with a later year that was undone on it (lines of this year only).
    """
    result = _of_year(select(func.coalesce(func.sum(SIGNED_CENTS), 0)), year_id).where(_IS_RESULT)
    accounts = db.session.execute(_accounts(year_id))
    return ClosingBalances(
        items=tuple(_items(year_id, reopened)),
        accounts={account_id: int(cents) for account_id, cents in accounts if cents},
        result_cents=int(db.session.execute(result).scalar_one()),
    )


def opening_draft(year_id: int, starts_on: date, balances: ClosingBalances) -> EntryDraft | None:
    """The opening entry of the year that begins on `starts_on`, after the year `year_id`; None when all is zero."""
    title = f"À-nouveaux au {starts_on:%d/%m/%Y}"
    lines = [
        *(
            LineDraft(
                carried.item.account_id,
                carried.cents,
                carried.label,
                vat_rate=carried.item.vat_rate,
                match_key=carried.item.match_key,
                third_party=_third_party(carried),
            )
            for carried in balances.items
        ),
        *(LineDraft(account_id, cents, title) for account_id, cents in balances.accounts.items()),
        *_result_lines(balances.result_cents, starts_on),
    ]
    if not lines:
        return None
    return EntryDraft(
        source=(SOURCE_KIND, year_id), purpose="opening", journal=JournalCode.OPENING, day=starts_on,
        piece_ref=f"AN{starts_on:%Y%m%d}", label=title, lines=tuple(lines),
    )  # fmt: skip


def _third_party(carried: Carried) -> ThirdParty | None:
    code = carried.item.auxiliary_code
    return ThirdParty(code, carried.auxiliary_label) if code else None


def _result_lines(result_cents: int, starts_on: date) -> Iterable[LineDraft]:
    if result_cents:
        role = AccountRole.LOSS if result_cents > 0 else AccountRole.PROFIT
        yield LineDraft(role, result_cents, f"Résultat de l’exercice précédant le {starts_on:%d/%m/%Y}")


def _of_year(statement: Select[*tuple[Any, ...]], year_id: int) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(JournalEntry.fiscal_year_id == year_id)
    )


def _accounts(year_id: int) -> Select[*tuple[Any, ...]]:
    """Balance-sheet accounts, their lines without customer and key, in order of their numbers."""
    statement = _of_year(select(EntryLine.account_id, func.sum(SIGNED_CENTS)), year_id).where(
        ~_IS_RESULT, ~_IS_ITEM
    )
    return statement.group_by(EntryLine.account_id, Account.number).order_by(Account.number)


_KEY = (EntryLine.account_id, EntryLine.auxiliary_code, EntryLine.match_key, EntryLine.vat_rate)


def _items(year_id: int, reopened: Mapping[int, int]) -> list[Carried]:
    """Open items in order of account, customer and first line; what sums to zero is carried by none."""
    cents: dict[Item, int] = defaultdict(int)
    first: dict[Item, int] = {}
    lettered = _lettered_among(reopened)
    open_lines = _of_year(
        select(*_KEY, func.sum(SIGNED_CENTS), func.min(EntryLine.id)), year_id
    ).where(~_IS_RESULT, _IS_ITEM, ~is_lettered()).group_by(*_KEY)  # fmt: skip
    for *key, open_cents, line_id in db.session.execute(open_lines):
        item = Item(*key)
        cents[item], first[item] = int(open_cents), line_id
    for line in _lines(reopened):
        if line.id in lettered:
            continue
        item = Item(line.account_id, line.auxiliary_code, line.match_key, line.vat_rate)
        apart = item._replace(lettering_id=reopened[line.id])
        signed = line.debit_cents - line.credit_cents
        cents[item] -= signed
        cents[apart] += signed
        first.setdefault(apart, line.id)
    said = {line.id: line for line in _lines(first[item] for item, open_cents in cents.items() if open_cents)}
    numbers = _numbers({item.account_id for item in cents})
    found = [
        Carried(item, open_cents, said[first[item]].label, said[first[item]].auxiliary_label)
        for item, open_cents in cents.items()
        if open_cents
    ]
    return sorted(found, key=lambda c: (numbers[c.item.account_id], c.item.auxiliary_code, first[c.item]))


def _lettered_among(ids: Iterable[int]) -> set[int]:
    return set(_chunked(ids, lambda some: select(EntryLine.id).where(EntryLine.id.in_(some), is_lettered())))


_MOST_IDS = 500
"""Ids asked for at once: engines take some thousands of parameters in one statement."""


def _lines(ids: Iterable[int]) -> Iterator[EntryLine]:
    return _chunked(ids, lambda some: select(EntryLine).where(EntryLine.id.in_(some)))


def _chunked(ids: Iterable[int], statement: Callable[[list[int]], Select[T]]) -> Iterator[T]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _MOST_IDS):
        yield from db.session.scalars(statement(wanted[start : start + _MOST_IDS]))


def _numbers(account_ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Account.id, Account.number).where(Account.id.in_(sorted(account_ids))))
    return {row[0]: row[1] for row in rows}
