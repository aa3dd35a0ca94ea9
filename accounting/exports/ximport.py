"""Sage 50 and Ciel, the file XIMPORT.TXT: fixed width, CR LF, plain ASCII (a subset of the cp850 it is read as).

The positions are those of `MOVEMENT` below. **Not confirmed**: the decimal mark of the amount. One exporter in wide use
writes a comma and blanks before it, another one a dot and zeros; the option `ximport_dot` chooses. The movement number
has five digits and begins again after 99 999; it only keeps the lines of an entry together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, Final

from accounting.exports.fixed_width import Field, Record
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import amount_text, fitted_account, fitted_code

WIDTH: Final = 11
END: Final = b"\r\n"
LAST_NUMBER: Final = 99_999
MOVEMENT: Final = Record((
    Field("number", 1, 5, right=True, fill="0", is_whole=True),
    Field("journal", 6, 2, is_whole=True),
    Field("date", 8, 8),
    Field("due", 16, 8),
    Field("piece", 24, 12),
    Field("account", 36, 11, is_whole=True),
    Field("label", 47, 25),
    Field("amount", 72, 13, right=True, is_whole=True),
    Field("side", 85, 1),
    Field("pointing", 86, 12),
    Field("analytic", 98, 6),
    Field("account_label", 104, 34),
    # O: euro, 2003: the version of the layout.
    Field("version", 138, 5, default="O2003"),
))  # fmt: skip


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write one record per line.

    Raises:
        DoesNotFit: an account, code or amount is too long.
    """
    for entry in entries:
        out.writelines(MOVEMENT.line(_movement(entry, line, options)) + END for line in entry.lines)


def _movement(entry: ExportEntry, line: ExportLine, options: ExportOptions) -> dict[str, str]:
    own = fitted_code(line.party, WIDTH) or fitted_account(line.account, options.account_length, WIDTH)
    amount = (
        amount_text(line.cents, ".").rjust(13, "0") if options.ximport_dot else amount_text(line.cents, ",")
    )
    return {
        "number": str((entry.rank - 1) % LAST_NUMBER + 1),
        "journal": entry.journal,
        "date": f"{entry.entry_date:%Y%m%d}",
        "due": "" if line.due_on is None else f"{line.due_on:%Y%m%d}",
        # Of a long reference its end tells pieces apart.
        "piece": entry.piece_ref[-12:],
        "account": own,
        "label": line.label,
        "amount": amount,
        "side": line.side,
        "account_label": line.party_label or line.account_label,
    }
