"""The pages of a FEC that takes long: made by a task, given out as it was checked; another's file told as it goes."""

from __future__ import annotations

import io
import threading
from collections.abc import Generator
from datetime import date

import pytest
from sqlalchemy import select, text

from accounting.fec import check_on_the_way, kept
from accounting.fec.check import check_fec
from accounting.fec.findings import Verdict
from accounting.models import FiscalYear
from accounting.routes import fec as pages
from core.database import db, transaction
from core.event_log import Event
from core.files import StoredFile
from core.models import Role
from core.tenancy import in_company
from tests.accounting.fec.right_file import NAME, right_rows, text_of
from tests.accounting.shop import MARCH_1, SERVICES_120, Shop
from tests.conftest import signed_in_client
from tests.following import led_to


@pytest.fixture
def address(app, company_id, monkeypatch) -> str:
    """The page of a year that counts as a large one."""
    monkeypatch.setattr(kept, "MOST_AT_ONCE", 0)
    with app.app_context(), in_company(company_id):
        Shop().invoice(SERVICES_120, on=MARCH_1)
        year = db.session.scalars(select(FiscalYear.id).where(FiscalYear.ends_on == date(2026, 12, 31))).one()
        return f"/books/fec/{year}"


def test_the_file_of_a_large_year_is_made_once_shown_and_given_out_as_it_was_checked(
    app, company_id, address
):
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    assert "checked in the background" in accountant.get(address).text
    asked = [accountant.post(f"{address}/make", data={"request_key": key}) for key in ("a", "b")]
    assert asked[0].headers["Location"] == asked[1].headers["Location"]
    assert accountant.get(address).headers["Location"] == asked[0].headers["Location"]
    assert led_to(app, accountant, asked[0]) == address
    page = accountant.get(address).text
    assert "The file is right" in page
    assert "since the file was made" not in page
    first = accountant.get(f"{address}/file").data
    assert check_fec(io.BytesIO(first), "732829320FEC20261231.txt").verdict is Verdict.RIGHT
    with app.app_context(), in_company(company_id):
        later = Shop()
        for _ in range(2):
            later.invoice(SERVICES_120, on=MARCH_1)
        event = db.session.scalars(select(Event).where(Event.kind == "fec.exported")).one()
        stored = db.session.scalars(select(StoredFile).where(StoredFile.media_type == kept.MEDIA_TYPE)).one()
        assert stored.sha256 in event.details
    assert "since the file was made" in accountant.get(address).text
    assert accountant.get(f"{address}/file").data == first
    led_to(app, accountant, accountant.post(f"{address}/make"))
    assert len(accountant.get(f"{address}/file").data) > len(first)


def test_a_faulty_file_of_a_large_year_is_explained_and_neither_kept_nor_given_out(app, company_id, address):
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    with app.app_context(), in_company(company_id), transaction() as session:
        session.execute(text("DROP TRIGGER frozen_entry_line_update"))
        session.execute(text("UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE id = 1"))
    led_to(app, accountant, accountant.post(f"{address}/make"))
    page = accountant.get(address).text
    assert "The file is faulty and is not given out" in page
    assert "Findings" in page
    assert accountant.get(f"{address}/file").headers["Location"] == address
    with app.app_context(), in_company(company_id):
        media = db.session.scalars(select(StoredFile.media_type)).all()
        assert kept.MEDIA_TYPE not in media


def test_a_large_file_of_other_software_is_told_while_it_is_checked(app, company_id, monkeypatch):
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    monkeypatch.setattr(pages, "MOST_BYTES_AT_ONCE", 100)
    monkeypatch.setattr(check_on_the_way, "SPEAK_SECONDS", 0.01)
    seen = threading.Event()
    real = check_fec

    def slow(*args, **kwargs):
        assert seen.wait(10), "the bar comes before the check is over"
        return real(*args, **kwargs)

    monkeypatch.setattr(pages, "check_fec", slow)
    data = {"file": (io.BytesIO(text_of(right_rows()).encode()), NAME)}
    answer = accountant.post("/books/fec/check", data=data, buffered=False)
    pieces = []
    for piece in answer.iter_encoded():
        pieces.append(piece.decode())
        if "0 % are done" in "".join(pieces):
            seen.set()
    page = "".join(pieces)
    assert page.index("are done") < page.index(f"{NAME} is right.")
    assert answer.headers["X-Accel-Buffering"] == "no"


def test_who_closes_the_page_ends_the_check():
    told = []

    def check(stream):
        while stream.read(1):
            told.append(1)
        raise AssertionError("read to the end")

    checking = check_on_the_way.CheckOnTheWay(io.BytesIO(b"x" * (64 << 20)), 64 << 20, check)
    steps = iter(checking)
    assert isinstance(steps, Generator)
    next(steps)
    steps.close()
    assert len(told) < 64 << 20
    assert checking.report is None
