"""The ageing of customers' balances as tables for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from accounting.reading.ageing import AgeBand, Ageing, OpenItem, first_entries
from accounting.reading.key_documents import KeyDocument, documents_of_keys
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value

BANDS: dict[AgeBand, LazyString] = {
    AgeBand.NOT_DUE: _l("Not due"),
    AgeBand.TO_30: _l("1 to 30 days"),
    AgeBand.TO_60: _l("31 to 60 days"),
    AgeBand.TO_90: _l("61 to 90 days"),
    AgeBand.OVER_90: _l("Over 90 days"),
    AgeBand.CREDIT: _l("Credits"),
}
"""How the bands are called."""

_CENTS = ColumnKind.CENTS


def customers_sheet(found: Ageing) -> Sheet:
    """A row per customer and one with the totals."""
    columns = (
        SheetColumn(gettext("Number")),
        SheetColumn(gettext("Customer"), ColumnKind.TEXT, 40),
        *(SheetColumn(str(BANDS[band]), _CENTS) for band in AgeBand),
        SheetColumn(gettext("Balance"), _CENTS),
    )
    total = gettext("Total")

    def rows() -> Iterator[tuple[Value, ...]]:
        for one in found.customers:
            yield (one.code, one.customer, *one.cents, one.total_cents)
        yield (None, total, *found.cents, found.total_cents)

    return Sheet(gettext("Customer balances"), columns, rows(), is_bold=lambda row: row[0] is None)


def items_sheet(found: Ageing, items: list[OpenItem]) -> Sheet:
    """A row per open document."""
    columns = (
        SheetColumn(gettext("Number")),
        SheetColumn(gettext("Customer"), ColumnKind.TEXT, 40),
        SheetColumn(gettext("Piece")),
        SheetColumn(gettext("Date"), ColumnKind.DATE),
        SheetColumn(gettext("Due date"), ColumnKind.DATE),
        SheetColumn(gettext("Days late"), ColumnKind.COUNT),
        SheetColumn(gettext("Open"), _CENTS),
    )

    def rows() -> Iterator[tuple[Value, ...]]:
        entries, documents = first_entries(items), documents_of_keys(item.match_key for item in items)
        for item in sorted(
            items, key=lambda item: (item.customer.casefold(), item.code, item.first_entry_id)
        ):
            entry = entries[item.first_entry_id]
            document = documents.get(item.match_key, KeyDocument(entry.piece_ref))
            yield (
                item.code, item.customer, document.name, entry.piece_date, item.due_date,
                item.days_late(found.day), item.cents,
            )  # fmt: skip

    return Sheet(gettext("Open documents"), columns, rows())
