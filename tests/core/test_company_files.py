"""`solde company add`: what a company file may say, and that a company is made whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.cli.companies import CompanyFileError, add_company, on_company_added, read_company_file
from core.database import db
from core.event_log import Event
from core.models import Company
from core.seal import verify_chain
from core.tenancy import in_company
from tests.conftest import COMPANY

LINES = {
    "name": '"Atelier"',
    "siren": '"732829320"',
    "address1": '"1 rue du Port"',
    "postcode": "35000",
    "city": '"Rennes"',
}


def company_file(folder: Path, **changes: str) -> Path:
    file = folder / "company.toml"
    file.write_text("".join(f"{key} = {value}\n" for key, value in {**LINES, **changes}.items()), "utf-8")
    return file


def test_a_file_is_read_with_numbers_where_texts_are_meant(tmp_path: Path) -> None:
    values = read_company_file(company_file(tmp_path, share_capital_cents="100000"))
    assert values["postcode"] == "35000"
    assert values["share_capital_cents"] == 100_000
    assert values["is_demo"] is False


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"share_capital_cents": '"1000"'}, "share_capital_cents"),
        ({"share_capital_cents": "-1"}, "share_capital_cents"),
        ({"phone": "true"}, "phone"),
        ({"legal_form": f'"{"x" * 61}"'}, "legal_form"),
        ({"siren": '"732829321"'}, "check"),
        ({"name": '""'}, "name"),
        ({"colour_of_hair": '"red"'}, "colour_of_hair"),
    ],
)
def test_a_value_no_column_takes_is_refused_by_its_key(
    tmp_path: Path, changes: dict[str, str], word: str
) -> None:
    with pytest.raises(CompanyFileError) as refusal:
        read_company_file(company_file(tmp_path, **changes))
    assert word in refusal.value.message


def test_a_company_whose_books_cannot_be_made_is_not_made_at_all(each_app: Flask) -> None:
    def fail() -> None:
        raise RuntimeError("the disk is full")

    with each_app.app_context():
        on_company_added(fail)
        with pytest.raises(RuntimeError, match="the disk is full"):
            add_company(dict(COMPANY))
        assert db.session.scalar(select(func.count()).select_from(Company)) == 0


def test_a_new_company_stands_in_its_own_chain_and_in_the_installation_s(each_app: Flask) -> None:
    with each_app.app_context():
        company_id = add_company(dict(COMPANY)).id
        told = db.session.scalars(select(Event.company_id).where(Event.kind == "company.added")).all()
        assert sorted(told, key=str) == sorted([company_id, None], key=str)
        with in_company(company_id):
            assert list(verify_chain(company_id)) == []
        assert list(verify_chain(None)) == []
