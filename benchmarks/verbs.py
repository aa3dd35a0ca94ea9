"""Issuing a five-line invoice and recording a payment, against the same rows written bare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import report
from benchmarks.installation import ENGINES, installation
from benchmarks.replay import Replay, read_all, take_back, written_between
from benchmarks.samples import drafts
from benchmarks.side_by_side import Ratio, ratio_of, seconds
from core.clock import paris_today
from core.database import transaction
from invoicing.issue_invoice import issue_invoice
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment

PER_ROUND = 50
ROUNDS = 7
TRYTON_ISSUE_MS, TRYTON_PAYMENT_MS = 900, 400
"""What a well-known Python ERP needs on such a machine."""


def run() -> None:
    """Measure on both engines."""
    report.heading(
        f"Verbs ({ROUNDS} rounds of {PER_ROUND}; bare = the same rows by SQLAlchemy Core, as many transactions)"
    )
    for engine in ENGINES:
        with installation(engine):
            # The first ones open the financial year and the counters.
            first, *rounds = [drafts(PER_ROUND) for _ in range(ROUNDS + 1)]
            _run(issue_invoice, first)
            _run(_pay, first)
            issue = _against_bare(issue_invoice, rounds)
            report.ratio_line(f"{engine}: issue, 5 lines, no PDF", issue, per=PER_ROUND, aim="≤ 3")
            _absolute(engine, "issue", issue, TRYTON_ISSUE_MS)
            pay = _against_bare(_pay, rounds)
            report.ratio_line(f"{engine}: record a payment", pay, per=PER_ROUND, aim="none")
            _absolute(engine, "payment", pay, TRYTON_PAYMENT_MS)


def _absolute(engine: str, what: str, ratio: Ratio, erp_ms: int) -> None:
    each_ms = ratio.ours_s / PER_ROUND * 1000
    report.note(
        f"{engine}: {what} {each_ms:.1f} ms, {erp_ms / each_ms:.0f} × as fast as {erp_ms} ms (aim 60 ×)"
    )


def _pay(document_id: int) -> None:
    record_payment(
        PaymentInput(document_id, PaymentMethod.TRANSFER, 10_000, paris_today(), reference="VIR 1")
    )


def _against_bare(verb: Callable[[int], object], rounds: Sequence[Sequence[int]]) -> Ratio:
    """Each round runs the verb, takes its rows away (not timed), and writes them again bare."""
    pairs = []
    for document_ids in rounds:
        before = read_all()
        ours_s = seconds(_run, verb, document_ids)
        written = written_between(before, read_all())
        take_back(written)
        replay = Replay(written, len(document_ids))
        pairs.append((ours_s, seconds(replay.run)))
    return ratio_of(pairs)


def _run(verb: Callable[[int], object], document_ids: Sequence[int]) -> None:
    for document_id in document_ids:
        with transaction():
            verb(document_id)
