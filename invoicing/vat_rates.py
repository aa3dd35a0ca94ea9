"""VAT rates: the French ones as dated data, and those a company adds. Drafts are checked with it, lists offer from it.

Rates are 1/100 %. The set of rates is that of French e-invoices (BR-FR-16); which territory uses one and since when is
(practice), to be confirmed before any legal reliance: it only decides what is offered and what is refused as outdated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from core.database import db
from invoicing.models import VatRate


class Territory(StrEnum):
    """Where a French rate is used."""

    MAINLAND = "mainland"
    CORSICA = "corsica"
    OVERSEAS = "overseas"
    SPECIAL = "special"


@dataclass(frozen=True)
class FrenchRate:
    """One rate of the law and the invoice dates it holds for; an open end is None."""

    rate: int
    territory: Territory
    valid_from: date | None = None
    valid_to: date | None = None


FRENCH_RATES: Final = (
    FrenchRate(2000, Territory.MAINLAND, valid_from=date(2014, 1, 1)),
    FrenchRate(1000, Territory.MAINLAND, valid_from=date(2014, 1, 1)),
    FrenchRate(550, Territory.MAINLAND),
    FrenchRate(210, Territory.MAINLAND),
    FrenchRate(0, Territory.MAINLAND),
    FrenchRate(1300, Territory.CORSICA),
    FrenchRate(90, Territory.CORSICA),
    FrenchRate(850, Territory.OVERSEAS),
    FrenchRate(175, Territory.OVERSEAS),
    FrenchRate(105, Territory.OVERSEAS),
    FrenchRate(960, Territory.SPECIAL),
    FrenchRate(920, Territory.SPECIAL),
    FrenchRate(1960, Territory.MAINLAND, valid_from=date(2000, 4, 1), valid_to=date(2013, 12, 31)),
    FrenchRate(700, Territory.MAINLAND, valid_from=date(2012, 1, 1), valid_to=date(2013, 12, 31)),
    FrenchRate(2060, Territory.MAINLAND, valid_from=date(1995, 8, 1), valid_to=date(2000, 3, 31)),
)


def offered_rates(day: date) -> tuple[int, ...]:
    """The rates a list offers on that day: the company's own and those of mainland France, highest first."""
    mainland = {r.rate for r in FRENCH_RATES if r.territory is Territory.MAINLAND and _holds(r, day)}
    return tuple(sorted(mainland | company_rates(day), reverse=True))


def allowed_rates(day: date) -> frozenset[int]:
    """Every rate a document of that day may use: all French ones in force and the company's own."""
    return frozenset(r.rate for r in FRENCH_RATES if _holds(r, day)) | company_rates(day)


def refused_rates(rates: Iterable[int], day: date) -> set[int]:
    """Those of the rates that a document of that day may not use; the company's own are read only when it matters."""
    not_french = set(rates) - {r.rate for r in FRENCH_RATES if _holds(r, day)}
    return not_french - company_rates(day) if not_french else not_french


_SUCCESSORS: Final = {1960: 2000, 2060: 2000, 700: 1000}
"""What took the place of rates that ended: 20.6 % in 2000, 19.6 % and 7 % in 2014 (practice)."""


def rate_now(rate: int, day: date) -> int:
    """The rate that stands on that day for one of an earlier document: itself, or what took its place in the law."""
    return _SUCCESSORS.get(rate, rate) if refused_rates({rate}, day) else rate


def company_rates(day: date) -> set[int]:
    """The rates the company entered has added and that hold on that day."""
    return {row.rate for row in db.session.scalars(select(VatRate)) if _holds(row, day)}


def _holds(row: FrenchRate | VatRate, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day <= row.valid_to)
