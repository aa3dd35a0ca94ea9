"""`solde samples`: files that say what they are, each PDF with its XML beside it; no installation is touched."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner, Result

from demo import sample_documents
from invoicing.errors import NotIssuableError, Place, Problem
from wsgi import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["samples", *arguments], env={"SOLDE_DATABASE_URL": "nonsense://"})


def test_each_pdf_has_its_xml_beside_it_and_inside(tmp_path: Path) -> None:
    result = run(str(tmp_path / "new" / "folder"), "--only", "partial-credit-note_outside-scope")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "new" / "folder"
    names = {file.name for file in folder.iterdir()}
    stems = [f"partial-credit-note_outside-scope_business-abroad_{language}" for language in ("fr", "en")]
    assert names == {f"{stem}.{ending}" for stem in stems for ending in ("pdf", "xml")}
    for stem in stems:
        with pikepdf.open(BytesIO((folder / f"{stem}.pdf").read_bytes())) as pdf:
            (spec,) = pdf.attachments.values()
            assert spec.get_file().read_bytes() == (folder / f"{stem}.xml").read_bytes()


def test_a_quote_has_a_pdf_alone(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--only", "quote_export_business-abroad_fr").exit_code == 0
    (file,) = tmp_path.iterdir()
    with pikepdf.open(file) as pdf:
        assert len(pdf.attachments) == 0
        assert "Devis" in str(pdf.docinfo["/Title"])


def test_what_cannot_be_made_is_named_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise NotIssuableError([Problem(Place.DOCUMENT, "lines", "Nothing is sold.")])

    monkeypatch.setattr(sample_documents, "make_sample", refuse)
    result = run(str(tmp_path), "--only", "invoice_export_business-abroad_en")
    assert result.exit_code == 1
    assert "final-invoice_export_business-abroad_en: Nothing is sold." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_sample_has_is_a_wrong_call(tmp_path: Path) -> None:
    result = run(str(tmp_path), "--only", "klingon")
    assert (result.exit_code, "klingon" in result.stderr) == (2, True)
