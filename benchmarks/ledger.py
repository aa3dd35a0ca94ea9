"""A large ledger, inserted in bulk: sales and their payments, lettered, as the verbs would have written them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from accounting.chart import Chart, read_chart
from accounting.fiscal_years import open_year_for
from accounting.models import FiscalYear
from accounting.roles import AccountRole, JournalCode
from core.database import Base, db, transaction
from core.tenancy import current_company_id

YEAR = 2025
LINES_PER_ENTRY = 5
_BATCH = 5_000
_TABLES = Base.metadata.tables


def fill_ledger(lines: int) -> FiscalYear:
    """Write a financial year of that many lines: half in sales, half in payments, each pair lettered."""
    with transaction() as session:
        year, _ = open_year_for(date(YEAR, 6, 1))
        year_id = year.id
        book = _Book(read_chart(), year_id, lines // LINES_PER_ENTRY // 2)
        for table, rows in book.rows():
            session.connection().execute(insert(_TABLES[table]), rows)
    return db.session.get_one(FiscalYear, year_id)


class _Book:
    def __init__(self, chart: Chart, year_id: int, pairs: int) -> None:
        self._chart, self._year_id, self._pairs = chart, year_id, pairs
        self._company_id = current_company_id()

    def rows(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Batches of rows in the order the database takes them: lines, entries, letterings."""
        for first in range(0, self._pairs, _BATCH):
            pairs = range(first, min(first + _BATCH, self._pairs))
            yield (
                "entry_line",
                [line for n in pairs for line in (*self._sale_lines(n), *self._payment_lines(n))],
            )
            yield "journal_entry", [entry for n in pairs for entry in self._entries(n)]
            yield "lettering", [self._lettering(n) for n in pairs]
            yield "lettering_line", [line for n in pairs for line in self._lettering_lines(n)]

    def _entries(self, n: int) -> Iterator[dict[str, Any]]:
        day = date(YEAR, 1, 1) + timedelta(days=n * 360 // self._pairs)
        for offset, (journal, piece, purpose) in enumerate(
            (
                (JournalCode.SALES, f"F-{YEAR}-{n + 1:05d}", "sale"),
                (JournalCode.BANK, f"VIR {n + 1}", "collection"),
            )
        ):
            yield {
                "id": 2 * n + 1 + offset, "company_id": self._company_id, "journal_id": self._chart.journals[journal],
                "fiscal_year_id": self._year_id, "sequence": n + 1, "number": f"{journal}{n + 1:06d}",
                "entry_date": day, "piece_ref": piece, "piece_date": day, "label": f"Pièce {piece}",
                "source_kind": "benchmark", "source_id": n, "purpose": purpose, "reverses_id": None,
                "validated_at": datetime(day.year, day.month, day.day, 10, offset, tzinfo=UTC),
            }  # fmt: skip

    def _sale_lines(self, n: int) -> Iterator[dict[str, Any]]:
        yield from self._lines(n, 0, f"Facture F-{YEAR}-{n + 1:05d}", (
            (AccountRole.CUSTOMERS, 17_500 + n), (AccountRole.SALES_SERVICE, -10_000 - n),
            (AccountRole.SALES_GOODS, -5_000), (AccountRole.VAT_WAITING, -1_500), (AccountRole.VAT_COLLECTED, -1_000),
        ))  # fmt: skip

    def _payment_lines(self, n: int) -> Iterator[dict[str, Any]]:
        yield from self._lines(n, 1, f"Encaissement VIR {n + 1}", (
            (AccountRole.BANK, 17_500 + n), (AccountRole.CUSTOMERS, -17_500 - n), (AccountRole.VAT_WAITING, 1_500),
            (AccountRole.VAT_COLLECTED, -1_000), (AccountRole.VAT_COLLECTED, -500),
        ))  # fmt: skip

    def _lines(
        self, n: int, offset: int, label: str, sides: tuple[tuple[AccountRole, int], ...]
    ) -> Iterator[dict[str, Any]]:
        entry_id = 2 * n + 1 + offset
        for position, (role, cents) in enumerate(sides, start=1):
            is_customer = role is AccountRole.CUSTOMERS
            yield {
                "id": (entry_id - 1) * LINES_PER_ENTRY + position, "company_id": self._company_id,
                "entry_id": entry_id, "position": position, "account_id": self._chart.account_id(role),
                "auxiliary_code": f"C{n % 500:05d}" if is_customer else "",
                "auxiliary_label": f"Client imaginaire {n % 500}" if is_customer else "", "label": label,
                "debit_cents": max(cents, 0), "credit_cents": max(-cents, 0),
                "match_key": f"benchmark:{n}" if is_customer else "", "vat_rate": None,
            }  # fmt: skip

    def _lettering(self, n: int) -> dict[str, Any]:
        return {
            "id": n + 1, "company_id": self._company_id, "account_id": self._chart.account_id(AccountRole.CUSTOMERS),
            "auxiliary_code": f"C{n % 500:05d}", "code": f"L{n}", "lettered_on": date(YEAR, 12, 1),
            "created_at": datetime(YEAR, 12, 1, tzinfo=UTC),
        }  # fmt: skip

    def _lettering_lines(self, n: int) -> Iterator[dict[str, Any]]:
        first = 2 * n * LINES_PER_ENTRY
        for line_id in (first + 1, first + LINES_PER_ENTRY + 2):
            yield {"company_id": self._company_id, "lettering_id": n + 1, "line_id": line_id}
