"""The e-invoice of issued documents: stored with the issue, sealed, inside the PDF once, offered alone."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import facturx
import pikepdf
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from accounting.models import AccountingSettings
from core.database import db, transaction
from core.files import read_bytes
from core.seal import SealLink, verify_chain
from core.tenancy import in_company
from invoicing import einvoice_xml
from invoicing.company_input import add_vat_rate
from invoicing.credit_invoice import credit_invoice
from invoicing.document_view import document_view
from invoicing.draft_final import deduct_deposits
from invoicing.einvoice_xml import prepare_xml, sha256_of, xml_of
from invoicing.errors import NotIssuableError, Place
from invoicing.facturx_library import schema_faults
from invoicing.facturx_xml import values_of
from invoicing.issue_invoice import candidate_of, einvoice_of, issue_invoice
from invoicing.models import Contact, Customer, Document, EinvoiceRules, InvoicingSettings
from invoicing.payment_link import link_of, link_url
from invoicing.render_pdf import ensure_pdf, issued_pdf
from invoicing.set_invoice_type import set_deposit
from invoicing.vat_categories import VatCase
from tests.conftest import signed_in_client
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line
from tests.invoicing.einvoices import terms_of_xml

DAY = date(2026, 11, 20)


def issued(*lines: Any, **changes: Any) -> Document:
    with transaction():
        document_id = issue(*lines, today=DAY, **changes).id
    return db.session.get_one(Document, document_id)


def credited(invoice: Document, **choice: Any) -> Document:
    with transaction():
        note_id = credit_invoice(invoice.id, reason="Erreur de quantité", today=DAY, **choice).id
    return db.session.get_one(Document, note_id)


def said(document: Document) -> dict[str, Any]:
    """What the e-invoice of a document says, as the library reads it back."""
    xml = xml_of(document.id)
    assert xml is not None
    return terms_of_xml(xml.content.encode())


def notes_of(terms: dict[str, Any]) -> dict[str, str]:
    return {note["BT-21"]: note["BT-22"] for note in terms["BG-1"]}


def attached(pdf: bytes) -> dict[str, bytes]:
    with pikepdf.open(BytesIO(pdf)) as opened:
        return {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}


def test_each_issued_document_keeps_its_einvoice_and_seals_its_hash(each_company):
    invoice = issued()
    note = credited(invoice)
    for document in (invoice, note):
        xml = xml_of(document.id)
        assert xml is not None
        assert xml.rules is EinvoiceRules.FRENCH
        assert schema_faults(xml.content.encode()) == ()
        assert "\ue000" not in xml.content, "no placeholder is left"
        link = db.session.scalars(
            select(SealLink).filter_by(kind=document.kind, subject_id=document.id)
        ).one()
        assert json.loads(link.payload)["xml_sha256"] == xml.sha256 == sha256_of(xml.content)
    address = link_of(invoice.id)
    assert address is not None
    terms = said(invoice)
    assert (terms["BT-1"], terms["BT-83"], terms["BT-3"]) == (invoice.number, invoice.number, "380")
    assert link_url(address.token) in terms["BT-20"]
    assert terms["BG-24"][0]["BT-124"] == link_url(address.token)
    terms = said(note)
    assert (terms["BT-1"], terms["BT-3"]) == (note.number, "381")
    assert terms["BG-3"] == [{"BT-25": invoice.number, "BT-26": DAY}]
    assert list(verify_chain(each_company.id)) == []


def test_the_pdf_is_pdf_a_3_and_holds_exactly_that_xml(company):
    invoice = issued(make_line("3", "19.90"), language="en")
    xml = xml_of(invoice.id)
    assert xml is not None
    pdf = read_bytes(ensure_pdf(invoice.id).stored_file.sha256)
    assert attached(pdf) == {"factur-x.xml": xml.content.encode()}
    with pikepdf.open(BytesIO(pdf)) as opened:
        root = opened.Root
        (spec,) = root.AF
        assert (str(spec.AFRelationship), str(spec.EF.F.Subtype)) == ("/Data", "/text/xml")
        assert (str(spec.F), str(spec.UF), spec.EF.UF.read_bytes()) == ("factur-x.xml",) * 2 + (
            xml.content.encode(),
        )
        assert spec.EF.F.Params.Size == len(xml.content.encode())
        assert bytes(spec.EF.F.Params.CheckSum) == hashlib.md5(xml.content.encode()).digest()
        assert root.OutputIntents[0].S == pikepdf.Name.GTS_PDFA1
        assert (str(root.Lang), bool(root.MarkInfo.Marked)) == ("en", True)
        assert "/PageMode" not in root, "no reader opens its list of attachments"
        assert "/ID" in opened.trailer
        assert "/Encrypt" not in opened.trailer
        fonts = [font for page in opened.pages for font in page.Resources.Font.values()]
        descriptors = [font.DescendantFonts[0].FontDescriptor for font in fonts]
        assert all(
            {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()) for descriptor in descriptors
        )
        with opened.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "B")
            schema = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
            names = ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
            assert [meta[schema + name] for name in names] == ["INVOICE", "factur-x.xml", "1.0", "EN 16931"]
            assert meta["dc:title"] == f"Invoice {invoice.number} – Atelier Lumen"
            assert invoice.issued_at is not None
            stamp = invoice.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            assert (meta["xmp:CreateDate"], meta["xmp:ModifyDate"]) == (stamp, stamp)
            assert opened.docinfo["/Producer"] == meta["pdf:Producer"]
        xmp = ET.fromstring(root.Metadata.read_bytes())
        (rdf,) = xmp.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF")
        described = [e.text for e in rdf.iter("{http://www.aiim.org/pdfa/ns/property#}name")]
        assert described == ["DocumentFileName", "DocumentType", "Version", "ConformanceLevel"]
    assert facturx.get_facturx_xml_from_pdf(pdf, check_xsd=True) == ("factur-x.xml", xml.content.encode())


def test_the_same_document_and_xml_give_the_same_bytes_at_any_time(company):
    invoice = issued()
    view, xml = document_view(invoice.id), xml_of(invoice.id)
    assert xml is not None
    assert invoice.issued_at is not None
    first = issued_pdf(view, xml.content)
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)):
        assert issued_pdf(document_view(invoice.id), xml.content) == first
    with pikepdf.open(BytesIO(first)) as opened:
        stamps = [
            opened.docinfo["/CreationDate"],
            opened.docinfo["/ModDate"],
            opened.Root.AF[0].EF.F.Params.ModDate,
        ]
    moment = invoice.issued_at.strftime("D:%Y%m%d%H%M%S")
    assert {str(stamp)[: len(moment)] for stamp in stamps} == {moment}


def test_a_document_issued_before_there_were_einvoices_stays_without(app: Flask, company_id: int):
    client = signed_in_client(app, company_id)
    with app.app_context(), in_company(company_id):
        invoice_id = issued().id
        with transaction() as session:
            session.execute(text("DROP TRIGGER frozen_document_xml_delete"))
            session.execute(text("DELETE FROM document_xml"))
        assert attached(read_bytes(ensure_pdf(invoice_id).stored_file.sha256)) == {}
    assert "The XML inside the PDF" not in client.get(f"/invoices/{invoice_id}").text
    assert client.get(f"/invoices/{invoice_id}/file.xml").status_code == 404


def test_an_older_invoice_to_a_customer_with_a_wrong_number_is_credited_to_the_customer_as_mended(company):
    invoice_id = issued().id
    with transaction() as session:
        session.execute(text("DROP TRIGGER frozen_document_update"))
        invoice = session.get_one(Document, invoice_id)
        copy = json.loads(invoice.buyer) | {"siret": "73282932000074", "name": "Ancien nom"}
        invoice.buyer = json.dumps(copy)
        session.flush()
        db.session.get_one(Customer, invoice.customer_id).siret = "73282932000074"
    with pytest.raises(NotIssuableError) as refused:
        credited(db.session.get_one(Document, invoice_id))
    assert [(p.place, p.field) for p in refused.value.problems] == [(Place.CUSTOMER, "siret")]
    with transaction() as session:
        session.get_one(Customer, invoice.customer_id).siret = "40483304800022"
    terms = said(credited(db.session.get_one(Document, invoice_id)))
    assert (terms["BG-7"]["name"], terms["BG-7"]["identifiers"]) == (
        "Boulangerie Imaginaire", {"0009": "40483304800022"},
    )  # fmt: skip


def test_the_page_tells_the_rules_and_offers_the_xml(app: Flask, company_id: int):
    client: FlaskClient = signed_in_client(app, company_id)
    with app.app_context(), in_company(company_id):
        with transaction():
            draft_id = make_draft(customer=make_individual()).id
        invoice = issued()
        invoice_id, number, xml = invoice.id, invoice.number, xml_of(invoice.id)
        assert xml is not None
        content = xml.content
    assert "not individuals" in client.get(f"/invoices/{draft_id}").text
    shown = client.get(f"/invoices/{invoice_id}").text
    assert "checked against EN 16931 and the French rules" in shown
    assert f"/invoices/{invoice_id}/file.xml" in shown
    answer = client.get(f"/invoices/{invoice_id}/file.xml")
    assert (answer.mimetype, answer.data.decode()) == ("application/xml", content)
    assert f"Facture {number}.xml" in answer.headers["Content-Disposition"]
    assert client.get(f"/invoices/{draft_id}/file.xml").status_code == 404


def test_an_xml_that_the_schema_refuses_is_never_issued(company, monkeypatch):
    # Nothing typed does this: the gate would have to have a hole.
    monkeypatch.setattr(einvoice_xml, "values_of", lambda einvoice: {**values_of(einvoice), "BT-72": None})
    with transaction():
        draft_id = make_draft().id
    with pytest.raises(NotIssuableError, match="ApplicableHeaderTradeDelivery"), transaction():
        issue_invoice(draft_id, today=DAY)
    assert db.session.get_one(Document, draft_id).number is None


def test_nothing_typed_can_be_taken_for_a_placeholder(company):
    invoice = issued(make_line(label="\ue000number\ue000 \ue000link\ue000"), note="\ue000number\ue000\x0b")
    terms = said(invoice)
    assert terms["BG-25"][0]["BT-153"] == "number link"
    assert notes_of(terms)["AAI"] == "number"


def test_prices_that_include_vat_reach_their_total_by_the_rounding_amount(company):
    with transaction():
        customer = make_individual()
    invoice = issued(make_line("1", "99.99"), customer=customer)
    terms = said(invoice)
    assert [terms[name] for name in ("BT-106", "BT-109", "BT-110", "BT-112", "BT-114", "BT-115")] == [
        "83.33", "83.33", "16.67", "100.00", "-0.01", "99.99",
    ]  # fmt: skip
    assert terms["BG-25"][0]["BT-146"] == "83.325"
    assert (terms["BG-7"]["einvoicing_addr"], terms["BG-7"]["einvoicing_addr_schemeid"]) == (
        "camille@example.org", "EM",
    )  # fmt: skip


def test_an_individual_without_a_mail_address_is_invoiced_all_the_same(company):
    with transaction():
        customer = make_individual(contacts=())
    invoice = issued(customer=customer)
    assert "einvoicing_addr" not in said(invoice)["BG-7"]
    notes = notes_of(said(invoice))
    assert notes["BAR"] == "B2C"
    assert {notes[code] for code in ("PMT", "PMD", "AAB")} == {
        "Sans objet\u00a0: le client est un particulier."
    }


def test_discounts_of_lines_and_of_the_whole_are_told_with_their_rates(company):
    invoice = issued(
        make_line("2", "100", discount="10"), make_line("-1", "50", discount="10"), make_line("1", "80", "10"),
        discount_rate=500, discount_label="Remise fidélité",
    )  # fmt: skip
    terms = said(invoice)
    assert [line.get("BG-27", [{}])[0].get("amount") for line in terms["BG-25"]] == ["20.00", "-5.00", None]
    assert [(off["amount"], off["base_amount"], off["rate"], off["vat_rate"]) for off in terms["BG-20"]] == [
        ("6.75", "135.00", "5.00", "20.00"), ("4.00", "80.00", "5.00", "10.00"),
    ]  # fmt: skip
    assert {off["reason"] for off in terms["BG-20"]} == {"Remise fidélité"}
    assert (terms["BT-106"], terms["BT-107"], terms["BT-109"]) == ("215.00", "10.75", "204.25")


def test_references_period_delivery_and_seller_are_told(company):
    with transaction():
        settings = db.session.query(InvoicingSettings).one()
        settings.einvoice_address = "732829320_COMPTA"
        settings.mediator, settings.insurance = "", "Assureur Inventé"
        company.legal_notice = "Membre d’une association agréée"
        company.phone = "+33400000000"
        db.session.flush()
    invoice = issued(
        purchase_order="BC-118", buyer_reference="SERVICE-7", contract_reference="M-2026", note="Chantier nord",
        conditions="Nos conditions", period_start=date(2026, 10, 1), period_end=date(2026, 10, 31),
    )  # fmt: skip
    terms = said(invoice)
    assert (terms["BT-13"], terms["BT-10"], terms["BT-12"]) == ("BC-118", "SERVICE-7", "M-2026")
    assert (terms["BT-73"], terms["BT-74"], terms["BT-72"]) == (
        date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 31),
    )  # fmt: skip
    seller = terms["BG-4"]
    assert (seller["einvoicing_addr"], seller["einvoicing_addr_schemeid"]) == ("732829320_COMPTA", "0225")
    assert seller["identifiers"] == {"0009": "73282932000074"}
    assert "SARL" in seller["legal_info"]
    assert seller["contacts"] == [{"phone": "+33400000000", "email": "bonjour@atelier-lumen.example.org"}]
    texts = [(note["BT-21"], note["BT-22"]) for note in terms["BG-1"]]
    for told in (
        ("ABL", "Assurance professionnelle\u00a0: Assureur Inventé"), ("REG", "Membre d’une association agréée"),
        ("AAI", "Chantier nord"), ("AAI", "Nos conditions"),
    ):  # fmt: skip
        assert told in texts
    assert (terms["BT-81"], terms["BT-84"], terms["BT-85"]) == ("58", company.iban, "Atelier Lumen")


def test_without_a_bank_account_payment_is_online(company):
    with transaction():
        company.iban = company.bic = ""
        db.session.flush()
    terms = said(issued())
    assert terms["BT-81"] == "68"
    assert "BT-84" not in terms


def test_an_invoice_of_nothing_asks_for_nothing(company):
    terms = said(issued(make_line("0")))
    assert (terms["BT-115"], terms["BT-9"]) == ("0.00", date(2026, 12, 20))
    assert not {"BT-20", "BT-81", "BG-24"} & set(terms)


def test_a_company_without_a_vat_number_is_known_to_the_tax_office_by_its_siren(company):
    with transaction():
        company.vat_number = ""
        db.session.query(InvoicingSettings).one().vat_case = VatCase.FRANCHISE
        db.session.flush()
    terms = said(issued(make_line(rate="0"), vat_case=VatCase.FRANCHISE))
    assert terms["BG-4"]["tax_identifier"] == "732829320"
    assert "vat_identifier" not in terms["BG-4"]
    assert terms["BG-23"][0]["BT-121"] == "VATEX-FR-FRANCHISE"
    assert "BT-8" not in terms, "no VAT falls due"


def test_a_rate_of_the_companys_own_takes_the_document_out_of_the_french_rules(company):
    with transaction():
        add_vat_rate(600)
    invoice = issued(make_line(rate="6"))
    xml = xml_of(invoice.id)
    assert xml is not None
    assert xml.rules is EinvoiceRules.EUROPEAN
    assert notes_of(said(invoice))["BAR"] == "OUTOFSCOPE"


def test_a_customer_abroad_is_reached_by_the_mail_address_that_receives_invoices(company):
    with transaction():
        customer = make_customer(
            siren="", country="CH", postcode="1204", city="Genève",
            contacts=(),
        )  # fmt: skip
        for address, receives in (("a@example.org", False), ("b@example.org", True), ("c@example.org", True)):
            db.session.add(Contact(customer_id=customer.id, email=address, receives_invoices=receives))
        db.session.flush()
        draft = make_draft(customer=customer)
        einvoice = einvoice_of(candidate_of(draft, DAY))
        assert (einvoice.buyer_mail, einvoice.treatment) == ("b@example.org", "B2BINT")
        assert prepare_xml(einvoice).rules is EinvoiceRules.EUROPEAN


# What is sold, what the document is, the option for debits: type (BT-3), frame (BT-23), when VAT falls due (BT-8).
SERVICE, GOODS = make_line(), make_line(goods=True)
CODES = [
    ((SERVICE,), False, False, ("380", "S1", "payment")),
    ((SERVICE,), False, True, ("380", "S1", "invoice")),
    ((GOODS,), False, False, ("380", "B1", None)),
    ((GOODS,), False, True, ("380", "B1", None)),
    ((SERVICE, GOODS), False, False, ("380", "M1", "payment")),
    ((SERVICE, GOODS), False, True, ("380", "M1", "invoice")),
    ((SERVICE,), True, False, ("386", "S1", "payment")),
    ((GOODS,), True, False, ("386", "B1", "payment")),
    ((GOODS,), True, True, ("386", "B1", "payment")),
]


def test_type_frame_and_the_day_vat_falls_due_follow_from_what_is_sold(company):
    for lines, is_deposit, on_debits, expected in CODES:
        with transaction():
            db.session.query(AccountingSettings).one().vat_on_debits_from = DAY if on_debits else None
            db.session.flush()
            draft = make_draft(*lines)
            set_deposit(draft.id, is_deposit=is_deposit)
            invoice_id = issue_invoice(draft.id, today=DAY).id
        invoice = db.session.get_one(Document, invoice_id)
        for document, type_code in ((invoice, expected[0]), (credited(invoice), "381")):
            terms = said(document)
            told = (terms["BT-3"], terms["BT-23"], terms.get("BT-8"))
            assert told == (type_code, *expected[1:]), (lines, is_deposit, on_debits)


def test_a_final_invoice_names_and_deducts_its_deposits(company):
    with transaction():
        customer_id = make_customer().id
    numbers = []
    for net in ("100", "50"):
        with transaction():
            customer = db.session.get_one(Customer, customer_id)
            draft = make_draft(make_line(price=net), customer=customer)
            set_deposit(draft.id, is_deposit=True)
            numbers.append(issue_invoice(draft.id, today=DAY).number)
    with transaction():
        draft = make_draft(make_line(price="150"), customer=db.session.get_one(Customer, customer_id))
        deduct_deposits(draft.id)
        final_id = issue_invoice(draft.id, today=DAY).id
    terms = said(db.session.get_one(Document, final_id))
    assert [(named["BT-25"], named["BT-26"]) for named in terms["BG-3"]] == [
        (number, DAY) for number in numbers
    ]
    assert [(line["BT-129"], line["BT-146"], line["BT-131"]) for line in terms["BG-25"]] == [
        ("1", "150.00", "150.00"), ("-1", "100.00", "-100.00"), ("-1", "50.00", "-50.00"),
    ]  # fmt: skip
    assert (terms["BT-3"], terms["BT-23"], terms["BT-109"], terms["BT-115"]) == ("380", "S4", "0.00", "0.00")
