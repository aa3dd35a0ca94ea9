"""The report of VAT as tables for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext

from accounting.reading.treatment_words import TREATMENTS
from accounting.reading.vat_form import LINE_TITLES
from accounting.reading.vat_report import VatReport
from accounting.reading.waiting_vat import waiting_documents
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value

_TEXT, _CENTS, _RATE, _COUNT = ColumnKind.TEXT, ColumnKind.CENTS, ColumnKind.RATE, ColumnKind.COUNT


def vat_sheets(report: VatReport) -> tuple[Sheet, Sheet, Sheet]:
    """By rate (with the tie to the ledger), the lines of the form, and the VAT that waits by document."""
    return _rates(report), _form(report), _waiting(report)


def _rates(report: VatReport) -> Sheet:
    columns = (
        SheetColumn(gettext("Rate"), _RATE),
        SheetColumn(gettext("Sales"), _TEXT, 40),
        SheetColumn(gettext("Net by invoice"), _CENTS),
        SheetColumn(gettext("VAT by invoice"), _CENTS),
        SheetColumn(gettext("Net by payment"), _CENTS),
        SheetColumn(gettext("VAT by payment"), _CENTS),
        SheetColumn(gettext("Net of corrections"), _CENTS),
        SheetColumn(gettext("VAT of corrections"), _CENTS),
        SheetColumn(gettext("Total net"), _CENTS),
        SheetColumn(gettext("Total VAT"), _CENTS),
        SheetColumn(gettext("VAT in the ledger"), _CENTS),
        SheetColumn(gettext("Difference"), _CENTS),
    )
    return Sheet(gettext("VAT by rate"), columns, _rate_rows(report))


def _rate_rows(report: VatReport) -> Iterator[tuple[Value, ...]]:
    for row in report.rates:
        yield (
            row.rate, gettext("Taxed sales"), row.invoice_net_cents, row.invoice_vat_cents, row.payment_net_cents,
            row.payment_vat_cents, row.correction_net_cents, row.correction_vat_cents, row.net_cents, row.vat_cents,
            row.ledger_vat_cents, row.difference_cents,
        )  # fmt: skip
    for sale in report.untaxed:
        words = str(TREATMENTS[sale.treatment, sale.kind])
        yield 0, words, sale.net_cents, 0, 0, 0, 0, 0, sale.net_cents, 0, 0, 0


def _form(report: VatReport) -> Sheet:
    columns = (
        SheetColumn(gettext("Line"), _TEXT, 8),
        SheetColumn(gettext("Name"), _TEXT, 50),
        SheetColumn(gettext("Net, whole euros"), _COUNT, 18),
        SheetColumn(gettext("VAT, whole euros"), _COUNT, 18),
    )
    rows = (
        (row.line.value, str(LINE_TITLES[row.line]), row.base_euros, row.vat_euros)
        for row in report.form_rows
    )
    return Sheet("CA3", columns, rows)


def _waiting(report: VatReport) -> Sheet:
    columns = (
        SheetColumn(gettext("Piece"), _TEXT),
        SheetColumn(gettext("Date"), ColumnKind.DATE),
        SheetColumn(gettext("Customer"), _TEXT, 40),
        SheetColumn(gettext("Waiting VAT"), _CENTS),
    )
    rows = (
        (waiting.document.name, waiting.piece_date, waiting.customer, waiting.waiting_cents)
        for waiting in waiting_documents(report.waiting)
    )
    return Sheet(gettext("VAT not due yet"), columns, rows)
