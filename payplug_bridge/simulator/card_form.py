"""The card form of the hosted page: what was typed, and what is wrong with it. Used by `hosted_page.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from payplug_bridge.simulator.cards import Card, Outcome, card_of, outcome_of, passes_luhn

EXPIRY = re.compile(r"(0[1-9]|1[0-2])\s*/?\s*(?:20)?([0-9]{2})")
DEMO_EXPIRY, DEMO_CVC, DEMO_HOLDER = "12/34", "123", "Camille Exemple"


@dataclass(frozen=True)
class CardForm:
    """The four fields as typed, and message ids (see `texts.py`) of what is wrong, by field."""

    number: str = ""
    expiry: str = ""
    cvc: str = ""
    holder: str = ""
    errors: Mapping[str, str] | None = None

    @property
    def outcome(self) -> Outcome:
        """What paying with this card leads to."""
        return outcome_of(_digits(self.number))

    @property
    def card(self) -> Card:
        """The card that was typed; call it only on a form without errors."""
        match = EXPIRY.fullmatch(self.expiry.strip())
        assert match is not None
        return card_of(_digits(self.number), int(match.group(1)), 2000 + int(match.group(2)))


def checked_form(fields: Mapping[str, str], now: int) -> CardForm:
    """Read a submitted form and check it as a payment page would before it asks any bank."""
    number, expiry, cvc = fields.get("number", ""), fields.get("expiry", ""), fields.get("cvc", "")
    problems = {
        "number": None if _is_card_number(_digits(number)) else "error_number",
        "expiry": _expiry_problem(expiry, now),
        "cvc": None if re.fullmatch(r"[0-9]{3,4}", cvc.strip()) else "error_cvc",
    }
    errors = {name: problem for name, problem in problems.items() if problem}
    return CardForm(number, expiry, cvc, fields.get("holder", ""), errors)


def filled_form(number: str) -> CardForm:
    """A form filled with a test card, for those who do not want to type."""
    spaced = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return CardForm(spaced, DEMO_EXPIRY, DEMO_CVC, DEMO_HOLDER)


def _digits(number: str) -> str:
    return re.sub(r"[\s.-]", "", number)


def _is_card_number(digits: str) -> bool:
    return re.fullmatch(r"[0-9]{13,19}", digits) is not None and passes_luhn(digits)


def _expiry_problem(expiry: str, now: int) -> str | None:
    match = EXPIRY.fullmatch(expiry.strip())
    if match is None:
        return "error_expiry"
    today = datetime.fromtimestamp(now, UTC)
    valid_until = (2000 + int(match.group(2)), int(match.group(1)))
    return None if valid_until >= (today.year, today.month) else "error_expired"
