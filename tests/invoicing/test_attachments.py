"""Files that go along with a document: which are taken, how they travel in its mails, and that they stay."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.database import db, transaction
from core.files import put_bytes, register_file
from core.jobs import run_due_jobs
from core.mail import Attachment, MailState, OutboxMail, retry_mail
from core.seal import verify_chain
from core.tenancy import in_company
from invoicing.attachments import read_attachments
from invoicing.duplicate_invoice import duplicate_invoice
from invoicing.errors import InvalidInputError
from invoicing.file_types import LONGEST_FILE_NAME, FileRefused, checked_type, safe_file_name
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document
from invoicing.send_invoice import SendInput, send_invoice
from invoicing.sending_status import sending_status
from tests.conftest import MakeApp, make_company
from tests.core.scripted_smtp import Script
from tests.factories.invoicing import make_draft
from tests.invoicing.mailing import entered_shop

PDF = b"%PDF-1.7\n%plan\n"
TO = "compta@boulangerie.example.org"


def archive(*members: str, **contents: str) -> bytes:
    """A ZIP file with these members."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as written:
        for name in members:
            written.writestr(name, contents.get(name, "x"))
    return held.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
ODT = archive("mimetype", "content.xml", mimetype="application/vnd.oasis.opendocument.text")
GOOD: list[tuple[str, bytes, str]] = [
    ("plan.pdf", PDF, "application/pdf"),
    ("photo.JPG", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    ("logo.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
    ("devis.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("lettre.odt", ODT, "application/vnd.oasis.opendocument.text"),
    ("relevé.csv", "date;montant\n1;2 €\n".encode(), "text/csv"),
    ("note.txt", "Déjà vu".encode("cp1252"), "text/plain"),
]
BAD: list[tuple[str, bytes]] = [
    ("program.exe", b"MZ\x90\x00"),
    ("page.html", b"<html>"),
    ("plan.pdf.exe", PDF),
    ("noending", PDF),
    ("plan.pdf", b"MZ\x90\x00"),
    ("plan.pdf", b"<script>%PDF-1.7</script>"),
    ("plan.pdf", b""),
    ("page.txt", b"\xef\xbb\xbf  <!doctype html><script>"),
    ("program.txt", b"MZ\x90\x00\x03"),
    ("picture.png", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
    ("picture.svg", b"<svg/>"),
    ("devis.docx", PDF),
    ("devis.docx", archive("[Content_Types].xml", "xl/workbook.xml")),
    ("devis.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    ("devis.docm", DOCX),
    ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("lettre.odt", archive("mimetype", "Basic/x.xml", mimetype="application/vnd.oasis.opendocument.text")),
    ("lettre.odt", DOCX),
    ("broken.xlsx", b"PK\x03\x04 and nothing behind it"),
]


def test_a_file_is_known_by_its_name_and_by_what_is_in_it() -> None:
    for name, content, media_type in GOOD:
        assert checked_type(name, content) == media_type, name
    assert [name for name, content in BAD if _is_taken(name, content)] == []


def test_a_damaged_archive_is_refused_in_words() -> None:
    """Each kind of packing with its bytes overwritten, and an archive whose directory points nowhere."""
    damaged = []
    for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = BytesIO()
        with zipfile.ZipFile(file, "w", packing) as made:
            made.writestr("mimetype", "application/vnd.oasis.opendocument.text" * 5)
        content = file.getvalue()
        damaged += [content[:at] + b"\xff" * 8 + content[at + 8 :] for at in range(4, len(content) - 8)]
    assert [content for content in damaged if _is_taken("lettre.odt", content)] == []


def _is_taken(name: str, content: bytes) -> bool:
    try:
        checked_type(name, content)
    except FileRefused:
        return False
    return True


def test_a_name_leads_nowhere_and_deceives_nobody() -> None:
    names = {
        "../../etc/passwd.txt": "passwd.txt",
        "C:\\Users\\Anne\\Plan.PDF": "Plan.pdf",
        "fac\u202efdp.exe.txt": "facfdp.exe.txt",
        'a"b<c>:d?.pdf': "a-b-c-d-.pdf",
        "line\r\nbreak.pdf": "linebreak.pdf",
        "  .hidden.pdf. ": "hidden.pdf",
        "Été \u00a0 2026.pdf": "Été 2026.pdf",
        "E\u200b\u0301te\x00\u0301.pdf": "Été.pdf",
        "x" * 300 + ".pdf": "x" * 116 + ".pdf",
    }
    assert {given: safe_file_name(given) for given in names} == names


@given(st.text(max_size=200))
def test_a_name_that_was_made_safe_stays_as_it_is(name: str) -> None:
    """The page sends it back, and a verb compares: a file whose name changed again would be dropped."""
    safe = safe_file_name(name)
    assert safe_file_name(safe) == safe
    assert len(safe) <= LONGEST_FILE_NAME


@pytest.fixture
def shop(make_app: MakeApp, sqlite_url: str, server: Script) -> Iterator[Flask]:
    """A company entered, whose mails go to the scripted server."""
    with entered_shop(make_app(sqlite_url, smtp_url=server.url, largest_mail_mb=1)) as app:
        yield app


@pytest.fixture
def each_shop(make_app: MakeApp, each_url: str, server: Script) -> Iterator[Flask]:
    """The same on each engine in turn."""
    with entered_shop(make_app(each_url, smtp_url=server.url, largest_mail_mb=1)) as app:
        yield app


def _stored(name: str, content: bytes = PDF, media_type: str = "application/pdf") -> Attachment:
    digest = put_bytes(content)
    with transaction():
        register_file(digest, len(content), media_type)
    return Attachment(name, digest, media_type)


def _issued(*attachments: Attachment) -> int:
    with transaction():
        return issue_invoice(make_draft(attachments=attachments).id).id


def _send(document_id: int, *attachments: Attachment, key: str = "key-1") -> int:
    with transaction():
        return send_invoice(SendInput(document_id, (TO,), key, attachments=attachments)).id


def _names(server: Script) -> list[str | None]:
    return [part.get_filename() for part in server.messages[-1].iter_attachments()]


def test_they_go_along_beside_the_pdf_those_of_the_document_in_every_mail(
    each_shop: Flask, server: Script
) -> None:
    plan, notice = _stored("Plan d’étage.pdf"), _stored("notice.txt", "À lire".encode(), "text/plain")
    document_id = _issued(plan)
    _send(document_id, notice, plan)
    run_due_jobs(each_shop)
    number = str(_document(document_id).number)
    assert _names(server) == [f"Facture {number}.pdf", "Plan d’étage.pdf", "notice.txt"]
    parts = list(server.messages[-1].iter_attachments())
    assert parts[1].get_content() == PDF
    assert parts[2].get_payload(decode=True) == "À lire".encode()
    _send(document_id, key="key-2")
    db.session.rollback()
    run_due_jobs(each_shop)
    assert _names(server) == [f"Facture {number}.pdf", "Plan d’étage.pdf"]


def test_they_are_sealed_with_the_document_and_never_change(each_shop: Flask) -> None:
    document_id = _issued(_stored("plan.pdf"))
    assert list(verify_chain(_document(document_id).company_id)) == []
    with pytest.raises(DatabaseError), db.engine.begin() as connection:
        connection.execute(text("UPDATE document SET attachments = '[]'"))


def test_a_lost_file_makes_the_mail_fail_in_sight_and_a_retry_takes_it_along(
    shop: Flask, server: Script, tmp_path: Path
) -> None:
    lost = _stored("perdu.pdf")
    document_id = _issued(lost)
    _send(document_id)
    place = tmp_path / "files" / lost.sha256[:2] / lost.sha256
    kept = place.read_bytes()
    place.unlink()
    run_due_jobs(shop)
    db.session.rollback()
    status = sending_status(document_id)[0]
    assert (status.state.value, server.messages) == ("failed", [])
    assert "perdu.pdf" in status.answer
    mail = db.session.query(OutboxMail).one()
    place.write_bytes(kept)
    with transaction():
        retry_mail(mail.id)
    run_due_jobs(shop)
    db.session.rollback()
    assert db.session.query(OutboxMail).one().state is MailState.SENT
    assert _names(server)[1:] == ["perdu.pdf"]


def test_what_no_mail_takes_is_refused_with_a_sentence(shop: Flask) -> None:
    half = _stored("half.pdf", PDF + b"x" * 600_000)
    other_half = _stored("other.pdf", PDF + b"y" * 600_000)
    with pytest.raises(InvalidInputError) as refused:
        _issued(half, other_half)
    assert "1.2" in str(refused.value.errors["files"]).replace(",", ".")
    document_id = _issued(half)
    with pytest.raises(InvalidInputError) as refused:
        _send(document_id, other_half)
    assert set(refused.value.errors) == {"files"}
    _send(document_id, half)  # the same file twice is there once


def test_a_file_of_nobody_and_one_of_another_company_are_refused(shop: Flask) -> None:
    other = make_company(shop, siren="404833048", siret="", vat_number="")
    with in_company(other):
        foreign = _stored("foreign.pdf", PDF + b"theirs")
    unknown = Attachment("x.pdf", "0" * 64, "application/pdf")
    renamed = Attachment("x.txt", _stored("own.pdf").sha256, "application/pdf")
    for attachment in (foreign, unknown, renamed):
        with pytest.raises(InvalidInputError) as refused:
            _issued(attachment)
        assert set(refused.value.errors) == {"files"}, attachment


def test_copies_keep_them(shop: Flask) -> None:
    plan = _stored("plan.pdf")
    document_id = _issued(plan)
    with transaction():
        copy_id = duplicate_invoice(document_id).id
    assert read_attachments(_document(copy_id).attachments) == (plan,)
    assert _document(copy_id).kind is DocumentKind.INVOICE


def _document(document_id: int) -> Document:
    return db.session.get_one(Document, document_id)
