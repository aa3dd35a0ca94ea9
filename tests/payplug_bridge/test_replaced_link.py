"""A leaked link is replaced: the old address says why it is dead, mails and page give a marked duplicate, the frozen
original stays as it is, and the new address is paid like any other."""

from __future__ import annotations

import json
from io import BytesIO

from pypdf import PdfReader
from sqlalchemy import func, select

from core.database import db, transaction
from core.event_log import Event
from core.files import read_bytes
from core.mail import OutboxMail
from invoicing.dispatch_sendings import dispatch_sendings
from invoicing.models import PaymentLinkDuplicate
from invoicing.render_pdf import ensure_pdf
from invoicing.replace_link import replace_link
from invoicing.send_invoice import SendInput, send_invoice
from tests.conftest import signed_in_client
from tests.payplug_bridge.shop import Shop


def words_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def embedded(pdf: bytes) -> list[str]:
    return list(PdfReader(BytesIO(pdf)).attachments)


def sent_pdf(shop: Shop, invoice: int, key: str) -> tuple[str, bytes]:
    """Send the invoice; returns name and bytes of the PDF that its mail carries."""
    with shop.inside():
        with transaction():
            send_invoice(SendInput(invoice, ("anne@client.example.org",), key))
        dispatch_sendings()
    with shop.inside():
        mail = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc()).limit(1)).one()
        name, digest, _ = json.loads(mail.attachments)[0]
        return name, read_bytes(digest)


def test_a_leaked_link_is_replaced_and_the_new_one_is_paid(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    old = shop.token(invoice)
    name, original = sent_pdf(shop, invoice, "first")
    assert "Duplicata" not in name + words_of(original)
    assert embedded(original) == ["factur-x.xml"]
    with shop.inside(), transaction():
        new = replace_link(invoice, seen=old)
    with shop.inside(), transaction():
        assert replace_link(invoice, seen=old) == new  # a double click
    web = shop.app.test_client()
    dead = web.get(f"/p/{old}")
    assert dead.status_code == 410
    assert "Cette adresse a été remplacée" in dead.get_data(as_text=True)
    assert web.post(f"/p/{old}/pay").status_code == 410
    name, copy = sent_pdf(shop, invoice, "second")
    text = words_of(copy)
    assert name.endswith(" – Duplicata.pdf")
    assert "Duplicata" in text
    assert new in text
    assert old not in text
    assert embedded(copy) == []  # the e-invoice was issued once
    assert web.get(f"/p/{new}/invoice.pdf").data == copy
    assert sent_pdf(shop, invoice, "third")[1] == copy
    with shop.inside():
        assert read_bytes(ensure_pdf(invoice).stored_file.sha256) == original
        assert db.session.scalar(select(func.count()).select_from(PaymentLinkDuplicate)) == 1
        events = db.session.scalars(select(Event).where(Event.kind == "link.replaced")).all()
        assert len(events) == 1
        assert old not in events[0].details
    shop.simulator.pay(shop.click(invoice), notify=False)
    shop.sync()
    assert "Merci" in web.get(f"/p/{new}").get_data(as_text=True)
    shop.assert_sound()


def test_the_button_replaces_what_the_page_showed(shop: Shop) -> None:
    invoice = shop.invoice()
    owner = signed_in_client(shop.app, shop.company_id)
    owner.set_cookie("language", "en")
    old = shop.token(invoice)
    assert f'value="{old}"' in owner.get(f"/invoices/{invoice}").get_data(as_text=True)
    for _ in range(2):
        assert owner.post(f"/invoices/{invoice}/link/replace", data={"seen": old}).status_code == 303
    page = owner.get(f"/invoices/{invoice}").get_data(as_text=True)
    assert "The link was replaced" in page
    assert "Payment link replaced" in page
    assert shop.token(invoice) != old
    assert old not in page
