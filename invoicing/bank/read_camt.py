"""Reads CAMT.053, the account statement of ISO 20022 (versions .001.02 to .001.08 and later: their names are the same).

The file comes from the net: no entity is resolved, no document type taken, its size and depth are bounded.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from lxml import etree

from invoicing.bank.models import StatementFormat
from invoicing.bank.reading import (
    EARLIEST,
    LARGEST_CENTS,
    LATEST,
    MOST_BYTES,
    MOST_LINES,
    ReadLine,
    ReadStatement,
    StatementRefused,
    joined,
)

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(\d\d)")
_DAMAGED = _l("This XML file is damaged and cannot be read. Download it again from your bank.")
# OPBD opening booked, PRCD closing of the day before (some banks give it instead), CLBD closing booked.
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_UNSPECIFIED: Final = ("NOTPROVIDED", "NOT PROVIDED", "NONREF")


def looks_like_camt(content: bytes) -> bool:
    """Whether the file is XML at all."""
    return content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def read_camt(content: bytes) -> ReadStatement:
    """Read the whole file; several statements of one account follow one another.

    Raises:
        StatementRefused: too large, no XML, with entities, of another kind, of several accounts, in another currency.
    """
    root = _root(content)
    statements = [node for parent in root for node in parent if _name(node) == "Stmt"] if len(root) else []
    if not statements:
        raise StatementRefused(
            _l("This XML file is no account statement (CAMT.053). Your bank may call it XML or ISO 20022.")
        )
    ibans = {_text(node, "Acct/Id/IBAN") for node in statements}
    if len(ibans) > 1:
        raise StatementRefused(
            _l("This file has statements of several accounts. Download one file for each account.")
        )
    lines = [line for node in statements for line in _lines(node)]
    if len(lines) > MOST_LINES:
        raise StatementRefused(_l("This file has too many lines. Download a shorter period."))
    return ReadStatement(
        StatementFormat.CAMT,
        tuple(lines),
        _balance(statements[0], _OPENING),
        _balance(statements[-1], _CLOSING),
        ibans.pop(),
    )


def _root(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise StatementRefused(_l("This file is too large for a statement."))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise StatementRefused(_DAMAGED) from error
    if root.getroottree().docinfo.internalDTD is not None:
        # No bank declares a document type; who does wants entities.
        raise StatementRefused(_DAMAGED)
    if not _NAMESPACE.fullmatch(etree.QName(root).namespace or ""):
        raise StatementRefused(
            _l("This XML file is no account statement (CAMT.053). Your bank may call it XML or ISO 20022.")
        )
    return root


def _lines(statement: Any) -> list[ReadLine]:
    return [_line(entry) for entry in statement if _name(entry) == "Ntry" and _is_booked(entry)]


def _is_booked(entry: Any) -> bool:
    """A pending or informational line moves no money yet."""
    return (_text(entry, "Sts/Cd") or _text(entry, "Sts")) in ("BOOK", "")


def _line(entry: Any) -> ReadLine:
    details = [
        node for group in entry if _name(group) == "NtryDtls" for node in group if _name(node) == "TxDtls"
    ]
    cents = _cents(entry)
    # Of a batch the bank says who paid in each part; the line is the one amount that moved the account.
    side = "Dbtr" if cents > 0 else "Cdtr"
    parties = [
        _text(node, f"RltdPties/{side}/Nm") or _text(node, f"RltdPties/{side}/Pty/Nm") for node in details
    ]
    references = [_text(node, "Refs/EndToEndId") for node in details]
    wordings = [text for node in details for text in _texts(node, "RmtInf/Ustrd")]
    wordings += [text for node in details for text in _texts(node, "RmtInf/Strd/CdtrRefInf/Ref")]
    ibans = {_text(node, f"RltdPties/{side}Acct/Id/IBAN") for node in details} - {""}
    return ReadLine(
        booked_on=_day(entry, "BookgDt") or _day(entry, "ValDt") or _refuse_day(),
        amount_cents=cents,
        wording=joined((*wordings, _text(entry, "AddtlNtryInf")), 500),
        party=joined(parties, 140),
        iban="".join(ibans.pop().split())[:34] if len(ibans) == 1 else "",
        reference=joined((text for text in references if text.upper() not in _UNSPECIFIED), 140),
        raw={"xml": etree.tostring(entry, encoding="unicode", with_tail=False)[:20_000]},
    )


def _cents(entry: Any) -> int:
    amount = next((node for node in entry if _name(node) == "Amt"), None)
    if amount is None:
        raise StatementRefused(_DAMAGED)
    if amount.get("Ccy", "EUR") != "EUR":
        raise StatementRefused(_l("This statement is not in euros. Solde keeps books in euros only."))
    cents = _scaled(amount.text)
    if not cents:
        raise StatementRefused(_DAMAGED)
    is_out = _text(entry, "CdtDbtInd") == "DBIT"
    return -cents if is_out else cents


def _scaled(text: str | None) -> int:
    try:
        cents = Decimal((text or "").strip()) * 100
    except DecimalException as error:
        raise StatementRefused(_DAMAGED) from error
    if not cents.is_finite() or not 0 <= cents < LARGEST_CENTS or cents != cents.to_integral_value():
        raise StatementRefused(_DAMAGED)
    return int(cents)


def _balance(statement: Any, codes: tuple[str, ...]) -> int | None:
    found: dict[str, int] = {}
    for node in statement:
        if _name(node) != "Bal":
            continue
        amount = _text(node, "Amt")
        side = -1 if _text(node, "CdtDbtInd") == "DBIT" else 1
        found.setdefault(_text(node, "Tp/CdOrPrtry/Cd"), side * _scaled(amount))
    return next((found[code] for code in codes if code in found), None)


def _day(entry: Any, name: str) -> date | None:
    text = _text(entry, f"{name}/Dt") or _text(entry, f"{name}/DtTm")
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _refuse_day() -> date:
    raise StatementRefused(_l("A line of this statement has no date that can be read."))


def _name(node: Any) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _texts(node: Any, path: str) -> list[str]:
    nodes = [node]
    for name in path.split("/"):
        nodes = [child for parent in nodes for child in parent if _name(child) == name]
    return [(found.text or "").strip() for found in nodes]


def _text(node: Any, path: str) -> str:
    return next(iter(_texts(node, path)), "")
