"""The link is in the mail and the PDF for ever; a card is promised only while one can be taken."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from core.database import db, transaction
from core.models import Company
from invoicing.document_view import DocumentView, document_view
from invoicing.invoice_mail import InvoiceMail, preview_mail
from invoicing.issue_invoice import issue_invoice
from invoicing.message_texts import default_message
from invoicing.render_pdf import pdf_bytes
from payplug_bridge.keys import choose_mode
from tests.factories.invoicing import make_customer, make_draft, make_line
from tests.payplug_bridge.shop import Shop

PROMISES = {"en": ("card", "online"), "fr": ("carte", "en ligne")}
LANGUAGES = sorted(PROMISES)


def _issued(language: str, price: str = "100") -> DocumentView:
    with transaction():
        customer = make_customer(language=language)
        return document_view(issue_invoice(make_draft(make_line("1", price), customer=customer).id).id)


def _mail(view: DocumentView) -> InvoiceMail:
    return preview_mail(view, default_message(view))


def _switch_off(shop: Shop) -> None:
    with transaction():
        choose_mode(None)


def _no_processor(shop: Shop) -> None:
    shop.app.extensions.pop("solde_card_payments")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_offers_the_card_while_a_key_is_active(shop: Shop, language: str) -> None:
    with shop.inside():
        mail = _mail(_issued(language))
    card, online = PROMISES[language]
    assert card in mail.text
    assert online in mail.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("turn", [_switch_off, _no_processor])
def test_the_mail_promises_no_card_while_none_can_be_taken(
    shop: Shop, language: str, turn: Callable[[Shop], None]
) -> None:
    with shop.inside():
        turn(shop)
        view = _issued(language)
        mail = _mail(view)
    assert view.payment_url is not None
    for text in (mail.text, mail.html):
        assert view.payment_url in text
        for promise in PROMISES[language]:
            assert promise not in text


def test_an_amount_that_no_card_can_pay_is_promised_none(shop: Shop) -> None:
    with shop.inside():
        assert "card" not in _mail(_issued("en", price="20000")).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_the_same_to_the_byte_whether_cards_are_taken_or_not(shop: Shop, language: str) -> None:
    with shop.inside():
        view = _issued(language)
        with_key = pdf_bytes(view)
        _switch_off(shop)
        assert pdf_bytes(view) == with_key
    text = PdfReader(io.BytesIO(with_key)).pages[0].extract_text()
    assert view.payment_url is not None
    assert view.payment_url in "".join(text.split())
    for promise in PROMISES[language]:
        assert promise not in text.lower()


def test_a_page_without_card_and_account_names_no_transfer(shop: Shop) -> None:
    with shop.inside():
        _switch_off(shop)
        with transaction():
            company = db.session.get(Company, shop.company_id)
            assert company is not None
            company.iban = ""
    web = shop.app.test_client()
    web.set_cookie("language", "en")
    page = web.get(f"/p/{shop.token(shop.invoice())}").get_data(as_text=True)
    assert "does not take card payments at the moment." in page
    assert "Please pay by transfer" not in page
    assert "Please contact the seller" in page
