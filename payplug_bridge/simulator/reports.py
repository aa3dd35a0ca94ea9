"""Accounting reports: asked for, ready after a while, fetched at an address that lives a day. Both known layouts.

Layout A is the French statement (CSV, `sep=,` first), B the portal's spreadsheet of 2025 with fees and running balance.
"""

from __future__ import annotations

import csv
import io
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime

from openpyxl import Workbook

from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.ids import new_id
from payplug_bridge.simulator.movements import StatementLine, seconds_of, statement
from payplug_bridge.simulator.notifications import notify_report
from payplug_bridge.simulator.objects import JsonObject
from payplug_bridge.simulator.session import Session

DAY = 86_400
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS_A = {
    "payment": "Paiement",
    "refund": "Remboursement",
    "payout": "Virement",
    "fees": "Facture",
}
_WORDS_B = {"payment": "Pagamento", "refund": "Rimborso", "payout": "Bonifico", "fees": "Fattura"}
_HEADER_A = ("Date", "Type", "Montant", "ID API", "Description", "E-mail")
_HEADER_B = (
    "ID", "Data di registrazione (UTC)", "Tipo", "Descrizione", "E-mail", "Valuta", "Importo (€)",
    "Commissione variabile excl. IVA (%)", "Commissione fissa excl. IVA (€)", "Commissioni excl. IVA (€)",
    "Saldo lordo (€)",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A report as stored; its content is that of the moment it was asked for."""

    id: str
    account_id: str
    is_live: bool
    start_date: str
    end_date: str
    notification_url: str | None
    token: str
    variant: str
    content: bytes
    ready_at: int
    available_until: int

    @property
    def media_type(self) -> str:
        """What the file is."""
        return CSV if self.variant == "A" else XLSX


def request_report(
    session: Session, account_id: str, start: date, end: date, *, is_live: bool, notification_url: str | None
) -> Report:
    """Have a report made of these UTC days, both included; the merchant is told when it is there."""
    assumed = session.assumptions
    ready_at = session.now + assumed.report_delay_seconds
    first, beyond = seconds_of(start), seconds_of(end) + DAY
    lines = [line for line in statement(session, account_id, is_live=is_live) if first <= line.at < beyond]
    variant = "B" if assumed.report_variant.upper() == "B" else "A"
    made = Report(
        new_id("ar"), account_id, is_live, start.isoformat(), end.isoformat(), notification_url,
        secrets.token_urlsafe(24), variant, content_of(lines, variant, assumed.dispute_label),
        ready_at, ready_at + assumed.report_hours * 3600,
    )  # fmt: skip
    session.connection.execute(
        "INSERT INTO reports (id, account_id, is_live, start_date, end_date, notification_url, token, variant, content,"
        " ready_at, available_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tuple(made.__dict__.values()),
    )
    notify_report(
        session, notification_url, report_object(session, made, is_ready=True), assumed.report_delay_seconds
    )
    return made


def find_report(session: Session, report_id: str) -> Report | None:
    """A report by its id."""
    row = session.connection.execute("SELECT * FROM reports WHERE id = ?", (report_id,)).fetchone()
    return None if row is None else _report(row)


def file_of(session: Session, token: str) -> Report:
    """The report whose file has this address; ApiError 404 before it is there, 410 once it is gone."""
    row = session.connection.execute("SELECT * FROM reports WHERE token = ?", (token,)).fetchone()
    if row is None or session.now < row["ready_at"]:
        raise ApiError(404, "There is no such file.")
    if session.now >= row["available_until"]:
        raise ApiError(410, "The file is no longer available.")
    return _report(row)


def report_object(session: Session, report: Report, *, is_ready: bool | None = None) -> JsonObject:
    """The report as the API gives it; what is about the file is null until it is there."""
    ready = session.now >= report.ready_at if is_ready is None else is_ready
    return {
        "id": report.id,
        "object": "accounting_report",
        "is_live": report.is_live,
        "start_date": report.start_date,
        "end_date": report.end_date,
        "notification_url": report.notification_url,
        "temporary_url": f"{session.public_url}/reports/{report.token}" if ready else None,
        "file_available_until": report.available_until if ready else None,
    }


def content_of(lines: list[StatementLine], variant: str, dispute_label: str) -> bytes:
    """The file of these lines."""
    return _csv(lines, dispute_label) if variant == "A" else _xlsx(lines, dispute_label)


def _word(line: StatementLine, words: dict[str, str], dispute_label: str) -> str:
    if line.kind == "dispute_fee":
        return f"Frais {dispute_label.lower()}"
    return words.get(line.kind, dispute_label)


def _csv(lines: list[StatementLine], dispute_label: str) -> bytes:
    stream = io.StringIO()
    stream.write("sep=,\r\n")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow(_HEADER_A)
    for line in lines:
        amount = f"{'-' if line.amount < 0 else ''}{abs(line.amount) // 100}.{abs(line.amount) % 100:02d}"
        writer.writerow(
            (
                f"{_moment(line.at):%d/%m/%Y %H:%M:%S}",
                _word(line, _WORDS_A, dispute_label),
                amount,
                line.id,
                line.description,
                line.email,
            )
        )
    return stream.getvalue().encode()


def _xlsx(lines: list[StatementLine], dispute_label: str) -> bytes:
    keys = sorted({key for line in lines for key in line.metadata})
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*_HEADER_B, *(f"metadata_{key}" for key in keys)])
    for line in lines:
        fees = line.fee_cents / 100 if line.fee_cents else None
        sheet.append(
            [
                line.id or None,
                _moment(line.at).replace(tzinfo=None),
                _word(line, _WORDS_B, dispute_label),
                line.description,
                line.email,
                "EUR",
                line.amount / 100,
                None,
                None,
                fees,
                line.balance_cents / 100,
                *(str(line.metadata.get(key, "")) for key in keys),
            ]
        )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _report(row: sqlite3.Row) -> Report:
    return Report(
        row["id"],
        row["account_id"],
        bool(row["is_live"]),
        row["start_date"],
        row["end_date"],
        row["notification_url"],
        row["token"],
        row["variant"],
        row["content"],
        row["ready_at"],
        row["available_until"],
    )
