"""Two public invoices, imported as their lines stand, agree with their files to the cent all over; one is then paid.

The facts are in `data/` (see its README): 20 lines with 6 % and 21 % and a return; 10 lines with prices of five
decimals or for twelve units. The company adds the two rates of the Netherlands for the years of the invoices.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from accounting.reading.entries_of_sources import entries_of_sources
from core.database import db, transaction
from core.files import read_bytes
from core.jobs import run_due_jobs
from core.mail import OutboxMail
from core.models import Role
from core.money import format_cents
from invoicing.company_input import add_vat_rate
from invoicing.facturx_library import EN16931_RULES, binds_france, invoice_of_file, schema_faults
from invoicing.facturx_rules import broken_rules
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.render_pdf import ensure_pdf
from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import MakeApp, signed_in_client
from tests.invoicing.einvoices import cents, terms_of_xml
from tests.payplug_bridge.shop import Shop, open_shop
from tests.scenarios.money import all_is_well

DATA = Path(__file__).parent / "data"
SIREN = "732829320"
# Number in the file: our number, net, VAT per rate, total; in cents.
EXPECTED = {
    "12115118": ("F-2015-0001", 22_960, {600: (18_323, 1_099), 2100: (4_637, 974)}, 25_033),
    "1100512149": ("F-2014-0001", 90_891, {2100: (90_891, 19_087)}, 109_978),
}


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture
def shop(make_app: MakeApp, each_url: str, simulator: RunningSimulator) -> Shop:
    """A demo company that knows the two rates, on each engine."""
    shop = open_shop(make_app, each_url, simulator)
    with shop.inside(), transaction():
        for rate in (600, 2100):
            add_vat_rate(rate, date(2012, 10, 1), date(2018, 12, 31))
    return shop


def _run(shop: Shop, *arguments: str) -> str:
    result = shop.app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def _import_all(shop: Shop) -> dict[str, int]:
    """Import both invoices with their customers; ids by the number in the file."""
    _run(shop, "customers", "import", str(DATA / "customers.csv"))
    for reference in EXPECTED:
        _run(shop, "invoices", "import", str(DATA / f"invoice-{reference}.csv"), "--issue", "--send")
    run_due_jobs(shop.app)
    with shop.inside():
        rows = db.session.execute(select(Document.external_reference, Document.id))
        return {str(reference): document_id for reference, document_id in rows}


def _french(cents: int) -> str:
    return _plain(format_cents(cents, "fr", currency=False))


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def _amounts(reference: str) -> list[str]:
    """Every amount of the file's totals, as a French document writes it."""
    _number, net, by_rate, total = EXPECTED[reference]
    return [_french(cents) for cents in (net, total, *(c for parts in by_rate.values() for c in parts))]


def _read_fec(shop: Shop, year: int, folder: Path) -> list[dict[str, str]]:
    """The year's FEC, which our own checker has found right."""
    path = _run(
        shop, "fec", "export", "--company", SIREN, "--year", str(year), "--output", str(folder)
    ).splitlines()[-1]
    _run(shop, "fec", "check", path)
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def _assert_rows_agree(shop: Shop, reference: str, document_id: int) -> None:
    number, net, by_rate, total = EXPECTED[reference]
    with shop.inside():
        document = db.session.get_one(Document, document_id)
        assert (document.number, document.net_cents, document.total_cents) == (number, net, total)
        assert {v.rate: (v.net_cents, v.vat_cents) for v in document.vat_lines} == by_rate
        assert (document.rounding_cents, document.vat_cents) == (0, total - net)


def _assert_page_agrees(client: FlaskClient, reference: str, document_id: int) -> None:
    page = client.get(f"/invoices/{document_id}")
    assert page.status_code == 200
    text = _plain(page.text)
    for amount in _amounts(reference):
        assert amount in text, amount


def _assert_pdf_agrees(shop: Shop, reference: str, document_id: int) -> None:
    with shop.inside():
        pdf = read_bytes(ensure_pdf(document_id).stored_file.sha256)
    text = _plain(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))
    for amount in _amounts(reference):
        assert amount in text, amount
    with (DATA / f"invoice-{reference}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=";" if reference == "12115118" else ","))
    column = next(index for index, title in enumerate(rows[0]) if title in ("libellé", "label"))
    for row in rows[1:]:
        assert _plain(row[column]) in text, row[column]


def _assert_einvoice_agrees(shop: Shop, reference: str, document_id: int) -> None:
    """The XML in the PDF says the file's amounts and keeps EN 16931; both customers are abroad."""
    number, net, by_rate, total = EXPECTED[reference]
    with shop.inside():
        pdf = read_bytes(ensure_pdf(document_id).stored_file.sha256)
    xml = invoice_of_file(pdf)
    terms = terms_of_xml(xml)
    assert (terms["BT-1"], cents(terms["BT-109"]), cents(terms["BT-115"])) == (number, net, total)
    told = {cents(row["BT-119"]): (cents(row["BT-116"]), cents(row["BT-117"])) for row in terms["BG-23"]}
    assert told == by_rate
    assert sum(cents(line["BT-131"]) for line in terms["BG-25"]) == net
    assert (schema_faults(xml), broken_rules(xml, EN16931_RULES)) == ((), ())
    assert not binds_france(xml)


def _assert_entry_agrees(shop: Shop, reference: str, document_id: int) -> None:
    number, net, by_rate, total = EXPECTED[reference]
    with shop.inside():
        sale = entries_of_sources([("document", document_id)])[0]
        assert (sale.journal, sale.piece_ref, sale.total_cents) == ("VE", number, total)
        lines = [(line.account[:3], line.debit_cents - line.credit_cents) for line in sale.lines]
    vat = [("445", -vat_cents) for _net, vat_cents in by_rate.values()]
    sales = [("707" if reference == "12115118" else "706", -part) for part, _vat in by_rate.values()]
    assert sum(cents for account, cents in lines if account in ("706", "707")) == -net
    assert sorted(lines) == sorted([("411", total), *vat, *sales])


def _assert_fec_agrees(shop: Shop, reference: str, folder: Path) -> None:
    number, net, by_rate, total = EXPECTED[reference]
    rows = [row for row in _read_fec(shop, int(number[2:6]), folder) if row["PieceRef"] == number]
    sides = [(row["CompteNum"][:3], row["Debit"], row["Credit"]) for row in rows]
    expected = [("411", _fec(total), "0,00")]
    for part, vat in by_rate.values():
        expected += [("445", "0,00", _fec(vat)), ("707" if len(by_rate) == 2 else "706", "0,00", _fec(part))]
    assert sorted(sides) == sorted(expected)
    assert sum(int(credit.replace(",", "")) for account, _debit, credit in sides if account[0] == "7") == net


def _fec(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def test_the_amounts_of_the_files_stand_on_page_pdf_entry_and_fec(shop: Shop, tmp_path: Path) -> None:
    invoices = _import_all(shop)
    assert set(invoices) == set(EXPECTED)
    client = signed_in_client(shop.app, shop.company_id, Role.ACCOUNTANT)
    client.set_cookie("language", "fr")
    for reference, document_id in invoices.items():
        _assert_rows_agree(shop, reference, document_id)
        _assert_page_agrees(client, reference, document_id)
        _assert_pdf_agrees(shop, reference, document_id)
        _assert_einvoice_agrees(shop, reference, document_id)
        _assert_entry_agrees(shop, reference, document_id)
        _assert_fec_agrees(shop, reference, tmp_path)
    with shop.inside():
        mails = db.session.scalars(select(OutboxMail)).all()
        assert sorted(mail.recipients for mail in mails) == [
            '["klant@example.org"]',
            '["odin59@example.org"]',
        ]
        all_is_well()


def test_the_first_one_is_paid_by_card_and_lettered(shop: Shop, tmp_path: Path) -> None:
    invoice = _import_all(shop)["12115118"]
    payment = shop.click(invoice)
    assert shop.simulator.payment(payment)["amount"] == 25_033
    shop.simulator.pay(payment, notify=False)
    assert shop.notify_about(payment) == 200
    shop.work()
    assert (shop.balance(invoice).open_cents, shop.balance(invoice).status) == (0, PaymentStatus.PAID)
    with shop.inside():
        (paid,) = db.session.scalars(select(Payment)).all()
        sale, collection = entries_of_sources([("document", invoice), ("payment", paid.id)])
        letters = {line.letter for e in (sale, collection) for line in e.lines if line.account[:3] == "411"}
        assert len(letters) == 1
        assert letters != {""}
        paid_in = paid.paid_on.year
        all_is_well()
    # The sale is in the books of its own year, the money in those of the day it came.
    (wallet,) = [row for row in _read_fec(shop, paid_in, tmp_path) if row["CompteNum"].startswith("5125")]
    assert wallet["Debit"] == "250,33"
    letter_in_sale = {
        r["EcritureLet"] for r in _read_fec(shop, 2015, tmp_path) if r["CompteNum"][:3] == "411"
    }
    assert letter_in_sale == letters


def test_importing_both_again_changes_nothing(shop: Shop) -> None:
    before = _import_all(shop)
    counted = shop.counted()
    assert _import_all(shop) == before
    assert shop.counted() == counted
