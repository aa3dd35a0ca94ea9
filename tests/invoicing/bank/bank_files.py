"""Files as banks write them, for made-up companies."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from core.money import parse_cents

Entry = tuple[str, str, str, str, str]
"""Day, amount with its sign, text, who, IBAN."""


def camt(
    *entries: Entry,
    opening: str = "1000.00",
    closing: str = "",
    version: str = "02",
    iban: str = "FR7630006000011234567890189",
    currency: str = "EUR",
) -> bytes:
    """A CAMT.053 file of one statement. The closing balance is what the lines make, unless given."""
    cents = parse_cents(opening) + sum(parse_cents(amount) for _, amount, _, _, _ in entries)
    end = closing or f"{cents / 100:.2f}"
    body = "".join(_entry(entry, version, currency) for entry in entries)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>RELEVE-1</MsgId><CreDtTm>2026-11-20T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>2026-11</Id><CreDtTm>2026-11-20T06:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>
{_balance("OPBD", opening)}{_balance("CLBD", end)}{body}</Stmt></BkToCstmrStmt></Document>""".encode()


def _balance(code: str, amount: str) -> str:
    side, plain = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{plain}</Amt>"
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>"
    )


def _entry(entry: Entry, version: str, currency: str) -> str:
    day, amount, text, party, iban = entry
    side, who = ("DBIT", "Cdtr") if amount.startswith("-") else ("CRDT", "Dbtr")
    status = "<Sts>BOOK</Sts>" if version < "08" else "<Sts><Cd>BOOK</Cd></Sts>"
    name = f"<Nm>{escape(party)}</Nm>"
    named = f"<{who}>{name if version < '08' else f'<Pty>{name}</Pty>'}</{who}>" if party else ""
    account = f"<{who}Acct><Id><IBAN>{iban}</IBAN></Id></{who}Acct>" if iban else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount.lstrip('-')}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties>{named}{account}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def csv(header: str, *rows: str, above: Sequence[str] = (), encoding: str = "cp1252") -> bytes:
    """A CSV file with what some banks write above the names of the columns."""
    return "\r\n".join((*above, header, *rows, "")).encode(encoding)
