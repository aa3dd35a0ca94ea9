"""Stored files: on the disk before their hash is sealed, and whole again when they are written anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import Connection, Engine, event

from core.database import db, transaction
from core.files import put_bytes, read_bytes
from core.models import Company
from invoicing.issue_invoice import issue_invoice
from invoicing.render_pdf import ensure_pdf
from tests.factories.invoicing import make_draft, make_line

COMMIT = "commit"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, frozenset[str]]]]:
    """What was flushed to the disk, with the names that lay in it at that moment, and the commits between."""
    seen: list[tuple[str, frozenset[str]]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append((str(path), frozenset(f.name for f in path.iterdir()) if path.is_dir() else frozenset()))

    def committed(_connection: Connection) -> None:
        seen.append((COMMIT, frozenset()))

    monkeypatch.setattr(os, "fsync", fsync)
    event.listen(Engine, COMMIT, committed)
    yield seen
    event.remove(Engine, COMMIT, committed)


def test_a_pdf_is_on_the_disk_before_its_hash_is_sealed(
    company: Company, tmp_path: Path, steps: list[tuple[str, frozenset[str]]]
) -> None:
    with transaction():
        invoice = issue_invoice(make_draft(make_line("1", "100")).id).id
    db.session.rollback()
    del steps[:]
    digest = ensure_pdf(invoice).stored_file.sha256
    before = steps[: [path for path, _ in steps].index(COMMIT)]
    root = (tmp_path / "files").resolve()
    folder = root / digest[:2]
    assert [Path(path).parent for path, _ in before if Path(path).name.startswith(digest)] == [folder]
    flushed = dict(before)
    # The folder after the file got its name in it, and each folder that had to be made in the one above.
    assert digest in flushed[str(folder)]
    assert digest[:2] in flushed[str(root)]
    assert "files" in flushed[str(root.parent)]


def test_a_file_that_another_process_has_just_written_is_flushed_before_it_is_relied_on(
    company: Company, tmp_path: Path, steps: list[tuple[str, frozenset[str]]]
) -> None:
    digest = put_bytes(b"the same to the byte")
    del steps[:]
    assert put_bytes(b"the same to the byte") == digest
    folder = (tmp_path / "files").resolve() / digest[:2]
    assert {str(folder / digest), str(folder)} <= dict(steps).keys()


@pytest.mark.parametrize("damage", [b"", b"\0" * 20, b"another content here"])
def test_a_file_that_was_damaged_is_whole_again_when_it_is_written_anew(
    company: Company, tmp_path: Path, damage: bytes
) -> None:
    content = b"the same to the byte"
    digest = put_bytes(content)
    (tmp_path / "files" / digest[:2] / digest).write_bytes(damage)
    assert put_bytes(content) == digest
    assert read_bytes(digest) == content


def test_another_storage_is_written_without_a_flush_of_this_machine(
    company: Company, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, frozenset[str]]]
) -> None:
    settings: Any = current_app.config["SOLDE"].model_copy(update={"files_url": "memory://solde-files"})
    monkeypatch.setitem(current_app.config, "SOLDE", settings)
    assert read_bytes(put_bytes(b"elsewhere")) == b"elsewhere"
    assert steps == []
