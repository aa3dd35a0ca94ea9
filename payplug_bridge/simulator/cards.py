"""Test cards: which number has which outcome. Only 4242… is PayPlug's; the others are this simulator's own.

PayPlug documents no number that declines or asks for 3-D Secure, so these exist only here (see docs/simulator.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What an attempt to pay leads to; a failure's value is PayPlug's `failure.code`."""

    PAID = "paid"
    CHALLENGE = "3ds"
    CARD_DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    THREE_DS_DECLINED = "3ds_declined"
    INCORRECT_NUMBER = "incorrect_number"
    FRAUD_SUSPECTED = "fraud_suspected"
    METHOD_UNSUPPORTED = "method_unsupported"
    PROCESSING_ERROR = "processing_error"
    CARD_SCHEME_MISMATCH = "card_scheme_mismatch"
    CARD_EXPIRES_TOO_SOON = "card_expiration_date_prior_to_last_installment_date"
    ABORTED = "aborted"
    TIMEOUT = "timeout"


# These end a payment: no later attempt can pay it. Any other failure leaves it open.
FINAL_FAILURES = frozenset({Outcome.ABORTED, Outcome.TIMEOUT})
DECLINES = tuple(
    outcome for outcome in Outcome if outcome not in FINAL_FAILURES | {Outcome.PAID, Outcome.CHALLENGE}
)
GOOD_NUMBER = "4242424242424242"
CHALLENGE_NUMBER = "4970100000000014"
NUMBERS: dict[str, Outcome] = {
    GOOD_NUMBER: Outcome.PAID,
    CHALLENGE_NUMBER: Outcome.CHALLENGE,
    "4970100000000022": Outcome.CARD_DECLINED,
    "4970100000000030": Outcome.INSUFFICIENT_FUNDS,
    "4970100000000048": Outcome.THREE_DS_DECLINED,
    "4970100000000055": Outcome.INCORRECT_NUMBER,
    "4970100000000063": Outcome.FRAUD_SUSPECTED,
    "4970100000000071": Outcome.METHOD_UNSUPPORTED,
    "4970100000000089": Outcome.PROCESSING_ERROR,
    "4970100000000097": Outcome.CARD_SCHEME_MISMATCH,
    "4970100000000105": Outcome.CARD_EXPIRES_TOO_SOON,
    # American Express is a way to pay of its own: as a plain card it is not accepted.
    "378282246310005": Outcome.METHOD_UNSUPPORTED,
}


@dataclass(frozen=True)
class Card:
    """What the payment object shows of a card."""

    last4: str
    exp_month: int
    exp_year: int
    brand: str
    country: str = "FR"

    def to_json(self) -> str:
        """The form kept in the state file."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Card:
        """Read back what `to_json` wrote."""
        return Card(**json.loads(text))


def outcome_of(number: str) -> Outcome:
    """What paying with this number does; a number that is no test card is refused as incorrect."""
    return NUMBERS.get(number, Outcome.INCORRECT_NUMBER)


def card_of(number: str, exp_month: int = 12, exp_year: int = 2034) -> Card:
    """Build the card of a number, with an expiry date when none was typed."""
    return Card(number[-4:], exp_month, exp_year, _brand(number))


def passes_luhn(number: str) -> bool:
    """Is the last digit the right check digit (ISO/IEC 7812)?"""
    total = 0
    for position, character in enumerate(reversed(number)):
        digit = int(character) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def _brand(number: str) -> str:
    if number.startswith("4970"):
        return "CB"
    if number.startswith(("34", "37")):
        return "American Express"
    return "Mastercard" if number.startswith("5") else "Visa"
