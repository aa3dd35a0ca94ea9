"""The FEC's bytes: its 18 columns, its file name, and a writer that streams any number of lines in constant memory.

Called by the export with rows straight from the ledger's query, already in the order of the file (opening entries
first, then by validation). Basis: LPF art. A47 A-1, VII (columns), IX (file name), XII (numbers, dates, characters).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import BinaryIO, Final, NamedTuple, TypeAlias, TypeVar

COLUMNS: Final = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
SEPARATOR: Final = "\t"
LINE_END: Final = "\r\n"
BLANK_PIECE_REF: Final = "-"
BLANK_LABEL: Final = "/"

FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f|\u2028\u2029\ufeff\ud800-\udfff]+")
"""What no text of the file may hold: control characters, line ends of all kinds, both separators, half characters."""

_BATCH = 2_000
_CACHED = 20_000
_SIREN = re.compile(r"[0-9]{9}")

FecRow: TypeAlias = tuple[
    str, str, str, date, str, str, str | None, str | None, str | None, date, str | None,
    int, int, str | None, date | None, date, int | None, str | None,
]  # fmt: skip
"""One line as a plain tuple in the order of `FecLine`, as a query gives it."""


class FecLine(NamedTuple):
    """One line of an entry, in the order of the file. Amounts are cents; empty texts may be None."""

    journal_code: str
    journal_label: str
    entry_number: str
    entry_date: date
    account_number: str
    account_label: str
    auxiliary_number: str | None
    auxiliary_label: str | None
    piece_ref: str | None
    piece_date: date
    label: str | None
    debit_cents: int
    credit_cents: int
    lettering_code: str | None
    lettering_date: date | None
    validation_date: date
    currency_amount_cents: int | None = None
    currency: str | None = None


class FecSummary(NamedTuple):
    """What was written: lines without the header, totals in cents, size in bytes."""

    line_count: int
    debit_cents: int
    credit_cents: int
    byte_count: int


def fec_file_name(siren: str, closing_date: date) -> str:
    """`SirenFECAAAAMMJJ.txt` (A47 A-1, IX) for the year closed on that date. Raises `ValueError` on a wrong SIREN."""
    if not _SIREN.fullmatch(siren):
        raise ValueError(f"a SIREN has nine digits, not {siren!r}")
    return f"{siren}FEC{closing_date:%Y%m%d}.txt"


def clean_text(text: str) -> str:
    """The text with each run of forbidden characters turned into one space, and no space at its ends."""
    # Nearly every text is printable; asking costs a tenth of the substitution.
    if text.isprintable() and "|" not in text:
        return text.strip()
    return FORBIDDEN.sub(" ", text).strip()


def amount_text(cents: int) -> str:
    """Cents with a decimal comma, at least one digit before it and no thousands separator: `-1234567,05`."""
    digits = str(cents)
    if cents < 100:
        digits = f"-{-cents:03d}" if cents < 0 else f"{cents:03d}"
    return f"{digits[:-2]},{digits[-2:]}"


def write_fec(rows: Iterable[FecRow], out: BinaryIO) -> FecSummary:
    """Write the header and all rows to `out`, a batch at a time, and say what was written.

    UTF-8 without byte order mark, tabs, CRLF, decimal comma, dates AAAAMMJJ. A negative amount is written as a
    positive one on the other side. Raises `ValueError` on a row with both a debit and a credit.
    """
    header = (SEPARATOR.join(COLUMNS) + LINE_END).encode()
    out.write(header)
    line_count = debit_cents = credit_cents = 0
    byte_count = len(header)
    lines = _Lines()
    for batch in _batches(rows, _BATCH):
        encoded = "".join(lines.of(batch)).encode()
        out.write(encoded)
        byte_count += len(encoded)
        line_count += len(batch)
        batch_debits, batch_credits = _totals(batch)
        debit_cents += batch_debits
        credit_cents += batch_credits
    return FecSummary(line_count, debit_cents, credit_cents, byte_count)


def _totals(rows: list[FecRow]) -> tuple[int, int]:
    """What the lines of these rows add up to on each side once negative amounts have changed sides."""
    lines = [(row[11], row[12]) for row in rows]
    moved_to_credit = sum(-debit for debit, _ in lines if debit < 0)
    moved_to_debit = sum(-credit for _, credit in lines if credit < 0)
    moved = moved_to_credit + moved_to_debit
    return sum(debit for debit, _ in lines) + moved, sum(credit for _, credit in lines) + moved


_T = TypeVar("_T")


def _batches(rows: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


class _TextCache(dict[str | None, str]):
    """Remembers cleaned texts, since journals, accounts and customers repeat; forgets all rather than grow."""

    def __missing__(self, text: str | None) -> str:
        if len(self) >= _CACHED:
            self.clear()
        cleaned = self[text] = clean_text(text or "")
        return cleaned


class _DateCache(dict[date | None, str]):
    def __missing__(self, day: date | None) -> str:
        if len(self) >= _CACHED:
            self.clear()
        text = self[day] = f"{day.year:04d}{day.month:02d}{day.day:02d}" if day else ""
        return text


class _Lines:
    """Turns rows into lines of text. One per file: it holds the caches that make this fast."""

    def __init__(self) -> None:
        self._texts = _TextCache()
        self._dates = _DateCache()

    def of(self, rows: list[FecRow]) -> list[str]:
        """The lines of these rows, line ends included."""
        text, day = self._texts, self._dates
        last_number = last_piece = last_label = None
        number = piece = label = ""
        lines = []
        # One flat loop on purpose: a call per line would double the time of a large export. What rarely repeats
        # except on the lines of one entry is compared with the line before rather than cached.
        for (
            journal_code, journal_label, entry_number, entry_date, account_number, account_label,
            auxiliary_number, auxiliary_label, piece_ref, piece_date, entry_label, debit, credit,
            lettering_code, lettering_date, validation_date, currency_amount, currency,
        ) in rows:  # fmt: skip
            if entry_number != last_number:
                last_number, number = entry_number, clean_text(entry_number)
            if piece_ref != last_piece or not piece:
                last_piece, piece = piece_ref, clean_text(piece_ref or "") or BLANK_PIECE_REF
            if entry_label != last_label or not label:
                last_label, label = entry_label, clean_text(entry_label or "") or BLANK_LABEL
            if debit >= 100 and not credit:
                digits = str(debit)
                sides = f"{digits[:-2]},{digits[-2:]}\t0,00"
            elif credit >= 100 and not debit:
                digits = str(credit)
                sides = f"0,00\t{digits[:-2]},{digits[-2:]}"
            else:
                sides = "\t".join(map(amount_text, positive_sides(debit, credit)))
            foreign = "" if currency_amount is None else amount_text(currency_amount)
            lines.append(
                f"{text[journal_code]}\t{text[journal_label]}\t{number}\t{day[entry_date]}\t"
                f"{text[account_number]}\t{text[account_label]}\t{text[auxiliary_number]}\t{text[auxiliary_label]}\t"
                f"{piece}\t{day[piece_date]}\t{label}\t{sides}\t{text[lettering_code]}\t{day[lettering_date]}\t"
                f"{day[validation_date]}\t{foreign}\t{text[currency]}\r\n"
            )
        return lines


def positive_sides(debit_cents: int, credit_cents: int) -> tuple[int, int]:
    """The same line with its amount positive: signs are legal in a FEC, but many readers trip over them.

    Raises `ValueError` when both sides hold an amount.
    """
    if debit_cents and credit_cents:
        raise ValueError(f"a line has a debit of {debit_cents} and a credit of {credit_cents} cents")
    balance = debit_cents - credit_cents
    return max(balance, 0), max(-balance, 0)
