"""Every rule the FEC checker holds a file to: its stable code, how grave a breach is, and what is said of it.

Two sources: the tax office's own checker (Test-Compta-Demat), whose blocking findings are errors here too, and the
stricter rules of A47 A-1 and BOI-CF-IOR-60-40-20 that it leaves unchecked. Messages are English message ids with
named parameters; whoever shows them translates them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """An error makes the file faulty; a warning should be looked at; an info only describes."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Rule:
    """One rule. `code` never changes; `stops` marks a file of which nothing can be read."""

    code: str
    severity: Severity
    message: str
    stops: bool = False


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction looks for
    """Mark a message for the translators without translating it here."""
    return message


def _error(code: str, message: str) -> Rule:
    return Rule(code, Severity.ERROR, message)


def _warning(code: str, message: str) -> Rule:
    return Rule(code, Severity.WARNING, message)


def _info(code: str, message: str) -> Rule:
    return Rule(code, Severity.INFO, message)


def _stop(code: str, message: str) -> Rule:
    return Rule(code, Severity.ERROR, message, stops=True)


# The file as a whole
FILE_UNREADABLE: Final = _stop("file-unreadable", N_("The file cannot be opened: %(reason)s."))
FILE_EMPTY: Final = _stop("file-empty", N_("The file is empty."))
FILE_NOT_TEXT: Final = _stop("file-not-text", N_("The file is not a text in UTF-8 or ISO-8859-15."))
FILE_XML: Final = _stop(
    "file-xml", N_("The file is XML. The law allows it, but only files of lines and columns are read here.")
)
LINE_TOO_LONG: Final = _stop("line-too-long", N_("The line is longer than %(limit)s characters."))
NO_SEPARATOR: Final = _stop(
    "no-separator", N_("The first line has no columns separated by tabs or vertical bars.")
)
FILE_NAME: Final = _error(
    "file-name", N_("The name must be the SIREN, FEC and the closing date, like 732829320FEC20261231.txt.")
)
FILE_DATE: Final = _error("file-date", N_("%(date)s in the file name is not a date of the calendar."))
SIREN_LENGTH: Final = _error("siren-length", N_("The file name must begin with a SIREN of nine digits."))
SIREN_KEY: Final = _error("siren-key", N_("%(siren)s is not a SIREN: its check digit is wrong."))
SEPARATOR_REFUSED: Final = _error(
    "separator-refused", N_("The columns are separated by “%(separator)s”; only a tab or | is accepted.")
)
NO_LINES: Final = _error("no-lines", N_("There is no line of entry after the header."))
ENCODING_BOM: Final = _warning(
    "encoding-bom", N_("The file begins with a byte order mark, which some tools refuse.")
)
ENCODING_MIXED: Final = _error(
    "encoding-mixed", N_("UTF-8 and ISO-8859-15 are mixed; the first line of the other kind is this one.")
)
LINE_ENDS_MIXED: Final = _warning("line-ends-mixed", N_("Lines do not all end in the same way."))

# The header
HEADER_ABSENT: Final = _error("header-absent", N_("The first line does not name the columns."))
HEADER_MISSING: Final = _error("header-missing", N_("A mandatory column is missing."))
HEADER_DUPLICATE: Final = _error("header-duplicate", N_("The column is there more than once."))
HEADER_ORDER: Final = _error(
    "header-order", N_("The 18 columns must come first and in the order of the law.")
)
HEADER_SPELLING: Final = _warning("header-spelling", N_("The column is written “%(name)s” in the header."))
HEADER_EXTRA: Final = _info("header-extra", N_("The column comes in addition to the 18 mandatory ones."))
HEADER_TRAILING: Final = _warning("header-trailing", N_("The header ends with a separator."))
CASH_COLUMNS: Final = _info(
    "cash-columns", N_("The file has the %(count)s columns of cash accounting (A47 A-1 VIII).")
)
CASH_COLUMNS_PLACE: Final = _warning(
    "cash-columns-place", N_("The columns of cash accounting must be the 19th to 22nd: %(names)s.")
)

# A line and its cells
EMPTY_LINE: Final = _error("empty-line", N_("The line is empty."))
FIELD_COUNT: Final = _error("field-count", N_("The line has %(found)s fields instead of %(expected)s."))
MANDATORY_BLANK: Final = _error("mandatory-blank", N_("A value is mandatory here."))
FORBIDDEN_CHARACTER: Final = _error(
    "forbidden-character",
    N_("The text holds a tab, a vertical bar, a line end or a control character (%(codes)s)."),
)
NUMBER_DOT: Final = _error("number-dot", N_("“%(value)s” must be written with a decimal comma."))
NUMBER_THOUSANDS: Final = _error(
    "number-thousands", N_("“%(value)s” must be written without thousands separators.")
)
NUMBER_INVALID: Final = _error("number-invalid", N_("“%(value)s” is not an amount."))
NUMBER_DECIMALS: Final = _error("number-decimals", N_("“%(value)s” has more than two decimals."))
NUMBER_SIGN: Final = _warning(
    "number-sign", N_("“%(value)s” has a sign; better a positive amount on the other side.")
)
SENS_INVALID: Final = _error("sens-invalid", N_("“%(value)s” is not D, C, +1 or -1."))
AMOUNT_BOTH: Final = _warning("amount-both", N_("The line has a debit and a credit."))
AMOUNT_NONE: Final = _warning("amount-none", N_("The line has neither a debit nor a credit."))
ACCOUNT_DIGITS: Final = _warning(
    "account-digits", N_("Account “%(value)s” does not begin with three digits.")
)
DATE_FORMAT: Final = _error("date-format", N_("“%(value)s” is not a date written YYYYMMDD."))
DATE_CALENDAR: Final = _error("date-calendar", N_("“%(value)s” is not a day of the calendar."))
DATE_CENTURY: Final = _warning("date-century", N_("“%(value)s” is not between 1900 and 2099."))
DATE_OUTSIDE_YEAR: Final = _error(
    "date-outside-year", N_("%(value)s is outside the financial year, from %(start)s to %(end)s.")
)
PIECE_AFTER_ENTRY: Final = _error(
    "piece-after-entry", N_("The document is dated %(piece)s, after its entry (%(entry)s).")
)
LETTERING_WITHOUT_DATE: Final = _error("lettering-without-date", N_("Lettering “%(code)s” has no date."))
LETTERING_WITHOUT_CODE: Final = _error(
    "lettering-without-code", N_("A lettering date without a lettering code.")
)
CURRENCY_ALONE: Final = _warning(
    "currency-alone", N_("An amount in a foreign currency and its currency go together.")
)
CURRENCY_CODE: Final = _warning("currency-code", N_("“%(value)s” is not a currency code of three capitals."))
AUXILIARY_UNNAMED: Final = _warning(
    "auxiliary-unnamed", N_("The auxiliary account %(number)s has no name (CompAuxLib).")
)
AUXILIARY_UNNUMBERED: Final = _warning(
    "auxiliary-unnumbered", N_("The name of an auxiliary account stands without its number (CompAuxNum).")
)

# What a name or an account means throughout the file
JOURNAL_NAMES: Final = _warning(
    "journal-names", N_("Journal %(code)s is called “%(first)s” and “%(other)s”.")
)
ACCOUNT_NAMES: Final = _warning(
    "account-names", N_("Account %(number)s is called “%(first)s” and “%(other)s”.")
)
OPENING_RESULT: Final = _warning(
    "opening-result",
    N_("An opening entry is on account %(account)s; only accounts of the balance sheet are carried forward."),
)
OPENING_SPREAD: Final = _warning(
    "opening-spread", N_("Opening entries are dated %(first)s and %(other)s; they belong to one day.")
)
RESULT_ZEROED: Final = _warning(
    "result-zeroed",
    N_("Accounts of classes 6 and 7 end at zero: the file must come without the entries that close them."),
)

# Entries, journals, order and numbers
ENTRY_UNBALANCED: Final = _error(
    "entry-unbalanced", N_("Entry %(entry)s of journal %(journal)s does not balance: %(difference)s.")
)
JOURNAL_UNBALANCED: Final = _error(
    "journal-unbalanced", N_("Journal %(journal)s does not balance: debit %(debit)s, credit %(credit)s.")
)
FILE_UNBALANCED: Final = _error(
    "file-unbalanced", N_("The file does not balance: debit %(debit)s, credit %(credit)s.")
)
ENTRY_DATES: Final = _error("entry-dates", N_("Entry %(entry)s has several dates: %(first)s and %(other)s."))
ENTRY_JOURNALS: Final = _error(
    "entry-journals", N_("Entry %(entry)s is in several journals: %(first)s and %(other)s.")
)
ENTRY_SCATTERED: Final = _error("entry-scattered", N_("The lines of entry %(entry)s do not stand together."))
NUMBER_REPEATED: Final = _error("number-repeated", N_("Entry number %(entry)s is given twice."))
NUMBER_GAP: Final = _error("number-gap", N_("%(missing)s entry numbers are missing after %(before)s."))
NUMBER_START: Final = _warning("number-start", N_("The sequence starts with %(entry)s instead of 1."))
NUMBER_ORDER: Final = _warning("number-order", N_("Entry %(entry)s comes after entry %(before)s."))
NUMBER_NO_DIGITS: Final = _warning(
    "number-no-digits", N_("Entry number %(entry)s has no rank that could be followed.")
)
NUMBERING_LOST: Final = _error("numbering-lost", N_("The entry numbers form no continuous sequence."))
VALIDATION_ORDER: Final = _error(
    "validation-order", N_("The entry was validated on %(date)s, before the one above it (%(before)s).")
)
OPENING_FIRST: Final = _error("opening-first", N_("Opening entries (journal %(journal)s) must come first."))
LETTERING_UNBALANCED: Final = _warning(
    "lettering-unbalanced",
    N_(
        "Lettering %(code)s of account %(account)s does not balance within the file: %(difference)s. "
        "Its other side may lie in another financial year."
    ),
)
LETTERING_LATER: Final = _info(
    "lettering-later", N_("Lettering %(code)s of account %(account)s was completed after the closing date.")
)
LETTERING_UNCHECKED: Final = _info(
    "lettering-unchecked", N_("Too many letterings are open to check the rest of them.")
)
