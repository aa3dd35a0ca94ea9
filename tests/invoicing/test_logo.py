"""A company's logo: what is taken, what is refused, what documents keep of it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from flask_babel import force_locale
from PIL import Image

from core.checks import company_faults
from core.clock import paris_today
from core.database import db, transaction
from core.errors import OutdatedError
from core.event_log import Event
from core.models import Company
from core.seal import verify_chain
from invoicing.credit_invoice import credit_invoice
from invoicing.document_view import document_view
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import candidate_of, issue_invoice, versions_of
from invoicing.logo import store_logo
from invoicing.logo_picture import BOX, MOST_PIXELS, logo_picture
from invoicing.models import Document, InvoicingSettings
from invoicing.parties import party_json, read_seller, seller_of
from invoicing.render_pdf import pdf_bytes
from invoicing.set_logo import set_logo
from invoicing.settings import invoicing_settings
from tests.factories.invoicing import issue, make_draft
from tests.factories.pictures import file_of, picture

RED = picture()
FLAT = picture(mode="RGB", ink="red", paper="white")
TURNED = Image.Exif()
TURNED[0x0112] = 6
TURNED[0x010E] = "taken at home"
TAKEN = {
    "transparent": file_of(RED),
    "with a palette": file_of(FLAT.quantize(4), transparency=0),
    "grey": file_of(picture(mode="L", ink=10, paper=255)),
    "grey and transparent": file_of(picture(mode="LA", ink=(10, 255), paper=(0, 0))),
    "16 bits of grey": file_of(picture(mode="I;16", ink=1000, paper=65535)),
    "black and white": file_of(picture(mode="1", ink=0, paper=1)),
    "for presses": file_of(FLAT.convert("CMYK"), "JPEG"),
    "WebP": file_of(RED, "WEBP"),
    "with a damaged profile": file_of(FLAT, icc_profile=b"no profile"),
    "small in a wide margin": file_of(RED.resize((300, 150)).crop((-1350, -1350, 1650, 1650))),
    "very wide": file_of(Image.new("RGB", (4000, 20), "navy")),
    "very tall": file_of(Image.new("RGB", (20, 4000), "navy")),
    "tiny": file_of(picture((16, 16))),
    "as many dots as may be": file_of(Image.new("1", (4000, MOST_PIXELS // 4000))),
}
REFUSED = {
    "empty": b"",
    "5 MB": b"\x89PNG\r\n\x1a\n" + bytes(5 * 2**20),
    "16 million pixels": file_of(Image.new("1", (4001, 4000))),
    "more pixels than Pillow itself takes": file_of(Image.new("1", (20_000, 20_000))),
    "or WebP": file_of(FLAT, "GIF"),
    "one of these formats": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "can be read": file_of(Image.effect_noise((400, 400), 80))[:-5000],
    "that can be read": file_of(FLAT, "JPEG")[:900],
    "PNG, JPEG or WebP": b"\x89PNG\r\n\x1a\n" + b"IHDR" * 20,
    "white paper": file_of(picture(ink="white")),
}
SAYS = {"more pixels than Pillow itself takes": "16 million pixels"}


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(logo_picture(content).content))


def test_any_usual_picture_becomes_a_small_one_on_white() -> None:
    for what, content in TAKEN.items():
        logo = opened(content)
        assert (logo.format, logo.mode) == ("PNG", "RGB"), what
        assert logo.width <= BOX[0], what
        assert logo.height <= BOX[1], what
        assert not logo.info, what
        middle = logo.getpixel((logo.width // 2, logo.height // 2))
        assert isinstance(middle, tuple)
        assert min(middle) < 140, f"{what}: the ink is there"


def test_the_same_file_gives_the_same_logo() -> None:
    assert logo_picture(TAKEN["transparent"]) == logo_picture(TAKEN["transparent"])


def test_the_white_around_a_logo_is_cut_off_before_it_is_made_smaller() -> None:
    sheet = Image.new("RGBA", (3000, 3000), (0, 0, 0, 0))
    sheet.paste("navy", (1200, 1400, 1500, 1550))
    logo = opened(file_of(sheet))
    assert logo.width == 200, "a tenth of the sheet, which was made smaller by a third"


def test_a_photograph_is_turned_upright_stays_light_and_says_nothing_of_where_it_was_taken() -> None:
    noise = Image.effect_noise((1200, 900), 90).convert("RGB")
    photograph = logo_picture(file_of(noise, "JPEG", exif=TURNED, comment=b"secret place"))
    shown = Image.open(BytesIO(photograph.content))
    assert (photograph.media_type, shown.format) == ("image/jpeg", "JPEG")
    assert shown.height > shown.width
    assert len(photograph.content) < 150_000
    assert not shown.getexif()
    for secret in (b"secret place", b"taken at home", b"Exif"):
        assert secret not in photograph.content


def test_what_cannot_be_a_logo_is_refused_in_words(company: Company) -> None:
    for what, content in REFUSED.items():
        with pytest.raises(InvalidInputError) as refused:
            store_logo(content)
        assert list(refused.value.errors) == ["logo"], what
        with force_locale("en"):
            assert SAYS.get(what, what) in str(refused.value.errors["logo"])


def give(content: bytes | None) -> str:
    """Give the company entered a logo; returns its hash."""
    logo = None if content is None else store_logo(content)
    with transaction():
        set_logo(db.session.query(Company).one(), logo)
    return "" if logo is None else logo.sha256


def pictures_of(pdf: bytes) -> list[dict[str, str]]:
    """The pictures of dots in a PDF: what their dictionaries say."""
    with pikepdf.open(BytesIO(pdf)) as file:
        found = [image for page in file.pages for image in page.get_images().values()]
        return [{key: str(value) for key, value in image.items()} for image in found]


def test_a_document_keeps_the_logo_it_was_issued_with(company: Company) -> None:
    first = give(TAKEN["transparent"])
    with transaction():
        invoice = issue().id
        quiet = make_draft().id
    drawn = pdf_bytes(document_view(invoice))
    second = give(file_of(FLAT))
    assert first != second
    assert document_view(invoice).seller.logo_sha256 == first
    assert document_view(quiet).seller.logo_sha256 == second, "a draft shows the logo of now"
    assert pdf_bytes(document_view(invoice)) == drawn
    with transaction():
        note = credit_invoice(invoice, reason="Erreur").id
    give(None)
    assert document_view(note).seller.logo_sha256 == second
    with transaction():
        issue_invoice(quiet)
    assert document_view(quiet).seller.logo_sha256 == ""
    assert pictures_of(pdf_bytes(document_view(quiet))) == []
    assert list(verify_chain(company.id)) == []
    logged = [
        json.loads(e.details)["changed"]["logo"]
        for e in db.session.query(Event).filter_by(kind="settings.logo")
    ]
    assert logged == [["", first], [first, second], [second, ""]]


def test_the_same_logo_again_changes_nothing(company: Company) -> None:
    give(file_of(FLAT))
    version = db.session.query(Company.version).scalar()
    give(file_of(FLAT))
    assert db.session.query(Company.version).scalar() == version
    assert db.session.query(Event).filter_by(kind="settings.logo").count() == 1


def test_a_page_that_showed_another_logo_issues_nothing(company: Company) -> None:
    with transaction():
        draft = make_draft()
        seen = versions_of(candidate_of(draft, paris_today()))
        draft_id = draft.id
    give(file_of(FLAT))
    with pytest.raises(OutdatedError), transaction():
        issue_invoice(draft_id, seen=seen)


def test_a_company_without_settings_gets_a_logo_all_the_same(company: Company) -> None:
    with transaction():
        db.session.delete(db.session.query(InvoicingSettings).one())
    logo = give(file_of(FLAT))
    assert seller_of(company, invoicing_settings()).logo_sha256 == logo


def test_documents_from_before_there_were_logos_are_read_and_stay_sealed(company: Company) -> None:
    old = json.loads(party_json(seller_of(company, invoicing_settings())))
    del old["logo_sha256"]
    assert read_seller(json.dumps(old)).logo_sha256 == ""


@pytest.mark.parametrize(
    "content", [TAKEN["transparent"], file_of(Image.effect_noise((900, 700), 90), "JPEG")]
)
def test_the_picture_in_the_pdf_is_what_pdf_a_allows(company: Company, content: bytes) -> None:
    give(content)
    with transaction():
        invoice = issue().id
    pdf = pdf_bytes(document_view(invoice))
    (logo,) = pictures_of(pdf)
    assert logo["/Interpolate"] == "False", "ISO 19005-3, 6.2.8"
    assert logo["/ColorSpace"] == "/DeviceRGB", "the output intent is sRGB"
    assert "/SMask" not in logo
    with pikepdf.open(BytesIO(pdf)) as file:
        alternatives = [str(o.Alt) for o in file.objects if isinstance(o, pikepdf.Dictionary) and "/Alt" in o]
    assert "Atelier Lumen" in alternatives


def test_verify_names_a_logo_that_the_storage_has_lost_or_that_is_another(
    app: Flask, company: Company
) -> None:
    sha256 = give(file_of(FLAT))
    assert list(company_faults()) == []
    folder = app.config["SOLDE"].files_url.removeprefix("file://")
    file = Path(folder) / sha256[:2] / sha256
    content = file.read_bytes()
    file.write_bytes(content + b"!")
    assert list(company_faults()) == [f"files: {sha256} (image/png) is not what was stored"]
    file.unlink()
    assert list(company_faults()) == [f"files: {sha256} (image/png) is missing from the storage"]
    give(file_of(FLAT))  # the same picture uploaded again mends it
    assert list(company_faults()) == []
    assert db.session.query(Document).count() == 0
