"""What the two ways of booking deposits give, in figures: a sale of 1 200 € with a deposit of 120 €, VAT included.

Made by the posting rules themselves with the accounts of the company, for the page where the way is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from accounting.chart import read_chart
from accounting.drafts import EntryDraft, KeyStanding, Standing
from accounting.facts import (
    CollectionFact,
    CollectionState,
    DeductedDeposit,
    SaleFact,
    SaleLine,
    Share,
    SupplyKind,
    ThirdParty,
    Treasury,
    VatRegime,
)
from accounting.models import DepositsScheme
from accounting.posting_rules import collection, sale


class PreviewedLine(NamedTuple):
    """A line of the example. Cents; `event` says what happened. Of a step that posts nothing there is no account."""

    event: LazyString
    account: str
    debit_cents: int
    credit_cents: int


_RATE = 2000
_ISSUED, _PAID, _FINAL = _l("Deposit invoice issued"), _l("Deposit paid"), _l("Final invoice")
_DAY, _PARTY = date(2026, 1, 1), ThirdParty("", "")
_DEPOSIT, _ADVANCE, _INVOICE = "deposit", "advance", "final"
_VAT = ((_RATE, 20_00),)


def deposits_preview(scheme: DepositsScheme) -> list[PreviewedLine]:
    """The entries of a deposit of 120 € that is paid and then deducted, in one way."""
    steps = _at_issue() if scheme is DepositsScheme.AT_ISSUE else _when_paid()
    return [line for event, draft in steps for line in _shown(event, draft)]


def _at_issue() -> Iterator[tuple[LazyString, EntryDraft | None]]:
    asked = SaleLine(SupplyKind.SERVICE, _RATE, 100_00, 20_00, is_deposit=True)
    yield _ISSUED, sale(_sale((asked,), Share(_DEPOSIT, 120_00), waits=True), Standing())
    waiting = Standing({_DEPOSIT: KeyStanding(None, None, dict(_VAT))})
    yield _PAID, collection(_paid(Share(_DEPOSIT, 120_00), is_advance=False), waiting)
    yield _FINAL, sale(_sale(_final_lines(), Share(_INVOICE, 1080_00)), Standing())


def _when_paid() -> Iterator[tuple[LazyString, EntryDraft | None]]:
    yield _ISSUED, None
    yield _PAID, collection(_paid(Share(_ADVANCE, 120_00, is_advance=True), is_advance=True), Standing())
    paid = Standing({_ADVANCE: KeyStanding(None, None, {_RATE: -20_00}, -120_00)})
    deposit = DeductedDeposit("", _ADVANCE, _DEPOSIT, 120_00, _VAT, 100_00)
    yield _FINAL, sale(_sale(_final_lines(), Share(_INVOICE, 1080_00), deposit), paid)


def _final_lines() -> tuple[SaleLine, ...]:
    return (
        SaleLine(SupplyKind.SERVICE, _RATE, 1000_00, 200_00),
        SaleLine(SupplyKind.SERVICE, _RATE, -100_00, -20_00, is_deposit=True),
    )


def _sale(
    lines: tuple[SaleLine, ...], share: Share, *deposits: DeductedDeposit, waits: bool = False
) -> SaleFact:
    return SaleFact(
        source=("document", 0), is_credit=False, number="", issue_date=_DAY, third_party=_PARTY, lines=lines,
        regime=VatRegime.COLLECTION, shares=(share,), vat_waits=waits, deposits=deposits,
    )  # fmt: skip


def _paid(share: Share, *, is_advance: bool) -> CollectionFact:
    state = CollectionState(share.match_key, 120_00, 120_00, _VAT, is_advance=is_advance)
    return CollectionFact(("payment", 0), Treasury.BANK, _DAY, "", _PARTY, (share,), (state,))


def _shown(event: LazyString, draft: EntryDraft | None) -> Iterator[PreviewedLine]:
    if draft is None:
        yield PreviewedLine(event, "", 0, 0)
        return
    chart = read_chart()
    for line in draft.lines:
        assert not isinstance(line.account, int), "nothing of the example stands anywhere"
        number = chart.numbers[chart.account_id(line.account, line.vat_rate)]
        yield PreviewedLine(event, number, max(line.cents, 0), max(-line.cents, 0))
