"""A year of a small business in the books of another software, as a FEC: a right file that a test can change.

What is open at its end: FA-1 of Dupont (720 of 1,200 €, a payment that nobody lettered took 480), FA-3 of Martin
(330 €), FA-4 of Petit (240 €, on an account of its own); Grand has paid 50 € in advance; 150 € of VAT wait for
collection.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from accounting.fec.format import COLUMNS
from core.seal import canonical
from invoicing.takeover.plan import Plan, TakeoverWish, plan_takeover
from invoicing.takeover.read_file import as_data, from_data, last_day, read_file

SIREN = "732829320"
NAME = f"{SIREN}FEC20251231.txt"
Row = list[str]

ACCOUNTS = {
    "10100000": "Capital", "40100000": "Fournisseurs", "41100000": "Clients", "411PETIT": "Petit et fils",
    "44566000": "TVA déductible", "44571000": "TVA collectée", "44574000": "TVA sur encaissements",
    "51200000": "Banque", "60600000": "Achats", "70600000": "Prestations", "70700000": "Marchandises",
}  # fmt: skip
PEOPLE = {"DUPONT": "Dupont SARL", "MARTIN": "Martin SA", "GRAND": "Grand EURL", "FOURN": "Papeterie du Lac"}
JOURNALS = {"RAN": "À nouveaux", "VE": "Ventes", "BQ": "Banque", "HA": "Achats"}

# Journal and number, day, piece; then account, auxiliary, cents (a debit above zero), letter.
ENTRIES: list[tuple[str, str, str, list[tuple[str, str, int, str]]]] = [
    ("RAN1", "20250101", "AN", [("51200000", "", 5000_00, ""), ("10100000", "", -5000_00, "")]),
    ("VE1", "20251001", "FA-1", [
        ("41100000", "DUPONT", 1200_00, ""), ("70600000", "", -1000_00, ""), ("44574000", "", -200_00, "")]),
    ("VE2", "20251010", "FA-2", [
        ("41100000", "MARTIN", 600_00, "AA"), ("70700000", "", -500_00, ""), ("44571000", "", -100_00, "")]),
    ("BQ1", "20251105", "VIR 1", [
        ("51200000", "", 480_00, ""), ("41100000", "DUPONT", -480_00, ""),
        ("44574000", "", 80_00, ""), ("44571000", "", -80_00, "")]),
    ("BQ2", "20251120", "VIR 2", [("51200000", "", 600_00, ""), ("41100000", "MARTIN", -600_00, "AA")]),
    ("HA1", "20251125", "P-77", [
        ("60600000", "", 100_00, ""), ("44566000", "", 20_00, ""), ("40100000", "FOURN", -120_00, "")]),
    ("VE3", "20251210", "FA-3", [
        ("41100000", "MARTIN", 330_00, ""), ("70600000", "", -300_00, ""), ("44574000", "", -30_00, "")]),
    ("VE4", "20251215", "FA-4", [
        ("411PETIT", "", 240_00, ""), ("70700000", "", -200_00, ""), ("44571000", "", -40_00, "")]),
    ("BQ3", "20251220", "VIR 3", [("51200000", "", 50_00, ""), ("41100000", "GRAND", -50_00, "")]),
]  # fmt: skip


def rows() -> list[Row]:
    """Header and lines."""
    found = [list(COLUMNS)]
    for name, day, piece, lines in ENTRIES:
        journal, rank = name.rstrip("0123456789"), name.lstrip("ABEHNQRV")
        for account, auxiliary, cents, letter in lines:
            found.append([
                journal, JOURNALS[journal], rank, day, account, ACCOUNTS[account], auxiliary,
                PEOPLE.get(auxiliary, ""), piece, day, f"Écriture {name}", euros(max(cents, 0)),
                euros(max(-cents, 0)), letter, "20251120" if letter else "", day, "", "",
            ])  # fmt: skip
    return found


def euros(cents: int) -> str:
    """`12,00`."""
    return f"{cents // 100},{cents % 100:02d}"


def content(changed: list[Row] | None = None) -> bytes:
    """The bytes of the file."""
    return "".join("\t".join(row) + "\r\n" for row in changed or rows()).encode()


def opener(changed: list[Row] | None = None) -> Callable[[], BinaryIO]:
    """Opens the file anew each time."""
    held = content(changed)
    return lambda: BytesIO(held)


def planned_from(open_file: Callable[[], BinaryIO], wish: TakeoverWish) -> Plan:
    """The plan, as a page makes it from what the reading has kept."""
    until = last_day(wish.file_name, wish.until)
    reading = read_file(open_file, wish.file_name, until, wish.waiting_prefix)
    kept = from_data(json.loads(canonical(as_data(reading))))
    assert kept == reading
    return plan_takeover(kept, wish)
