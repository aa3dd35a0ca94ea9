"""Document numbers: PREFIX-YEAR-0001, gapless and chronological per series, given at issue under the series' lock.

CGI ann. II art. 242 nonies A I-7°: one continuous chronological sequence; BOI-TVA-DECLA-30-20-20-10 §70-110: no gap,
never the same number twice in a year. The e-invoice takes at most 35 characters (BR-FR-01/02).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import lazy_gettext as _l

from invoicing.errors import NotIssuableError, Place, Problem
from invoicing.locked_rows import locked_row
from invoicing.models import NumberSeries

LONGEST_NUMBER: Final = 35
_PREFIX = re.compile(r"[A-Z0-9/_+-]{1,10}")


@dataclass(frozen=True)
class GivenNumber:
    """A number and its rank in the series."""

    number: str
    sequence: int


def is_prefix(text: str) -> bool:
    """Whether a series may have this prefix: up to 10 capitals, digits and - / _ +."""
    return _PREFIX.fullmatch(text) is not None


def take_number(prefix: str, day: date) -> GivenNumber:
    """The next number of the prefix's series of that calendar year; the series stays locked until the end.

    Args:
        prefix: of the company's settings, see `is_prefix`.
        day: date of the document; the series never goes back before the last one.

    Raises:
        NotIssuableError: a document of a later date has been issued in this series.
    """
    assert is_prefix(prefix), "the gate refuses a wrong prefix before a number is asked for"
    series = locked_row(NumberSeries, prefix=prefix, year=day.year)
    if series.last_date is not None and day < series.last_date:
        raise NotIssuableError([_too_early(prefix, series.last_date)])
    series.last_number += 1
    series.last_date = day
    number = f"{prefix}-{day.year}-{series.last_number:04d}"
    assert len(number) <= LONGEST_NUMBER
    return GivenNumber(number, series.last_number)


def _too_early(prefix: str, last: date) -> Problem:
    message = _l(
        "The last document of the series %(prefix)s is dated %(date)s. Choose that date or a later one.",
        prefix=prefix,
        date=last.strftime("%d/%m/%Y"),
    )
    return Problem(Place.DOCUMENT, "issue_date", message)
