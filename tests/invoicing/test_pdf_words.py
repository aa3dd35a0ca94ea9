"""What can be read in the PDF of each kind of document, and how it is tagged."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import pikepdf
import segno
from pypdf import PdfReader

from core.database import transaction
from core.models import Company
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.credit_invoice import credit_invoice
from invoicing.document_view import DocumentView, document_view
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind, LineRole
from invoicing.parties import Address
from invoicing.payment_codes import link_code, transfer_code
from invoicing.render_pdf import document_html, pdf_bytes
from invoicing.vat_cases import DISBURSEMENT
from invoicing.vat_categories import VatCase
from tests.factories.invoicing import make_customer, make_heading, make_line
from tests.invoicing.drawn import THREE, issued_view, pages_of


def _quote() -> DocumentView:
    lines = (
        make_heading("Cuisine"),
        make_line("1", "6400", label="Meubles", goods=True),
        make_heading("Sous-total cuisine", LineRole.SUBTOTAL),
        make_line("1", "680", label="Hotte", goods=True, role=LineRole.OPTION),
    )
    with transaction():
        given = DraftInput(
            make_customer(name="Cuisines Fictives").id, lines, conditions="Acompte à la commande."
        )
        quote_id = issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id).id
        answer_quote(quote_id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord"))
    return document_view(quote_id)


def test_a_quote_marks_its_options_and_can_be_answered_on_line_or_signed(company: Company) -> None:
    quote = _quote()
    pdf = pdf_bytes(quote)
    text = " ".join(pages_of(pdf))
    for words in (
        "Devis", "Pour Cuisines Fictives", "Valable jusqu’au", "Option Hotte 1 680,00 20 % (680,00)",
        "Sous-total cuisine 6 400,00", "Les options ne sont pas comprises dans le total.", "Total TTC 7 680,00 €",
        "Lire et répondre", "Bon pour accord", "Acompte à la commande.", quote.answer_url,
    ):  # fmt: skip
        assert words is not None
        assert words in text, words
    targets = [
        note.get_object()["/A"]["/URI"] for note in PdfReader(BytesIO(pdf)).pages[0].get("/Annots", [])
    ]
    assert set(targets) == {quote.answer_url}
    assert link_code(quote.answer_url) in document_html(quote).replace("&#34;", '"')
    assert "payer" not in text


def test_an_invoice_is_called_by_its_type_and_says_what_it_deducts(company: Company) -> None:
    quote = _quote()
    with transaction():
        deposit = issue_invoice(draft_deposit(quote.document_id, DepositInput(rate=3000)).id).id
    text = " ".join(pages_of(pdf_bytes(document_view(deposit))))
    assert "Facture d’acompte" in text
    assert f"Devis {quote.number}" in text
    with transaction():
        final = issue_invoice(draft_final(quote.document_id).id).id
        note = credit_invoice(final, reason="Meuble abîmé").id
    text = " ".join(pages_of(pdf_bytes(document_view(final))))
    for words in (
        "Facture finale",
        "-1 920,00",
        "Acomptes déduits HT -1 920,00 €",
        "Total des lignes HT 6 400,00 €",
    ):
        assert words in text, words
    text = " ".join(pages_of(pdf_bytes(document_view(note))))
    for words in ("Avoir", "Facture d’origine", "Motif Meuble abîmé"):
        assert words in text, words
    assert "Voir et payer" not in text


def test_discount_delivery_and_references_are_printed(company: Company) -> None:
    view = issued_view(
        *THREE, discount_rate=500, discount_label="Remise fidélité", buyer_reference="Service achats",
        delivery=Address("Dépôt Nord", "14 rue du Canal", "", "59000", "Lille", "FR"), contract_reference="M-42",
    )  # fmt: skip
    text = " ".join(pages_of(pdf_bytes(view)))
    for words in (
        "Remise fidélité (5 %) -96,23 €", "Total des lignes HT 1 924,51 €",
        "Livré à Dépôt Nord 14 rue du Canal 59000 Lille",
        "Votre référence Service achats", "Contrat M-42",
    ):  # fmt: skip
        assert words in text, words


def test_what_has_no_vat_says_by_which_law_in_its_row(company: Company) -> None:
    with transaction():
        customer = make_customer(
            name="Beispiel GmbH", siren="", vat_number="DE136695976", country="DE", language="en",
            vat_case=VatCase.INTRA_EU,
        )  # fmt: skip
    abroad = issued_view(make_line(rate="0"), make_line(rate="0", goods=True), customer=customer)
    text = " ".join(pages_of(pdf_bytes(abroad)))
    assert "Reverse charge 100.00 0.00 Reverse charge – art. 283-2" in text
    assert "Intra-EU supply 100.00 0.00 VAT exemption, art. 262 ter I" in text
    stamps = make_line("1", "35", "0", label="Timbres", vat_ground=DISBURSEMENT)
    text = " ".join(pages_of(pdf_bytes(issued_view(make_line(), stamps))))
    assert "20 % 100,00 20,00 Exonéré 35,00 0,00 Débours non soumis à la TVA" in text
    # One row alone has its wording once, below.
    assert text.count("Débours non soumis") == 2
    assert " ".join(pages_of(pdf_bytes(issued_view(stamps)))).count("Débours non soumis") == 1


def test_the_codes_say_where_to_pay_and_how_much(company: Company) -> None:
    view = issued_view(make_line("1", "99.99"))
    html = document_html(view).replace("&#34;", '"')
    assert link_code(view.payment_url) in html
    # EPC069-12: service, version, character set (2: ISO 8859-1), identification, BIC, name, IBAN, amount, purpose,
    # structured reference, text.
    iban, number = "FR7630006000011234567890189", str(view.number)
    told = ("BCD", "002", "2", "SCT", "", "Atelier Lumen", iban, "EUR119.99", "", "", number)
    expected = segno.make_qr("\n".join(told).encode("iso-8859-1"), error="m", boost_error=False)
    assert str(expected.svg_data_uri(border=0, light="#fff")) == transfer_code(view.seller, number, 11_999)
    assert transfer_code(view.seller, number, 11_999) in html


def test_no_number_is_broken_over_two_lines(company: Company) -> None:
    view = issued_view(
        make_line("123456.1234", "9999.123456", unit="HUR", label="Étude " * 40),
        make_line("-0.0001", "99999999.99", discount="33.33"),
    )  # fmt: skip
    text = " ".join(pages_of(pdf_bytes(view)))
    for number in ("123 456,1234 h 9 999,123456 20 % 1 234 453 019,28", "-0,0001", "99 999 999,99 33,33 %"):
        assert number in text, number


def test_the_table_is_tagged_as_one(company: Company) -> None:
    with pikepdf.open(BytesIO(pdf_bytes(issued_view(*THREE)))) as pdf:
        tags = Counter(
            str(item.S)
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and "/P" in item and "/S" in item
        )
    assert tags["/H1"] == 1
    # Lines, VAT, sums, and the sum that is asked for.
    assert tags["/Table"] == 4
    assert tags["/TH"] == 7 + 3 + 3
    assert tags["/TR"] == 4 + 4 + 3
    assert tags["/Figure"] == 2, "the two codes"
