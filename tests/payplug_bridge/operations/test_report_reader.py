"""Reading accounting reports: both layouts, three languages, any order; what is no report is refused in a sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest

from payplug_bridge.operations.models import OperationKind
from payplug_bridge.operations.report_cells import ReportRefused
from payplug_bridge.operations.report_columns import kind_of
from payplug_bridge.operations.report_reader import ReportContent, read_report
from tests.payplug_bridge.operations.report_files import HEADER_A, csv_file, xlsx_file

PAY = "pay_5iHMDxy4ABR4YBVW4UscIn"
REFUND = "re_5iHMDxy4ABR4YBVW4UscIn"
K = OperationKind

ROWS_A = (
    ("05/09/2026 10:30:00", "Paiement", "1 234,50", PAY, "Facture F2026-00001", "anne@example.org"),
    ("06/09/2026", "Remboursement", "-34,50", REFUND, f"Remboursement de {PAY}", ""),
    ("30/09/2026", "Virement", "-500.00", "", "Vers FR76", ""),
    ("01/10/2026", "Facture", "-18,00 €", "", "Facture PayPlug", ""),
)
READ_A = [
    (K.PAYMENT, datetime(2026, 9, 5, 10, 30, tzinfo=UTC), 123_450, PAY, ""),
    (K.REFUND, datetime(2026, 9, 6, tzinfo=UTC), -3450, REFUND, PAY),
    (K.PAYOUT, datetime(2026, 9, 30, tzinfo=UTC), -50_000, "", ""),
    (K.FEE_INVOICE, datetime(2026, 10, 1, tzinfo=UTC), -1800, "", ""),
]


def shown(content: ReportContent) -> list[tuple[object, ...]]:
    return [(r.kind, r.happened_at, r.amount_cents, r.payplug_id, r.related_id) for r in content.rows]


def test_the_french_statement_is_read_however_it_was_saved() -> None:
    mixed = [HEADER_A[i] for i in (3, 5, 0, 2, 4, 1)]
    files = (
        csv_file(*ROWS_A),
        csv_file(*ROWS_A, first="sep=,\r\n"),
        b"\xef\xbb\xbf" + csv_file(*ROWS_A, first="sep=;\r\n", separator=";"),
        csv_file(*ROWS_A, separator="\t"),
        csv_file(*ROWS_A).decode().encode("cp1252"),
        csv_file(*(tuple(row[i] for i in (3, 5, 0, 2, 4, 1)) for row in ROWS_A), header=mixed),
        csv_file(*reversed(ROWS_A)),
        xlsx_file(*ROWS_A, header=HEADER_A, above=3),
    )
    for content in files:
        read = read_report(content)
        assert shown(read) == READ_A
        assert read.problems == ()


def test_the_portals_spreadsheet_is_read_with_fees_balance_and_our_reference() -> None:
    when = datetime(2025, 12, 3, 9, 15)  # noqa: DTZ001  # a spreadsheet knows no zone
    row = (PAY, when, "Pagamento", "Fattura 12", "", "Visa", 120.0, 1.2, 0.25, 1.69, 1320.4, "X1", "ref-1")
    (read,) = read_report(xlsx_file(row)).rows
    assert (read.kind, read.happened_at) == (K.PAYMENT, when.replace(tzinfo=UTC))
    assert (read.amount_cents, read.fee_cents, read.balance_cents) == (12_000, 169, 132_040)
    assert read.reference == "ref-1"
    assert read.raw["metadata_Order"] == "X1"
    assert read.raw["Commissione variabile excl. IVA (%)"] == "1.2"


@pytest.mark.parametrize(
    ("word", "payplug_id", "cents", "kind"),
    [
        ("Virements", "", -1, K.PAYOUT),
        ("Bonifico", "", -1, K.PAYOUT),
        ("Fattura", "", -1, K.FEE_INVOICE),
        ("Rimborso", REFUND, -1, K.REFUND),
        ("Opposition", PAY, -1, K.DISPUTE),
        ("Impayé", PAY, -1, K.DISPUTE),
        ("Remboursement d’impayé", PAY, 1, K.DISPUTE),
        ("Frais d’opposition", PAY, -1800, K.DISPUTE_FEE),
        ("Chargeback fee", "", -1800, K.DISPUTE_FEE),
        ("CB", PAY, 1, K.PAYMENT),
        ("CB", REFUND, -1, K.REFUND),
        ("CB", PAY, -1, K.UNKNOWN),
        ("Ajustement", "", -1, K.UNKNOWN),
    ],
)
def test_what_a_row_is_about_is_known_by_its_word_then_by_its_id(
    word: str, payplug_id: str, cents: int, kind: OperationKind
) -> None:
    assert kind_of(word, payplug_id, cents) is kind


def test_every_row_that_cannot_be_read_is_named_and_the_others_are_read() -> None:
    content = csv_file(
        ("5 septembre", "Paiement", "10,00", PAY, "", ""),
        ("", "Paiement", "10,00", PAY, "", ""),
        ("05/09/2026", "Paiement", "dix", PAY, "", ""),
        ("05/09/2026", "Paiement", "", PAY, "", ""),
        ("05/09/2026", "Paiement", "0,00", PAY, "", ""),
        ROWS_A[0],
        first="sep=,\r\n",
    )
    read = read_report(content)
    assert len(read.rows) == 1
    assert [(p.line, p.word) for p in read.problems] == [
        (3, "date"), (4, "no_date"), (5, "amount"), (6, "no_amount"), (7, "amount"),
    ]  # fmt: skip


def spreadsheet_with(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_file(*ROWS_A, header=HEADER_A))) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], source.read(name)))
    return stream.getvalue()


def test_what_is_no_accounting_report_is_refused() -> None:
    history = ("ID", "Date", "Heure", "Statut", "Montant", "Nombre de tentatives")
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'
    refused = {
        "empty": b" \n",
        "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        "letter": b"Dear PayPlug,\nwhere is my money?\n",
        "list of payments": csv_file(("1", "2", "3", "4", "5", "6"), header=history),
        "open quotation mark": csv_file(*ROWS_A) + b'"05/09/2026,Paiement',
        "archive": _archive("letter.txt", b"Dear"),
        "bomb": _archive("[Content_Types].xml", b"0" * 130_000_000),
        "entities": spreadsheet_with(sheet1=entity),
        "damaged": spreadsheet_with(sheet1=b"<worksheet"),
        "cut off": xlsx_file(*ROWS_A, header=HEADER_A)[:-300],
        "bytes changed on the way": _scrambled(upto=100),
        "most bytes changed": _scrambled(upto=None),
        "formula": xlsx_file(("=1+1", *ROWS_A[0][1:]), header=HEADER_A),
    }
    for what, content in refused.items():
        with pytest.raises(ReportRefused) as refusal:
            read_report(content)
        assert refusal.value.field == "file", what


def _scrambled(*, upto: int | None) -> bytes:
    """A spreadsheet whose directory is whole and whose compressed parts are not."""
    content = xlsx_file(*ROWS_A, header=HEADER_A)
    end = upto or content.index(b"PK\x01\x02")
    return content[:60] + b"\xff" * (end - 60) + content[end:]


def _archive(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()
