"""The ways to pay that PayPlug knows, and which of them one payment can take: by account, company, amount and country.

Used by the settings, the send page, the payment page and the start of a payment. Names are PayPlug's own values of
`payment_method`; a card is the payment without one. What each way asks beside the billing details, and that all of them
work on the hosted page, is assumed: compare with a real account that offers them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payplug_bridge.snapshots import MethodFacts


class Way(StrEnum):
    """A way to pay; the order is that in which they are shown."""

    CARD = "card"
    AMERICAN_EXPRESS = "american_express"
    APPLE_PAY = "apple_pay"
    WERO = "wero"
    BANCONTACT = "bancontact"
    IDEAL = "ideal"
    BIZUM = "bizum"
    MYBANK = "mybank"
    SATISPAY = "satispay"
    SCALAPAY = "scalapay"
    ONEY_X3_WITH_FEES = "oney_x3_with_fees"
    ONEY_X4_WITH_FEES = "oney_x4_with_fees"
    ONEY_X3_WITHOUT_FEES = "oney_x3_without_fees"
    ONEY_X4_WITHOUT_FEES = "oney_x4_without_fees"


NAMES: Final[dict[Way, LazyString | str]] = {
    Way.CARD: _l("Card (CB, Visa, Mastercard)"),
    Way.AMERICAN_EXPRESS: "American Express",
    Way.APPLE_PAY: "Apple Pay",
    Way.WERO: "Wero",
    Way.BANCONTACT: "Bancontact",
    Way.IDEAL: "iDEAL",
    Way.BIZUM: "Bizum",
    Way.MYBANK: "MyBank",
    Way.SATISPAY: "Satispay",
    Way.SCALAPAY: "Scalapay",
    Way.ONEY_X3_WITH_FEES: _l("Oney, in 3 instalments with fees"),
    Way.ONEY_X4_WITH_FEES: _l("Oney, in 4 instalments with fees"),
    Way.ONEY_X3_WITHOUT_FEES: _l("Oney, in 3 instalments without fees"),
    Way.ONEY_X4_WITHOUT_FEES: _l("Oney, in 4 instalments without fees"),
}
ONEY: Final = frozenset(way for way in Way if way.startswith("oney_"))
WITH_MOBILE: Final = ONEY | {Way.SCALAPAY}
"""Ways that ask for a mobile number: Oney decides on a credit and writes to it (assumed for Scalapay)."""
WITH_CART: Final = ONEY | {Way.SCALAPAY}
"""Ways that want to know what is bought (`payment_context`)."""
USUAL: Final = (Way.CARD,)


class WayObstacle(StrEnum):
    """Why one way cannot be taken."""

    NOT_OFFERED = "not_offered"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    COUNTRY = "country"


@dataclass(frozen=True)
class WayOffer:
    """One way for one payment: the amounts it takes, in cents, and what stands against it; None when it is possible."""

    way: Way
    least_cents: int
    most_cents: int
    obstacle: WayObstacle | None = None

    @property
    def is_possible(self) -> bool:
        """True when the payer can take it."""
        return self.obstacle is None

    @property
    def name(self) -> LazyString | str:
        """What it is called."""
        return NAMES[self.way]


@dataclass(frozen=True)
class KnownAccount:
    """What is known of an account, for deciding: its limits in cents, and the methods it offers."""

    least_cents: int
    most_cents: int
    methods: tuple[MethodFacts, ...] = ()

    def offer(self, way: Way, amount_cents: int, country: str, *, in_parts: bool) -> WayOffer:
        """Whether `way` can pay this amount from this country (two letters; empty: not known, so not held against it).

        In parts no amount is too large.
        """
        found = self.method(way)
        if found is None:
            return WayOffer(way, self.least_cents, self.most_cents, WayObstacle.NOT_OFFERED)
        least = self.least_cents if found.least_cents is None else found.least_cents
        most = self.most_cents if found.most_cents is None else found.most_cents
        obstacle = None
        if country and found.countries and country not in found.countries:
            obstacle = WayObstacle.COUNTRY
        elif amount_cents < least:
            obstacle = WayObstacle.TOO_SMALL
        elif amount_cents > most and not in_parts:
            obstacle = WayObstacle.TOO_LARGE
        return WayOffer(way, least, most, obstacle)

    def method(self, way: Way) -> MethodFacts | None:
        """What the account says of a way; None when it does not offer it. Every account takes cards."""
        if way is Way.CARD:
            return MethodFacts(Way.CARD, True)
        return next((m for m in self.methods if m.name == way and m.is_enabled), None)

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways that the account offers, in our order."""
        return tuple(way for way in Way if self.method(way) is not None)


def brand_of(way: str) -> str:
    """The proper name of a way that is no card, the same in every language; empty for a card and what is unknown."""
    if way in ONEY:
        return "Oney"
    name = NAMES.get(Way(way)) if way in set(Way) else ""
    return name if isinstance(name, str) else ""


def read_ways(text: str) -> tuple[Way, ...]:
    """The ways of a stored list, in our order; a name that is known no more is left out."""
    names = set(text.split())
    return tuple(way for way in Way if way.value in names)


def ways_text(ways: Iterable[str]) -> str:
    """A list of ways as it is stored."""
    return " ".join(way.value for way in read_ways(" ".join(ways)))


def stored_methods(methods: Iterable[MethodFacts]) -> str:
    """The methods of an account as JSON."""
    return json.dumps([asdict(method) for method in methods])


def read_methods(text: str) -> tuple[MethodFacts, ...]:
    """What `stored_methods` wrote."""
    return tuple(MethodFacts(**{**row, "countries": tuple(row["countries"])}) for row in json.loads(text))
