"""Two windows on one row: a save counts the row's version up; one from an older page is refused, not the last to win.

Used by the verbs that save what a form shows; the form carries the version (`VersionField`).
"""

from __future__ import annotations

from typing import Protocol

from core.database import db
from core.errors import ConflictError, OutdatedError


class Versioned(Protocol):
    """A row with a `version_column()`."""

    version: int


def count_save(row: Versioned, seen: int | None) -> None:
    """Count one save of a locked row that was changed, before the flush.

    Args:
        row: the row, under lock.
        seen: the version that the person's page showed; None when no page is behind it (an import, a command).

    Raises:
        OutdatedError: the row was saved meanwhile.
    """
    if seen is not None and seen != row.version:
        raise OutdatedError(row.version)
    row.version += 1


def refuse_unseen(seen: str | None, now: str, wanted: str) -> None:
    """For a single value, which needs no version: refuse to replace what the person's page did not show.

    Args:
        seen: the value her page showed; None when no page is behind it.
        now: the value under lock.
        wanted: what it is to become. Wanted twice (a double click), it is there already and nothing is refused.

    Raises:
        ConflictError: somebody else has changed it meanwhile.
    """
    if seen is not None and now not in (seen, wanted):
        raise ConflictError


def is_changed() -> bool:
    """True when the open transaction has put another value onto a row than is stored, and not flushed it yet.

    A form sent twice changes nothing the second time: what is stored is what it says.
    """
    session = db.session
    return bool(session.new or session.deleted or any(session.is_modified(row) for row in session.dirty))
