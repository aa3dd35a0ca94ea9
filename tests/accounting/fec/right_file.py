"""A right FEC of one small year, as cells that a test can spoil."""

from collections.abc import Callable
from io import BytesIO

from accounting.fec.check import check_fec
from accounting.fec.findings import FecReport, in_english
from accounting.fec.format import COLUMNS

SIREN = "732829320"
NAME = f"{SIREN}FEC20261231.txt"

Rows = list[list[str]]
Spoil = Callable[[Rows], object]

_JOURNALS = {"AN": "À nouveaux", "VE": "Ventes", "PP": "PayPlug", "OD": "Opérations diverses"}
_ACCOUNTS = {
    "101000": "Capital",
    "411000": "Clients",
    "512000": "Banque",
    "512100": "PayPlug",
    "706000": "Prestations de services",
    "445710": "TVA collectée",
    "445740": "TVA en attente d’encaissement",
}


def column(name: str) -> int:
    """The position of a column."""
    return COLUMNS.index(name)


def line(  # noqa: PLR0917 - a table of entries reads best in columns
    entry: str, day: str, account: str, debit: str, credit: str, letter: str = "", customer: str = ""
) -> list[str]:
    """One line of an entry; its journal is what its number begins with."""
    journal = entry[:2]
    return [
        journal,
        _JOURNALS[journal],
        entry,
        day,
        account,
        _ACCOUNTS[account],
        customer,
        f"Client {customer}" if customer else "",
        f"PIECE-{entry}",
        day,
        f"Écriture {entry}",
        debit,
        credit,
        letter,
        "20260302" if letter else "",
        day if journal != "AN" else "20260520",
        "",
        "",
    ]


def right_rows() -> Rows:
    """Header and lines: an opening entry, two invoices, the payment of the first, a correction."""
    return [
        list(COLUMNS),
        line("AN000001", "20260101", "512000", "1000,00", "0,00"),
        line("AN000001", "20260101", "101000", "0,00", "1000,00"),
        line("VE000001", "20260210", "411000", "120,00", "0,00", "AA", "C001"),
        line("VE000001", "20260210", "706000", "0,00", "100,00"),
        line("VE000001", "20260210", "445740", "0,00", "20,00"),
        line("PP000001", "20260302", "512100", "120,00", "0,00"),
        line("PP000001", "20260302", "411000", "0,00", "120,00", "AA", "C001"),
        line("PP000001", "20260302", "445740", "20,00", "0,00"),
        line("PP000001", "20260302", "445710", "0,00", "20,00"),
        line("VE000002", "20260415", "411000", "1000,50", "0,00", "", "C002"),
        line("VE000002", "20260415", "706000", "0,00", "1000,50"),
        line("OD000001", "20260630", "706000", "5,00", "0,00"),
        line("OD000001", "20260630", "445710", "0,00", "5,00"),
    ]


def text_of(rows: Rows, separator: str = "\t", end: str = "\r\n") -> str:
    """The rows as the text of a file."""
    return "".join(separator.join(row) + end for row in rows)


def check_text(text: str, name: str = NAME, encoding: str = "utf-8") -> FecReport:
    """Check a text as if it were a file of that name."""
    return check_fec(BytesIO(text.encode(encoding)), name)


def check_rows(rows: Rows, name: str = NAME) -> FecReport:
    """Check rows as if they were a file of that name."""
    return check_text(text_of(rows), name)


def codes(report: FecReport) -> set[str]:
    """The codes of the rules that were broken; every finding must be sayable."""
    for finding in report.findings:
        assert "%(" not in finding.sentence(in_english)
    return {rule.code for rule in report.counts}
