"""A report by kinds: how many lines, how much money, and how many of them are new. For the page of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from payplug_bridge.operations.import_report import Preview
from payplug_bridge.operations.models import OperationKind
from payplug_bridge.operations.report_reader import RowProblem


@dataclass(frozen=True)
class KindSum:
    """The lines of one kind: how many, how many of them new, and the sum of all in cents."""

    kind: OperationKind
    count: int
    new: int
    cents: int


@dataclass(frozen=True)
class ReportSummary:
    """A report in short. `first_at` and `last_at` are None for one without lines."""

    sums: Sequence[KindSum]
    count: int
    new: int
    cents: int
    first_at: datetime | None
    last_at: datetime | None
    problems: Sequence[RowProblem]


def summary_of(found: Preview) -> ReportSummary:
    """Sum up by kind, in the order of the kinds."""
    counts, news, cents = Counter[OperationKind](), Counter[OperationKind](), Counter[OperationKind]()
    for key, row in found.keyed:
        counts[row.kind] += 1
        news[row.kind] += key in found.new_keys
        cents[row.kind] += row.amount_cents
    rows = found.content.rows
    return ReportSummary(
        sums=[KindSum(kind, counts[kind], news[kind], cents[kind]) for kind in OperationKind if counts[kind]],
        count=counts.total(),
        new=news.total(),
        cents=sum(cents.values()),
        first_at=rows[0].happened_at if rows else None,
        last_at=rows[-1].happened_at if rows else None,
        problems=found.content.problems,
    )
