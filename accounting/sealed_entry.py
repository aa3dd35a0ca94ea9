"""How an entry is written into the seal: its head and all its lines. Its lettering is not: that comes and goes.

A later change of the payload registers a new version and leaves this one as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, BindParameter, bindparam, select

from accounting.chart import Chart, read_chart
from accounting.models import Account, EntryLine, JournalEntry
from core.database import db
from core.seal import Payload, Serializer, register_serializer

Row: TypeAlias = Mapping[str, Any]
"""Columns by name."""

# Built once: building one takes longer than running it, and `verify_chain` runs it for every entry.
_ENTRY_ID: BindParameter[int] = bindparam("entry_id", type_=BigInteger)
_LINES = (
    select(
        Account.number,
        EntryLine.auxiliary_code,
        EntryLine.auxiliary_label,
        EntryLine.label,
        EntryLine.debit_cents,
        EntryLine.credit_cents,
        EntryLine.match_key,
        EntryLine.vat_rate,
    )
    .join(Account, Account.id == EntryLine.account_id)
    .where(EntryLine.entry_id == _ENTRY_ID)
    .order_by(EntryLine.position)
)


_OF_LINE = (
    "auxiliary_code", "auxiliary_label", "label", "debit_cents", "credit_cents", "match_key", "vat_rate",
)  # fmt: skip


def payload_of_rows(entry: Row, lines: Collection[Row], chart: Chart) -> Payload | None:
    """What the serializer will read of an entry and lines as they are written; None when it must read for itself.

    It must where a line is on an account that plays no role any more: the chart does not have its number.
    """
    accounts = chart.numbers
    if any(line["account_id"] not in accounts for line in lines):
        return None
    said = [[accounts[line["account_id"]], *(line[name] for name in _OF_LINE)] for line in lines]
    return _payload(chart.journal_code(entry["journal_id"]), entry, said)


def _payload_v1(entry_id: int) -> Payload | None:
    entry = db.session.get(JournalEntry, entry_id)
    if entry is None:
        return None
    lines = db.session.execute(_LINES, {"entry_id": entry_id})
    columns = {column.key: getattr(entry, column.key) for column in JournalEntry.__table__.columns}
    return _payload(read_chart().journal_code(entry.journal_id), columns, [list(line) for line in lines])


def _payload(journal: str, entry: Row, lines: list[list[Any]]) -> Payload:
    return {
        "journal": journal,
        "number": entry["number"],
        "date": entry["entry_date"],
        "piece_ref": entry["piece_ref"],
        "piece_date": entry["piece_date"],
        "label": entry["label"],
        "source": [entry["source_kind"], entry["source_id"], entry["purpose"]],
        "reverses": entry["reverses_id"],
        "validated_at": entry["validated_at"],
        "lines": lines,
    }


def _all_ids(company_id: int | None) -> Iterable[int]:
    if company_id is None:
        return ()
    return db.session.scalars(select(JournalEntry.id).order_by(JournalEntry.id))


register_serializer(Serializer("entry", 1, _payload_v1, _all_ids))
