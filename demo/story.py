"""What happened in the last twelve months: a list of dated steps, the same for everybody who runs the demo that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from invoicing.payments import PaymentMethod

INVOICES = 200
DAYS = 365
SEED = 2026
DECLINES = ("card_declined", "insufficient_funds", "3ds_declined")


class Fate(StrEnum):
    """How an invoice of the story ends."""

    CARD = "card"
    DECLINED_THEN_CARD = "declined then card"
    DECLINED = "declined"
    BY_HAND = "by hand"
    PART = "part"
    OVERPAID = "overpaid"
    CREDITED = "credited"
    GIVEN_BACK = "given back"
    GIVEN_BACK_IN_PORTAL = "given back in the portal"
    UNPAID = "unpaid"


_FATES = (
    [Fate.CARD] * 42 + [Fate.DECLINED_THEN_CARD] * 5 + [Fate.DECLINED] * 3 + [Fate.BY_HAND] * 31 + [Fate.PART] * 5
    + [Fate.OVERPAID, Fate.GIVEN_BACK, Fate.GIVEN_BACK_IN_PORTAL] + [Fate.CREDITED] * 3 + [Fate.UNPAID] * 8
)  # fmt: skip
_MANUAL = [PaymentMethod.TRANSFER] * 7 + [PaymentMethod.CHEQUE] * 2 + [PaymentMethod.CASH]


_KINDS: dict[Fate, tuple[str, ...]] = {
    Fate.CARD: ("card",),
    Fate.DECLINED_THEN_CARD: ("decline", "card"),
    Fate.DECLINED: ("decline",),
    Fate.BY_HAND: ("pay",),
    Fate.PART: ("part",),
    Fate.OVERPAID: ("overpay",),
    Fate.CREDITED: ("credit",),
    Fate.GIVEN_BACK: ("card", "credit", "give_back"),
    Fate.GIVEN_BACK_IN_PORTAL: ("card", "give_back", "credit_later"),
    Fate.UNPAID: (),
}


# The owner learns of a forgotten credit note at the end of the quarter.
_DAYS_AFTER = {"credit_later": 60}


@dataclass(frozen=True)
class Step:
    """Something that happens on a day to invoice `invoice` (counted from 0)."""

    day: date
    order: int
    invoice: int
    kind: str
    detail: str = ""


def steps(today: date, count: int = INVOICES) -> list[Step]:
    """Every step of the story up to today, in order of day."""
    random = Random(SEED)  # noqa: S311  # a story, not a secret
    found: list[Step] = []
    for invoice in range(count):
        # A little busier towards the end, the last one today.
        issued = today - timedelta(days=round(DAYS * (1 - (invoice + 1) / count) ** 1.1))
        found.append(Step(issued, 0, invoice, "issue"))
        found += _fate_steps(random, invoice, issued)
    return sorted(
        (step for step in found if step.day <= today), key=lambda step: (step.day, step.order, step.invoice)
    )


def _fate_steps(random: Random, invoice: int, issued: date) -> list[Step]:
    fate = random.choice(_FATES)
    paid_on = issued + timedelta(days=min(round(random.expovariate(1 / 14)), 70))
    details = {"pay": random.choice(_MANUAL).value, "decline": random.choice(DECLINES)}
    details |= {"part": details["pay"], "overpay": PaymentMethod.TRANSFER.value}
    return [
        Step(
            _within_the_year(issued, paid_on + timedelta(days=_DAYS_AFTER.get(kind, 2 * index))),
            1 + index,
            invoice,
            kind,
            details.get(kind, ""),
        )
        for index, kind in enumerate(_KINDS[fate])
    ]


def _within_the_year(issued: date, day: date) -> date:
    """That day, or the last one of the invoice's year: no lettering crosses two years of which the first is still open,
    so that the strict check has nothing to remark on either FEC, and the closing of the past year is left to try."""
    return min(day, date(issued.year, 12, 31))
