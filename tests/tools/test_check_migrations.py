"""Migrations must stand in one numbered line."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tools.check_migrations import line_faults


def write(folder: Path, name: str, revision: str, down: str | None) -> None:
    """One empty migration file."""
    versions = folder / "versions"
    versions.mkdir(exist_ok=True)
    (versions / name).write_text(f'"""x"""\nrevision = {revision!r}\ndown_revision = {down!r}\n', "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "env.py").write_text("", "utf-8")
    write(tmp_path, "0001_create_everything.py", "0001", None)
    return tmp_path


def faults(folder: Path) -> list[str]:
    return list(line_faults(ScriptDirectory(str(folder))))


def test_a_numbered_line_has_no_fault(folder: Path) -> None:
    write(folder, "0002_add_colour.py", "0002", "0001")
    assert faults(folder) == []


def test_two_branches_are_two_heads(folder: Path) -> None:
    write(folder, "0002_add_colour.py", "0002", "0001")
    write(folder, "0003_add_shape.py", "0003", "0001")
    [fault] = faults(folder)
    assert fault.startswith("there must be exactly one head, there are 2")


def test_a_gap_in_the_numbers_is_reported(folder: Path) -> None:
    write(folder, "0003_add_colour.py", "0003", "0001")
    assert faults(folder) == ["0003_add_colour.py: its revision is 0003, in line it is 0002"]


def test_a_file_named_unlike_its_revision_is_reported(folder: Path) -> None:
    write(folder, "add_colour.py", "0002", "0001")
    assert faults(folder) == ["add_colour.py: the file name must be 0002_what_it_does.py"]
