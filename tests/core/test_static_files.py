"""Style sheets and scripts: kept by browsers, asked for anew after an update, and nothing private with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.web.static_files import static_url_path
from tests.conftest import MakeApp, signed_in_client

SHEET = re.compile(r'(?:href|src)="((?:/bootstrap)?/static/[^"#]+)"')


@pytest.fixture
def owner(app: Flask, company_id: int) -> FlaskClient:
    return signed_in_client(app, company_id)


def test_all_a_page_loads_is_kept_for_a_year_by_who_is_signed_in_too(owner: FlaskClient) -> None:
    found = set(SHEET.findall(owner.get("/").text))
    assert len(found) > 8
    for address in found:
        with owner.get(address) as answer:
            assert answer.status_code == 200, address
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", address
            assert "Set-Cookie" not in answer.headers, address


def test_a_page_itself_is_not_kept(owner: FlaskClient) -> None:
    assert owner.get("/").headers["Cache-Control"] == "no-store"


def test_an_update_changes_the_address_and_nothing_else_does(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "other", "renamed")]
    for folder, name, text in zip(
        folders, ("a.css", "a.css", "a.css", "b.css"), ("x", "x", "y", "x"), strict=True
    ):
        folder.mkdir()
        (folder / name).write_text(text)
    one, same, other, renamed = map(static_url_path, folders)
    assert one == same
    assert len({one, other, renamed}) == 3
    assert re.fullmatch(r"/static/[0-9a-f]{12}", one)


def test_scripts_load_each_other_by_relative_addresses(app: Flask) -> None:
    """So that they keep to the version of the page."""
    for path in Path(app.static_folder or "").rglob("*.mjs"):
        for source in re.findall(r'^import .* from "([^"]+)"', path.read_text(), re.MULTILINE):
            assert source.startswith("./"), path


def test_who_works_on_them_sees_each_change(
    make_app: MakeApp, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = make_app(sqlite_url)
    with app.test_client().get(f"{app.static_url_path}/css/tokens.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
