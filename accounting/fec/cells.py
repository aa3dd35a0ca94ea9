"""The rules for one line of a FEC: mandatory values, amounts, dates, characters.

The second stage of `check`: takes the 18 cells of a line as text, gives back what the cross-line rules need.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from operator import itemgetter
from typing import Final, NamedTuple

from accounting.fec import rules
from accounting.fec.findings import Findings
from accounting.fec.format import COLUMNS, FORBIDDEN
from accounting.fec.reading import Layout

_MAY_BE_BLANK: Final = frozenset(
    {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise", "Sens", "Montant"}
)
_REMEMBERED: Final = 50_000
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,18})(?:,([0-9]+))?([+-]?)")
_DAY = re.compile(r"[0-9]{8}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SIDES: Final = {"D": 1, "+1": 1, "C": -1, "-1": -1}


class LineFacts(NamedTuple):
    """What one line says, its dates as valid AAAAMMJJ texts or blank, its amounts in cents."""

    number: int
    journal: str
    entry: str
    entry_date: str
    account: str
    auxiliary: str
    debit: int
    credit: int
    lettering: str
    lettering_date: str
    validation_date: str
    journal_label: str = ""
    account_label: str = ""


class CellChecker:
    """Checks the cells of each line of one file. `first_day` and `last_day` bound the financial year as AAAAMMJJ."""

    def __init__(self, layout: Layout, findings: Findings, first_day: str, last_day: str) -> None:
        self._layout = layout
        self._findings = findings
        self._first_day = first_day
        self._last_day = last_day
        self._mandatory = [
            (index, name)
            for index, (name, position) in enumerate(zip(layout.names, layout.positions, strict=True))
            if position is not None and name not in _MAY_BE_BLANK
        ]
        self._needed: Callable[[list[str]], tuple[str, ...]] = itemgetter(
            *(index for index, _ in self._mandatory)
        )
        self._amounts: dict[str, int] = {"0,00": 0}
        self._days: set[str] = {""}

    def check(self, number: int, cells: list[str]) -> LineFacts:
        """Note every breach on the line and return what the other rules need of it."""
        (
            journal, journal_label, entry, entry_date, account, account_label, auxiliary, auxiliary_label, _,
            piece_date, _, debit, credit, lettering, lettering_date, validation_date, currency_amount, currency,
        ) = cells  # fmt: skip
        needed = self._needed(cells)
        if not all(needed) or any(map(str.isspace, needed)):
            self._note_blanks(number, cells)
        if not account[:3].isdecimal() or len(account) < 3:
            self._note_account(number, account)
        entry_date = self._day(entry_date, number, "EcritureDate")
        piece_date = self._day(piece_date, number, "PieceDate")
        lettering_date = self._lettering_date(number, lettering, lettering_date)
        validation_date = self._day(validation_date, number, "ValidDate")
        self._compare_days(number, entry_date, piece_date)
        debit_cents, credit_cents = self._sides(number, debit, credit)
        if auxiliary or auxiliary_label:
            self._check_auxiliary(number, auxiliary.strip(), auxiliary_label.strip())
        if currency_amount or currency:
            self._check_currency(number, currency_amount.strip(), currency.strip())
        return LineFacts(
            number, journal, entry, entry_date, account, auxiliary, debit_cents, credit_cents,
            lettering, lettering_date, validation_date, journal_label, account_label,
        )  # fmt: skip

    def check_settlement(self, number: int, fields: list[str]) -> None:
        """Check the date of settlement of a file of cash accounting (`DateRglt`), where the line has one."""
        position = self._layout.settlement_position
        if position is not None:
            self._day(fields[position], number, "DateRglt")

    def _check_auxiliary(self, number: int, auxiliary: str, label: str) -> None:
        if not label:
            self._findings.add(rules.AUXILIARY_UNNAMED, number, "CompAuxLib", number=_short(auxiliary))
        elif not auxiliary:
            self._findings.add(rules.AUXILIARY_UNNUMBERED, number, "CompAuxNum")

    def _check_currency(self, number: int, amount: str, currency: str) -> None:
        if amount:
            self._amount(amount, number, "Montantdevise")
        if currency and not _CURRENCY.fullmatch(currency):
            self._findings.add(rules.CURRENCY_CODE, number, "Idevise", value=_short(currency))
        # Many programs write EUR on every line and no amount beside it, which says nothing wrong.
        if (amount and not currency) or (currency not in {"", "EUR"} and not amount):
            self._findings.add(rules.CURRENCY_ALONE, number, "Idevise" if amount else "Montantdevise")

    def _note_blanks(self, number: int, cells: list[str]) -> None:
        for index, name in self._mandatory:
            if not cells[index] or cells[index].isspace():
                self._findings.add(rules.MANDATORY_BLANK, number, name)

    def _note_account(self, number: int, account: str) -> None:
        if account.strip():
            self._findings.add(rules.ACCOUNT_DIGITS, number, "CompteNum", value=_short(account))

    def _lettering_date(self, number: int, code: str, day: str) -> str:
        """The date of the lettering, noting a code or a date that stands alone."""
        if bool(code.strip()) != bool(day.strip()):
            if day.strip():
                self._findings.add(rules.LETTERING_WITHOUT_CODE, number, "EcritureLet")
            else:
                self._findings.add(rules.LETTERING_WITHOUT_DATE, number, "DateLet", code=_short(code))
        return self._day(day, number, "DateLet")

    def _compare_days(self, number: int, entry_date: str, piece_date: str) -> None:
        if not entry_date:
            return
        if not self._first_day <= entry_date <= self._last_day:
            self._findings.add(
                rules.DATE_OUTSIDE_YEAR,
                number,
                "EcritureDate",
                value=entry_date,
                start=self._first_day,
                end=self._last_day,
            )
        if piece_date > entry_date:
            self._findings.add(
                rules.PIECE_AFTER_ENTRY, number, "PieceDate", piece=piece_date, entry=entry_date
            )

    def _sides(self, number: int, debit: str, credit: str) -> tuple[int, int]:
        """Debit and credit in cents, from Debit and Credit or from Montant and Sens."""
        if self._layout.has_sens:
            debit_cents, credit_cents = self._signed_sides(number, debit, credit)
        else:
            debit_cents = self._amount(debit, number, "Debit")
            credit_cents = self._amount(credit, number, "Credit")
        if debit_cents and credit_cents:
            self._findings.add(rules.AMOUNT_BOTH, number)
        elif not (debit_cents or credit_cents):
            self._findings.add(rules.AMOUNT_NONE, number)
        return debit_cents, credit_cents

    def _signed_sides(self, number: int, amount: str, sens: str) -> tuple[int, int]:
        if not amount.strip():
            self._findings.add(rules.MANDATORY_BLANK, number, "Montant")
        cents = self._amount(amount, number, "Montant")
        side = _SIDES.get(sens)
        if side is None:
            self._findings.add(rules.SENS_INVALID, number, "Sens", value=_short(sens))
        return (cents, 0) if side == 1 else (0, cents if side else 0)

    def _amount(self, text: str, number: int, column: str) -> int:
        """The amount in cents; what is wrong with its writing is noted, and an unreadable one counts as 0."""
        cents = self._amounts.get(text)
        if cents is not None:
            return cents
        if not text or text.isspace():
            return 0
        match = _AMOUNT.fullmatch(text)
        if match is None or (match[1] and match[4]):
            self._findings.add(_wrong_amount(text), number, column, value=_short(text))
            return 0
        decimals = match[3] or ""
        if decimals[2:].strip("0"):
            self._findings.add(rules.NUMBER_DECIMALS, number, column, value=_short(text))
        cents = int(match[2] + decimals[:2].ljust(2, "0"))
        if match[1] or match[4]:
            self._findings.add(rules.NUMBER_SIGN, number, column, value=_short(text))
            return -cents if "-" in text else cents
        if not decimals[2:]:
            self._remember(text, cents)
        return cents

    def _remember(self, text: str, cents: int) -> None:
        if len(self._amounts) >= _REMEMBERED:
            self._amounts.clear()
        self._amounts[text] = cents

    def _day(self, text: str, number: int, column: str) -> str:
        """The same text if it is blank or a day written AAAAMMJJ; blank, and noted, if it is anything else."""
        if text in self._days:
            return text
        if text.isspace():
            return ""
        if not _DAY.fullmatch(text):
            self._findings.add(rules.DATE_FORMAT, number, column, value=_short(text))
            return ""
        try:
            date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            self._findings.add(rules.DATE_CALENDAR, number, column, value=text)
            return ""
        if not "1900" <= text[:4] <= "2099":
            self._findings.add(rules.DATE_CENTURY, number, column, value=text)
            return text
        self._days.add(text)
        return text


def note_forbidden(number: int, fields: Iterable[str], findings: Findings) -> None:
    """Note the fields of a line that hold characters no text of the file may hold."""
    for index, text in enumerate(fields):
        if wrong := FORBIDDEN.findall(text):
            codes = " ".join(sorted({f"U+{ord(letter):04X}" for run in wrong for letter in run}))
            column = COLUMNS[index] if index < len(COLUMNS) else None
            findings.add(rules.FORBIDDEN_CHARACTER, number, column, codes=codes)


def _wrong_amount(text: str) -> rules.Rule:
    """Which rule a text breaks that is not a plain amount."""
    if "." in text:
        return rules.NUMBER_DOT
    joined = "".join(text.split())
    if joined != text and _AMOUNT.fullmatch(joined):
        return rules.NUMBER_THOUSANDS
    if text.count(",") > 1 and text.replace(",", "").isdecimal():
        return rules.NUMBER_THOUSANDS
    return rules.NUMBER_INVALID


def _short(text: str) -> str:
    """At most 40 characters of a cell, for a message."""
    return text if len(text) <= 40 else text[:39] + "…"
