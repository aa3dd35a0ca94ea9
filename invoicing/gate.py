"""The gate before issue: everything that must hold for the document to be a legal one, checked at once.

Called by `issue_invoice` before it takes a number, and by the draft's page to tell early. Seller and customer are
looked at in `gate_parties`, the case of VAT in `gate_vat`; `docs/refusals.md` lists what is refused.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from invoicing.candidate import Candidate
from invoicing.customer_input import LONGEST_BUSINESS_TERMS_DAYS
from invoicing.errors import Message, Place, Problem
from invoicing.gate_parties import company_problems, customer_problems
from invoicing.gate_vat import vat_problems
from invoicing.lifecycle import LineRole
from invoicing.models import CustomerKind
from invoicing.open_period import problems_of_period

LONGEST_TERMS_END_OF_MONTH_DAYS = 45
"""C. com. L441-10 (web): 60 days from the invoice date, or 45 days end of month when agreed."""


def problems_of(candidate: Candidate) -> list[Problem]:
    """Everything that keeps the draft from being issued; empty when it may be."""
    return [
        *company_problems(candidate),
        *customer_problems(candidate.customer),
        *_date_problems(candidate),
        *_period_problems(candidate),
        *_amount_problems(candidate),
        *vat_problems(candidate),
    ]


def _date_problems(candidate: Candidate) -> Iterator[Problem]:
    day, today = candidate.issue_date, candidate.today

    def problem(field: str, message: Message) -> Problem:
        return Problem(Place.DOCUMENT, field, message)

    if day > today:
        yield problem(
            "issue_date", _l("The invoice date lies in the future. Choose today or an earlier day.")
        )
    elif (today - day).days > candidate.settings.backdating_days:
        yield problem(
            "issue_date",
            _l(
                "The invoice date lies more than %(days)d days back. Choose a later one.",
                days=candidate.settings.backdating_days,
            ),
        )
    yield from problems_of_period(day)
    if candidate.due_date < day:
        yield problem("due_date", _l("The due date cannot lie before the invoice date."))
    elif candidate.customer.kind is CustomerKind.BUSINESS and candidate.due_date > latest_due_date(day):
        yield problem(
            "due_date",
            _l(
                "Between businesses the law allows 60 days, or 45 days end of month. Choose an earlier due date."
            ),
        )


def latest_due_date(day: date) -> date:
    """The last due date the law allows between businesses for an invoice of that day (L441-10), on any reading."""
    month_end = _month_end(day) + timedelta(days=LONGEST_TERMS_END_OF_MONTH_DAYS)
    return max(
        day + timedelta(days=LONGEST_BUSINESS_TERMS_DAYS),
        month_end,
        _month_end(day + timedelta(days=LONGEST_TERMS_END_OF_MONTH_DAYS)),
    )


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _amount_problems(candidate: Candidate) -> Iterator[Problem]:
    document, totals = candidate.document, candidate.totals

    def problem(field: str, message: Message) -> Problem:
        return Problem(Place.DOCUMENT, field, message)

    if not any(True for _ in candidate.counted_lines()):
        yield problem("lines", _l("Add at least one line."))
    if document.discount_cents and document.discount_cents > _discountable_cents(candidate):
        yield problem(
            "discount_cents", _l("The discount is higher than the total it is taken off. Give a lower one.")
        )
    elif totals.total_cents < 0:
        yield problem(
            "lines",
            _l("The total is negative. An invoice cannot be; returns of an earlier sale need a credit note."),
        )


def _discountable_cents(candidate: Candidate) -> int:
    """What a discount on the whole is taken off: deposits that are deducted have no part in it."""
    pairs = zip(candidate.document.lines, candidate.totals.lines, strict=True)
    return sum(amounts.amount_cents for line, amounts in pairs if line.role is not LineRole.DEPOSIT)


def _period_problems(candidate: Candidate) -> Iterator[Problem]:
    document = candidate.document
    if document.period_end and not document.period_start:
        yield Problem(Place.DOCUMENT, "period_start", _l("Give the first day of the period as well."))
    elif document.period_start and document.period_end and document.period_end < document.period_start:
        yield Problem(Place.DOCUMENT, "period_end", _l("The period cannot end before it begins."))
