"""Cegid Quadra (formerly Quadratus), the ASCII interface of QuadraCompta: fixed width, CR LF, plain ASCII.

`C` records create or update the accounts of customers and suppliers, `M` records are the lines. The positions are those
of `MOVEMENT` and `PARTY` below, taken from two independent exporters; the vendor publishes none. Amounts are cents.
The VAT columns stay blank: the VAT is on its own accounts. An attachment's name stays blank too. What of a label is
too long is cut off; accounts, codes and amounts never are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import BinaryIO, Final

from accounting.exports.fixed_width import Field, Record
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import ascii_text, fitted_account, fitted_code

WIDTH: Final = 8
END: Final = b"\r\n"
MOVEMENT: Final = Record((
    Field("type", 1, 1, default="M"),
    Field("account", 2, 8, is_whole=True),
    Field("journal", 10, 2, is_whole=True),
    Field("folio", 12, 3, default="000"),
    Field("date", 15, 6),
    Field("label_code", 21, 1),
    Field("label", 22, 20),
    Field("side", 42, 1),
    Field("sign", 43, 1, default="+"),
    Field("amount", 44, 12, right=True, fill="0", is_whole=True),
    Field("counterpart", 56, 8),
    Field("due", 64, 6, default="000000"),
    Field("lettering", 70, 2),
    Field("statistics", 72, 3),
    Field("short_piece", 75, 5),
    Field("project", 80, 10),
    Field("quantity", 90, 10),
    Field("piece", 100, 8),
    Field("currency", 108, 3, default="EUR"),
    Field("long_journal", 111, 3),
    Field("vat_flag", 114, 1),
    Field("vat_code", 115, 1),
    Field("vat_regime", 116, 1),
    Field("long_label", 117, 30),
    Field("long_vat_code", 147, 2),
    Field("reference", 149, 10),
    Field("reserved", 159, 10),
    Field("currency_amount", 169, 13),
    Field("attachment", 182, 12),
    Field("rest", 194, 38),
))  # fmt: skip
PARTY: Final = Record((
    Field("type", 1, 1, default="C"),
    Field("account", 2, 8, is_whole=True),
    Field("label", 10, 30),
    Field("alpha_key", 40, 7),
    Field("blank", 47, 52),
    Field("collective", 99, 8, is_whole=True),
    Field("blank_2", 107, 110),
    # 2: label, key and collective account are updated where the account exists already.
    Field("update", 217, 1, default="2"),
    Field("kind", 218, 1),
    Field("rest", 219, 235),
))  # fmt: skip


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write the records: each third party once, before its first line.

    Raises:
        DoesNotFit: an account, code or amount is too long.
    """
    known: set[str] = set()
    for entry in entries:
        for line in entry.lines:
            account = _account(line, options)
            if line.party_label and account not in known:
                known.add(account)
                out.write(PARTY.line(_party(line, account, options)) + END)
            out.write(MOVEMENT.line(_movement(entry, line, account)) + END)


def _account(line: ExportLine, options: ExportOptions) -> str:
    return fitted_code(line.party, WIDTH) or fitted_account(line.account, options.account_length, WIDTH)


def _party(line: ExportLine, account: str, options: ExportOptions) -> dict[str, str]:
    collective = line.account if line.party else options.customers_account
    letters = (letter for letter in ascii_text(line.party_label).upper() if letter.isalnum())
    return {
        "account": account,
        "label": line.party_label,
        "alpha_key": "".join(letters),
        "collective": fitted_account(collective, options.account_length, WIDTH),
        "kind": "F" if line.account.startswith("40") else "C",
    }


def _movement(entry: ExportEntry, line: ExportLine, account: str) -> dict[str, str]:
    return {
        "account": account,
        "journal": entry.journal,
        "date": f"{entry.entry_date:%d%m%y}",
        "label": line.label,
        "side": line.side,
        "amount": str(line.cents),
        "due": _due(line.due_on),
        # Two letters at most: a longer code would be another one when cut off.
        "lettering": line.letter if len(line.letter) <= 2 else "",
        "short_piece": entry.number[-5:],
        "piece": entry.number[-8:],
        "long_journal": entry.journal,
        "long_label": line.label,
        "reference": entry.piece_ref[-10:],
    }


def _due(day: date | None) -> str:
    return "000000" if day is None else f"{day:%d%m%y}"
