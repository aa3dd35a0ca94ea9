"""Documents are not dated in a month or year that the books have closed. Asked by the gate, and once more under the
year's lock by the verbs that issue: a closing waits for them, or they see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask_babel import lazy_gettext as _l

from accounting.closed_periods import first_open_day
from accounting.fiscal_years import open_year_for
from invoicing.errors import NotIssuableError, Place, Problem


def problems_of_period(day: date) -> Iterator[Problem]:
    """What is wrong with a document dated that day, if its period is closed."""
    open_day = first_open_day(day)
    if open_day != day:
        yield _closed(open_day)


def hold_open(day: date) -> None:
    """Keep the financial year of a document that is being issued from being closed until the transaction ends.

    Raises:
        NotIssuableError: its period has been closed.
    """
    _year, open_day = open_year_for(day)
    if open_day != day:
        raise NotIssuableError([_closed(open_day)])


def _closed(open_day: date) -> Problem:
    message = _l(
        "The books are closed on that date. Choose %(day)s or a later one.", day=open_day.strftime("%d/%m/%Y")
    )
    return Problem(Place.DOCUMENT, "issue_date", message)
