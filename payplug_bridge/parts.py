"""Paying an invoice in parts: what may be paid at once when the company, or a sending, allows it.

`all`: everything at once. `free`: an amount that the payer types. A number: that many equal parts, of the invoice's
total. Several attempts then settle one invoice. Whatever is typed is decided here again when the payer clicks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from core.web.formats import money
from payplug_bridge.errors import AmountNotPossible

ALL: Final = "all"
FREE: Final = "free"
MOST_PARTS: Final = 12
RULES: Final = (ALL, FREE, *(str(count) for count in range(2, MOST_PARTS + 1)))


@dataclass(frozen=True)
class Purse:
    """What is due of one invoice and what one payment of it can be; cents.

    Attributes:
        due_cents: what remains due.
        total_cents: of the invoice, which equal parts are counted from.
        rule: one of `RULES`.
        least_cents, most_cents: the limits of one payment by the way chosen.
        least_part_cents: the least that the company takes at once when it is not all.
    """

    due_cents: int
    total_cents: int
    rule: str
    least_cents: int
    most_cents: int
    least_part_cents: int = 0

    @property
    def takes_parts(self) -> bool:
        """True when the payer may pay less than all; never when the rest would be too small to be paid."""
        return self.rule != ALL and self._least_part + self.least_cents <= self.due_cents

    @property
    def least_part(self) -> int:
        """The least that can be paid now, unless it is all."""
        return min(self._least_part, self.due_cents)

    @property
    def most_now(self) -> int:
        """The most that one payment can take now."""
        return min(self.due_cents, self.most_cents)

    @property
    def can_pay_all(self) -> bool:
        """True when one payment can take everything."""
        return self.due_cents <= self.most_cents

    @property
    def instalment_cents(self) -> int | None:
        """One equal part, rounded up to the cent; None when that is not offered, or when it is all that remains."""
        if not self.takes_parts or self.rule == FREE:
            return None
        part = max(-(-self.total_cents // int(self.rule)), self._least_part)
        rest = self.due_cents - part
        return part if rest >= self.least_cents and part <= self.most_cents else None

    @property
    def proposed_cents(self) -> int:
        """What is proposed when nothing was typed."""
        return self.due_cents if self.can_pay_all else self.instalment_cents or self.most_now

    def checked(self, wished_cents: int | None) -> int:
        """The amount to ask for: all that is due when nothing else was wished.

        Raises:
            AmountNotPossible: the message says which amounts are.
        """
        amount = self.due_cents if wished_cents is None else wished_cents
        if amount == self.due_cents and self.can_pay_all:
            return amount
        if self.rule == ALL:
            raise AmountNotPossible(_l("This invoice is paid all at once."))
        if self.rule != FREE and amount != self.instalment_cents and self.can_pay_all:
            raise AmountNotPossible(_l("Choose one of the amounts."))
        if not self.least_part <= amount <= self.most_now:
            raise AmountNotPossible(LazyString(_range_words, self.least_part, self.most_now))
        if 0 < self.due_cents - amount < self.least_cents:
            raise AmountNotPossible(
                _l("What would remain is too little to be paid by itself. Pay a little less, or all.")
            )
        return amount

    @property
    def _least_part(self) -> int:
        return max(self.least_part_cents, self.least_cents)

    @property
    def asks_for_amount(self) -> bool:
        """True when the payer types how much, or may."""
        return self.takes_parts and (
            self.rule == FREE or (not self.can_pay_all and self.instalment_cents is None)
        )


def _range_words(least_cents: int, most_cents: int) -> str:
    """Made when it is read, so that the amounts are written in the reader's language too."""
    words: str = gettext(
        "Type an amount from %(least)s to %(most)s.", least=money(least_cents), most=money(most_cents)
    )
    return words
