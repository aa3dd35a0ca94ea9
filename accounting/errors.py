"""Errors of the ledger. Refused entries are mistakes of a program, never of a person: nobody types an entry."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.errors import SoldeError


class EntryRefused(AssertionError):
    """An entry is empty, has a zero line or does not balance. The database refuses the same by itself."""


class UnknownEntry(LookupError):
    """The entry to reverse was never posted."""


class AccountingError(SoldeError):
    """Base of what the pages of the books tell a person."""

    default = _l("The books do not allow this.")
