"""The PDF of documents: what it is as a file, what can be read in it, how it is stored once."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy import text as sql

from core.database import db, transaction
from core.files import StoredFile, read_bytes
from core.models import Company
from core.money import format_cents
from core.seal import SealLink, verify_chain
from core.tenancy import enter_company, in_company
from invoicing.document_view import document_view
from invoicing.einvoice_xml import xml_of
from invoicing.models import Customer, Document, DocumentFile
from invoicing.pdf_engine import html_to_pdf
from invoicing.render_pdf import (
    draft_pdf,
    ensure_pdf,
    file_name,
    issued_pdf,
    pdf_bytes,
    render_documents,
)
from tests.conftest import make_company
from tests.factories.invoicing import make_customer, make_draft, make_individual, make_line
from tests.invoicing.drawn import THREE, issued_view, pages_of, plain

STYLES = Path(__file__).parents[2] / "templates" / "pdf" / "document.css"
HOSTILE = (
    "<script>alert('x')</script> {{ 7 * 7 }} {% raw %} & \"q\" \u202eabc\u202c عربي שלום 😀 \x07\x1b 漢字"
)


def _english(maker=make_customer, **changes) -> Customer:
    with transaction():
        return maker(language="en", **changes)


def test_the_file_is_pdf_a_3b_with_its_fonts_inside(company: Company) -> None:
    view = issued_view(*THREE)
    with pikepdf.open(BytesIO(pdf_bytes(view))) as pdf:
        assert pdf.Root.OutputIntents[0].S == pikepdf.Name.GTS_PDFA1
        assert str(pdf.Root.Lang) == "fr"
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
            assert view.number is not None
            assert view.number in metadata["dc:title"]
            assert list(metadata["dc:creator"]) == ["Atelier Lumen"]
        fonts = {font.objgen: font for page in pdf.pages for font in page.Resources.Font.values()}
        assert fonts
        for font in fonts.values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")), font.BaseFont
            assert "/ToUnicode" in font


def test_the_same_document_gives_the_same_bytes(company: Company) -> None:
    view = issued_view(*THREE)
    assert pdf_bytes(view) == pdf_bytes(document_view(view.document_id))


def test_every_amount_and_mention_of_the_document_can_be_read(company: Company) -> None:
    view = issued_view(*THREE, purchase_order="BC-118", note="Chantier de la rue des Lilas")
    text = " ".join(pages_of(pdf_bytes(view)))
    amounts = [view.net_cents, view.vat_cents, view.total_cents]
    amounts += [cents for row in view.vat for cents in (row.net_cents, row.vat_cents)]
    amounts += [line.amount_cents for line in view.lines]
    for cents in amounts:
        assert plain(format_cents(cents, "fr", currency=False)) in text, cents
    for mention in view.mentions:
        assert plain(mention.text) in text
    for words in (
        view.number, "Atelier Lumen", "RCS Lyon 732 829 320", "SIREN 732 829 320", "FR44732829320", "404 833 048",
        "Boulangerie Imaginaire", "38000 Grenoble", "BC-118", "Chantier de la rue des Lilas", "5 %", "5,5 %",
        "FR76 3000 6000 0112 3456 7890 189", view.payment_url,
    ):  # fmt: skip
        assert words is not None
        assert words in text, words


def test_the_payment_link_can_be_followed_and_scanned(company: Company) -> None:
    view = issued_view()
    reader = PdfReader(BytesIO(pdf_bytes(view)))
    targets = [note.get_object()["/A"]["/URI"] for page in reader.pages for note in page.get("/Annots", [])]
    assert len(targets) >= 3, "button, address and code"
    assert set(targets) == {view.payment_url}


def test_a_french_document_is_french(company: Company) -> None:
    text = pages_of(pdf_bytes(issued_view(*THREE)))[0]
    for words in (
        "Facture",
        "Facturé à",
        "Date d’échéance",
        "Total TTC",
        "Voir et payer",
        "1 592,01",
        "SARL au capital",
    ):
        assert words in text, words


def test_an_english_document_is_english_with_the_french_wording_of_the_law(company: Company) -> None:
    view = issued_view(*THREE, customer=_english())
    text = pages_of(pdf_bytes(view))[0]
    for words in (
        "Invoice",
        "Billed to",
        "Due date",
        "Total incl. VAT",
        "See and pay",
        "1,592.01",
        "late payment: €40",
    ):
        assert words in text, words
    assert "Indemnité forfaitaire" in text
    assert "Facturé" not in text


def test_an_individual_sees_neither_business_clauses_nor_an_identifier(company: Company) -> None:
    view = issued_view(make_line("1", "99.99"), customer=_english(make_individual))
    text = pages_of(pdf_bytes(view))[0]
    assert "Camille Modèle" in text
    assert "recovery costs" not in text
    assert text.count("SIREN") == 1, "the seller's own"
    assert "Rounding" in text, "99.99 with 20 % has no net amount"
    assert "€99.99" in text


def test_five_hundred_lines_repeat_the_head_of_the_table_and_count_their_pages(company: Company) -> None:
    view = issued_view(
        *(make_line(str(n), "10.5", label=f"Article {n:03}") for n in range(1, 501)), customer=_english()
    )
    pages = pages_of(pdf_bytes(view))
    assert len(pages) > 10
    for number, text in enumerate(pages, start=1):
        assert f"Page {number}/{len(pages)}" in text
    in_table = [text for text in pages if "Article" in text]
    assert all("Description" in text and "Unit price" in text for text in in_table)
    whole = " ".join(pages)
    assert all(f"Article {n:03}" in whole for n in range(1, 501))
    assert (
        plain(format_cents(view.total_cents, "en")) in pages[-1]
        or plain(format_cents(view.total_cents, "en")) in pages[-2]
    )


def test_the_style_sheet_has_nothing_flexible() -> None:
    # WeasyPrint measures what shrinks or grows over and over: with it a page took three times as long.
    display = re.findall(r"display:\s*([\w-]+)", STYLES.read_text(encoding="utf-8"))
    assert display
    assert {"flex", "inline-flex", "grid", "inline-grid"}.isdisjoint(display)


def test_hostile_text_is_printed_as_text(company: Company) -> None:
    view = issued_view(make_line(label=HOSTILE, description=f"{HOSTILE} " * 15), note=HOSTILE)
    pdf = pdf_bytes(view)
    text = " ".join(pages_of(pdf))
    assert "<script>alert('x')</script> {{ 7 * 7 }} {% raw %} &" in text
    assert "/JavaScript" not in str(pikepdf.open(BytesIO(pdf)).Root)


def test_words_without_end_stay_on_the_page(company: Company) -> None:
    view = issued_view(make_line(label="L" * 255, description="M" * 2000), note="N" * 2000)
    pages = pages_of(pdf_bytes(view))
    letters = "".join(pages).replace(" ", "")
    assert letters.count("M" * 20) >= 50
    assert "L" * 20 in letters
    assert plain(format_cents(view.total_cents, "fr")) in " ".join(pages)


def test_nothing_is_fetched_from_network_or_disk(company: Company, tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">TOPSECRET</text></svg>')
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        nested = f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{address}/nested'/></svg>"
        pdf = html_to_pdf(
            f'<img src="{address}/a.png"><img src="{secret.as_uri()}"><img src="{nested}">'
            f'<link rel="stylesheet" href="{address}/s.css"><link rel="attachment" href="{secret.as_uri()}">'
            f'<p style="background:url({address}/b.png)">Texte',
            STYLES,
        )
        server.shutdown()
    assert asked == []
    assert "TOPSECRET" not in PdfReader(BytesIO(pdf)).pages[0].extract_text()
    assert "/EmbeddedFiles" not in str(pikepdf.open(BytesIO(pdf)).Root.get("/Names", ""))


def test_a_draft_carries_its_watermark_on_each_page_and_is_not_stored(company: Company) -> None:
    with transaction():
        customer = make_customer(language="en")
        draft = make_draft(*(make_line(label=f"Line {n}") for n in range(60)), customer=customer).id
    pages = pages_of(draft_pdf(draft))
    assert len(pages) > 1
    assert all("Draft invoice" in text for text in pages)
    assert db.session.scalars(select(func.count(DocumentFile.id))).one() == 0


def test_a_pdf_is_made_once_stored_and_sealed(each_company: Company) -> None:
    view = issued_view(*THREE)
    file = ensure_pdf(view.document_id)
    again = ensure_pdf(view.document_id)
    assert again.id == file.id
    content = read_bytes(file.stored_file.sha256)
    einvoice = xml_of(view.document_id)
    assert einvoice is not None
    assert content == issued_pdf(view, einvoice.content), "drawn later, the same bytes"
    assert file.stored_file.size_bytes == len(content)
    sealed = db.session.scalars(select(SealLink).where(SealLink.kind == "document_pdf")).one()
    assert (sealed.subject_id, file.stored_file.sha256 in sealed.payload) == (file.id, True)
    assert list(verify_chain(each_company.id)) == []


def test_workers_that_draw_the_same_document_at_once_leave_one_pdf(each_app: Flask) -> None:
    company_id = make_company(each_app)
    with each_app.app_context():
        enter_company(company_id)
        document_id = issued_view().document_id
    together = threading.Barrier(4)

    def draw(_: int) -> int:
        with each_app.app_context(), in_company(company_id):
            together.wait()
            return ensure_pdf(document_id).id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(draw, range(4)))
    with each_app.app_context(), in_company(company_id):
        assert len(ids) == 1
        assert db.session.scalars(select(func.count(DocumentFile.id))).one() == 1
        assert db.session.scalars(select(func.count(StoredFile.id))).one() == 1
        assert list(verify_chain(company_id)) == []


def test_the_sweep_draws_for_every_company_and_passes_over_what_fails(app: Flask) -> None:
    companies = [
        make_company(app),
        make_company(app, siren="552100554", siret="", vat_number="FR96552100554"),
    ]
    issued: set[int] = set()
    with app.app_context():
        for company_id in companies:
            with in_company(company_id):
                issued.update(issued_view().document_id for _ in range(2))
        poisoned = min(issued)
        right = _overwrite_seller(companies[0], poisoned, "not JSON")
        render_documents()
        assert _drawn(companies) == issued - {poisoned}
        _overwrite_seller(companies[0], poisoned, right)
        render_documents()
        assert _drawn(companies) == issued


def _overwrite_seller(company_id: int, document_id: int, seller: str) -> str:
    """Damage a frozen row from outside, its trigger taken away; returns what stood there."""
    with in_company(company_id), transaction():
        before: str = db.session.scalars(select(Document.seller).where(Document.id == document_id)).one()
        db.session.execute(sql("DROP TRIGGER IF EXISTS frozen_document_update"))
        db.session.execute(
            sql("UPDATE document SET seller = :seller WHERE id = :id"), {"seller": seller, "id": document_id}
        )
    return before


def _drawn(companies: list[int]) -> set[int]:
    drawn: set[int] = set()
    for company_id in companies:
        with in_company(company_id):
            drawn.update(db.session.scalars(select(DocumentFile.document_id)))
    return drawn


DRAW_AND_END = """
import sys, threading, time
from pathlib import Path
from invoicing.pdf_engine import html_to_pdf
import wsgi

def draw():
    html_to_pdf("<html lang=fr><title>t</title><p>Texte <b>gras</b>", Path(sys.argv[1]))

draw()
def worker():
    while True:
        draw()
threading.Thread(target=worker, daemon=True).start()
time.sleep(0.5)
"""


def test_a_process_that_has_drawn_and_still_draws_ends_cleanly() -> None:
    root = STYLES.parents[2]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRAW_AND_END, str(STYLES)],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, "Pango was unloaded before its objects were freed"


def test_a_character_that_no_font_has_is_printed_as_a_square() -> None:
    pdf = html_to_pdf("<html lang=fr><title>t</title><p>Fin \U0010fff0 fin", STYLES)
    assert "Fin □ fin" in PdfReader(BytesIO(pdf)).pages[0].extract_text()


def test_a_saved_pdf_is_called_after_its_document(company: Company) -> None:
    view = issued_view(customer=_english())
    assert file_name(view) == f"Invoice {view.number}.pdf"


def test_each_page_carries_the_total_of_its_lines_to_the_next(company: Company) -> None:
    view = issued_view(*(make_line(str(n), "10.5", label=f"Article {n:03}") for n in range(1, 41)))
    pdf = pdf_bytes(view)
    pages = pages_of(pdf)
    running = 0
    for page in pages:
        here = [n for n in range(1, 41) if f"Article {n:03}" in page]
        before, running = running, running + sum(n * 1050 for n in here)
        if here and before:
            assert f"Report : {plain(format_cents(before, 'fr', currency=False))}" in page
        if here and 40 not in here:
            assert f"À reporter : {plain(format_cents(running, 'fr', currency=False))}" in page
    assert running == view.net_cents
    assert "À reporter" not in pages[-1]
    with pikepdf.open(BytesIO(pdf)) as tagged:
        assert tagged.Root.MarkInfo.Marked
        assert pikepdf.Name.Document == tagged.Root.StructTreeRoot.K[0].S


def test_the_total_never_stands_alone_on_a_page(company: Company) -> None:
    view = issued_view(*(make_line(label=f"Article {n:03}") for n in range(1, 28)))
    moved = 0
    for count in (22, 23, 26, 27):
        pages = pages_of(pdf_bytes(replace(view, lines=view.lines[:count])))
        last = next(number for number, page in enumerate(pages) if f"Article {count:03}" in page)
        assert "Total TTC" in pages[last], count
        moved += pages[last].count("Article") == 1
    assert moved >= 2, "sums that have no room take the last line with them"
