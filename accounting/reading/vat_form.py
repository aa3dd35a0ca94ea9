"""Lines of the French VAT return (CA3, form 3310-CA3-SD): which one takes which rate and which sale. Dated data.

Source of the lines: professional practice (the form as printed since 2022); an accountant confirms them before a
return relies on them. Overseas departments have rates of their own (8.5 % and 2.1 %) on lines of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from accounting.facts import SaleTreatment, SupplyKind

OVERSEAS_POSTCODES = ("971", "972", "974")
"""Guadeloupe, Martinique, La Réunion: the departments where VAT is charged at 8.5 and 2.1 % (CGI art. 296).

Guyane (973) and Mayotte (976) charge none (CGI art. 294)."""


class Ca3Line(StrEnum):
    """The lines that sales and the processor's fees reach."""

    A1 = "A1"
    E1 = "E1"
    E2 = "E2"
    F2 = "F2"
    L08 = "08"
    L09 = "09"
    L9B = "9B"
    L10 = "10"
    L11 = "11"
    T2 = "T"
    OTHER = "?"
    L16 = "16"
    L19 = "19"
    L20 = "20"
    L23 = "23"
    L25 = "25"
    L28 = "28"


LINE_TITLES: dict[Ca3Line, LazyString] = {
    Ca3Line.A1: _l("Sales and services taxed, net"),
    Ca3Line.E1: _l("Exports outside the EU"),
    Ca3Line.E2: _l("Other transactions that are not taxable"),
    Ca3Line.F2: _l("Supplies of goods inside the EU"),
    Ca3Line.L08: _l("Standard rate 20 %"),
    Ca3Line.L09: _l("Reduced rate 5.5 %"),
    Ca3Line.L9B: _l("Intermediate rate 10 %"),
    Ca3Line.L10: _l("Overseas departments 8.5 %"),
    Ca3Line.L11: _l("Overseas departments 2.1 %"),
    Ca3Line.T2: _l("Special rate 2.1 % (annex 3310 A)"),
    Ca3Line.OTHER: _l("Other rates (annex 3310 A): ask your accountant"),
    Ca3Line.L16: _l("Total VAT due"),
    Ca3Line.L19: _l("Deductible VAT on fixed assets"),
    Ca3Line.L20: _l("Deductible VAT on other goods and services"),
    Ca3Line.L23: _l("Total deductible VAT"),
    Ca3Line.L25: _l("VAT credit"),
    Ca3Line.L28: _l("Net VAT due"),
}


@dataclass(frozen=True)
class Ca3Form:
    """One printing of the form: from which day on, and the line of each rate (1/100 %) on the mainland and overseas."""

    valid_from: date
    since: int
    mainland: Mapping[int, Ca3Line]
    overseas: Mapping[int, Ca3Line]

    def line_of_rate(self, rate: int, *, is_overseas: bool) -> Ca3Line:
        """The line for VAT at that rate (1/100 %)."""
        return (self.overseas if is_overseas else self.mainland).get(rate, Ca3Line.OTHER)


_COMMON = {2000: Ca3Line.L08, 550: Ca3Line.L09, 1000: Ca3Line.L9B}
FORMS: tuple[Ca3Form, ...] = (
    Ca3Form(
        date(2022, 1, 1),
        2022,
        mainland=_COMMON | {210: Ca3Line.T2},
        overseas=_COMMON | {850: Ca3Line.L10, 210: Ca3Line.L11},
    ),
)
"""The printings known, the newest last."""


def form_on(day: date) -> Ca3Form:
    """The form for a period that ends on that day; the oldest known for what is before it."""
    return next((form for form in reversed(FORMS) if form.valid_from <= day), FORMS[0])


def line_of_untaxed(treatment: SaleTreatment, kind: SupplyKind) -> Ca3Line | None:
    """The line for a sale on which no VAT is charged; None for what stands on no line.

    A disbursement is no sale. A franchise (an ordinary sale without VAT) files no such return at all.
    """
    if treatment is SaleTreatment.INTRA_EU:
        return Ca3Line.F2 if kind is SupplyKind.GOODS else Ca3Line.E2
    return {
        SaleTreatment.EXPORT: Ca3Line.E1,
        SaleTreatment.EXEMPT: Ca3Line.E2,
        SaleTreatment.REVERSE_CHARGE: Ca3Line.E2,
        SaleTreatment.OUTSIDE_SCOPE: Ca3Line.E2,
    }.get(treatment)
