"""Errors of the ledger. Refused entries are mistakes of a program, never of a person: nobody types an entry."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from core.errors import NotFoundError, SoldeError


class EntryRefused(AssertionError):
    """An entry is empty, has a zero line or does not balance. The database refuses the same by itself."""


class UnknownEntry(LookupError):
    """The entry to reverse was never posted."""


class AccountingError(SoldeError):
    """Base of what the pages of the books tell a person."""

    default = _l("The books do not allow this.")

    @classmethod
    def year_is_open(cls) -> AccountingError:
        """Only a closed year has an archive."""
        return cls(_l("An archive is made of a closed year: close it first."))

    @classmethod
    def faulty_fec(cls) -> AccountingError:
        """The year's file is not given out."""
        return cls(_l("The FEC of the year does not pass the strict check: no archive was made."))


class EntryNotFound(NotFoundError):
    """No such entry in this company."""

    default = _l("This entry does not exist.")


class AccountNotFound(NotFoundError):
    """No such account in this company."""

    default = _l("This account does not exist.")


class YearNotFound(NotFoundError):
    """No such financial year in this company."""

    default = _l("This financial year does not exist.")


class YearNotClosable(AccountingError):
    """A financial year cannot be closed now."""

    status = 409

    @classmethod
    def not_over(cls, ends_on: date) -> YearNotClosable:
        """It is still running."""
        return cls(_l("The financial year ends on %(day)s: it is closed after that day.", day=_text(ends_on)))

    @classmethod
    def earlier_open(cls, ends_on: date) -> YearNotClosable:
        """An earlier one is open."""
        return cls(_l("Close the financial year that ends on %(day)s first.", day=_text(ends_on)))

    @classmethod
    def changed(cls) -> YearNotClosable:
        """It is not what was looked at any more."""
        return cls(_l("Entries were posted in this year since it was looked at: have it looked at again."))

    @classmethod
    def no_result_account(cls) -> YearNotClosable:
        """No account takes the result."""
        return cls(
            _l("Choose the accounts for the profit and the loss of the year before in the settings first.")
        )


class MonthNotClosable(AccountingError):
    """A month cannot be closed, or opened again."""

    default = _l("This is no month of the financial year.")
    status = 409

    @classmethod
    def not_over(cls, ends_on: date) -> MonthNotClosable:
        """It is still running."""
        return cls(_l("The month ends on %(day)s: it is closed after that day.", day=_text(ends_on)))

    @classmethod
    def in_closed_year(cls) -> MonthNotClosable:
        """Its year is closed for good."""
        return cls(_l("The financial year is closed for good: its months are not opened again."))


def _text(day: date) -> str:
    return day.strftime("%d/%m/%Y")


class JournalNotFound(NotFoundError):
    """No such journal in this company."""

    default = _l("This journal does not exist.")


class TreasuryAccountNotFound(NotFoundError):
    """No such treasury account in this company."""

    default = _l("This treasury account does not exist.")
