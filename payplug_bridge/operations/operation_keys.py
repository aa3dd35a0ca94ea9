"""What makes a row of a report the same operation in another report.

Reports overlap and come in two layouts, so the key holds only what every layout tells. Payments and refunds have an
id of PayPlug's. Other rows (payouts, invoices) have none in one of the layouts: for them it is the kind, the UTC day
and the amount, and, as two payouts of one amount may leave on one day, which of such rows of the file it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from payplug_bridge.operations.models import OperationKind
from payplug_bridge.operations.report_columns import plain
from payplug_bridge.operations.report_reader import ReportRow

_ID_PREFIXES = ("pay_", "re_")


def with_keys(rows: Sequence[ReportRow]) -> list[tuple[str, ReportRow]]:
    """The rows of one file with their keys, in the same order.

    A payment or refund that the file tells twice happened once as far as anybody knows: the second row is kept as one
    that a person has to look at.
    """
    counted: Counter[str] = Counter()
    keyed = []
    for row in rows:
        same = _same(row)
        counted[same] += 1
        told_again = row.kind in (OperationKind.PAYMENT, OperationKind.REFUND) and counted[same] > 1
        kept = replace(row, kind=OperationKind.UNKNOWN) if told_again else row
        keyed.append((f"{same}:{counted[same]}", kept))
    return keyed


def _same(row: ReportRow) -> str:
    kind = f"unknown {plain(row.type_text)}" if row.kind is OperationKind.UNKNOWN else row.kind.value
    if row.payplug_id.startswith(_ID_PREFIXES):
        return f"{kind}:{row.payplug_id}:{row.amount_cents}"
    return f"{kind}:{row.happened_at:%Y-%m-%d}:{row.amount_cents}"
