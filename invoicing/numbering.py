"""Document numbers: PREFIX-YEAR-0001, gapless and chronological per series, given at issue under the series' lock.

CGI ann. II art. 242 nonies A I-7°: one continuous chronological sequence; BOI-TVA-DECLA-30-20-20-10 §70-110: no gap,
never the same number twice in a year. The e-invoice takes at most 35 characters (BR-FR-01/02).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, select, update

from core.database import Base, db
from core.insert_missing import insert_missing
from core.tenancy import COMPANY, current_company_id, execute_scoped
from invoicing.errors import NotIssuableError, Place, Problem
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
    series = _locked_series(prefix, day.year)
    if series.last_date is not None and day < series.last_date:
        raise NotIssuableError([_too_early(prefix, series.last_date)])
    sequence = series.last_number + 1
    db.session.connection().execute(
        _COUNT, {"series_id": series.id, "last_number": sequence, "last_date": day}
    )
    number = f"{prefix}-{day.year}-{sequence:04d}"
    assert len(number) <= LONGEST_NUMBER
    return GivenNumber(number, sequence)


class _Series(NamedTuple):
    """A series as it stands under lock."""

    id: int
    last_number: int
    last_date: date | None


# Everybody who issues waits for the series, so these go past the ORM.
_TABLE = Base.metadata.tables["number_series"]
_SERIES = (
    select(_TABLE.c.id, _TABLE.c.last_number, _TABLE.c.last_date)
    .where(
        _TABLE.c.company_id == COMPANY,
        _TABLE.c.prefix == bindparam("prefix"),
        _TABLE.c.year == bindparam("year"),
    )
    .with_for_update()
)
_COUNT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("series_id"))
    .values(last_number=bindparam("last_number"), last_date=bindparam("last_date"))
)


def _locked_series(prefix: str, year: int) -> _Series:
    row = execute_scoped(_SERIES, prefix=prefix, year=year).one_or_none()
    if row is None:
        insert_missing(NumberSeries, company_id=current_company_id(), prefix=prefix, year=year)
        row = execute_scoped(_SERIES, prefix=prefix, year=year).one()
    return _Series(*row)


def _too_early(prefix: str, last: date) -> Problem:
    message = _l(
        "The last document of the series %(prefix)s is dated %(date)s. Choose that date or a later one.",
        prefix=prefix,
        date=last.strftime("%d/%m/%Y"),
    )
    return Problem(Place.DOCUMENT, "issue_date", message)
