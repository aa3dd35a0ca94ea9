"""The whole chart of accounts for its page and its file: grouped by what accounts are for, searched, with roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.models import Account, EntryLine
from accounting.roles import ROLES, split_role_key
from core.database import db
from core.spreadsheets import Sheet, SheetColumn
from core.web.formats import rate

GROUPS: tuple[tuple[str, LazyString], ...] = (
    ("411", _l("Customers")),
    ("41", _l("Customers: doubtful debts, deposits and others")),
    ("40", _l("Suppliers")),
    ("445", _l("VAT")),
    ("4", _l("Other third parties and waiting accounts")),
    ("5", _l("Treasury")),
    ("70", _l("Sales")),
    ("7", _l("Other income")),
    ("6", _l("Charges")),
    ("", _l("Other accounts")),
)
"""How numbers begin (the longest that fits counts first), in the order of the page."""


@dataclass(frozen=True)
class ChartRow:
    """One account. `used_for`: the role it plays, in words, or empty; `is_used`: entries stand on it."""

    id: int
    number: str
    label: str
    used_for: str
    is_used: bool


def role_title(key: str | None) -> str:
    """What a role is called, with its VAT rate where it is for one; empty for none."""
    if key is None:
        return ""
    role, vat_rate = split_role_key(key)
    title = str(ROLES[role].title)
    return title if vat_rate is None else f"{title} {rate(vat_rate)}"


def chart_rows(text: str = "") -> list[ChartRow]:
    """The accounts whose number, name or use has the text, in order of numbers; all for an empty one."""
    is_used = select(EntryLine.id).where(EntryLine.account_id == Account.id).exists()
    rows = db.session.execute(
        select(Account.id, Account.number, Account.label, Account.role, is_used).order_by(Account.number)
    )
    wanted = text.strip().casefold()
    found = (ChartRow(row[0], row[1], row[2], role_title(row[3]), row[4]) for row in rows)
    return [row for row in found if wanted in f"{row.number} {row.label} {row.used_for}".casefold()]


def heading_of(number: str) -> LazyString:
    """The heading an account stands under."""
    titles = dict(GROUPS)
    return titles[max((start for start in titles if number.startswith(start)), key=len)]


def grouped(rows: list[ChartRow]) -> list[tuple[LazyString, list[ChartRow]]]:
    """The rows under the headings an accountant looks for; empty headings are left out."""
    by_group: dict[str, list[ChartRow]] = {prefix: [] for prefix, _ in GROUPS}
    for row in rows:
        prefix = max((start for start in by_group if row.number.startswith(start)), key=len)
        by_group[prefix].append(row)
    return [(title, by_group[prefix]) for prefix, title in GROUPS if by_group[prefix]]


def chart_sheet() -> Sheet:
    """The chart as a table to download."""
    columns = (
        SheetColumn(gettext("Account"), width=14),
        SheetColumn(gettext("Name in the books"), width=48),
        SheetColumn(gettext("Used for"), width=40),
    )
    return Sheet(gettext("Chart of accounts"), columns, _sheet_rows())


def _sheet_rows() -> Iterator[tuple[str, str, str]]:
    for row in chart_rows():
        yield row.number, row.label, row.used_for
