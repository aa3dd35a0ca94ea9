"""Errors of the ledger. Refused entries are mistakes of a program, never of a person: nobody types an entry."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.errors import NotFoundError, SoldeError


class EntryRefused(AssertionError):
    """An entry is empty, has a zero line or does not balance. The database refuses the same by itself."""


class UnknownEntry(LookupError):
    """The entry to reverse was never posted."""


class AccountingError(SoldeError):
    """Base of what the pages of the books tell a person."""

    default = _l("The books do not allow this.")


class EntryNotFound(NotFoundError):
    """No such entry in this company."""

    default = _l("This entry does not exist.")


class AccountNotFound(NotFoundError):
    """No such account in this company."""

    default = _l("This account does not exist.")


class YearNotFound(NotFoundError):
    """No such financial year in this company."""

    default = _l("This financial year does not exist.")
