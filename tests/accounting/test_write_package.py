"""A package: one ZIP of parts, the same bytes for the same content, with hashes that `sha256sum` checks."""

from __future__ import annotations

import hashlib
import subprocess
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.packages.write_package import (
    MANIFEST,
    PackageWriter,
    distinct_names,
    file_name_of,
    write_package,
)

DAY = date(2026, 3, 31)
COUNT, SIZE = 300, 100_000


def _period(folder: Path) -> PackagePeriod:
    return PackagePeriod(date(2026, 3, 1), DAY, folder)


def _pdfs(_period: PackagePeriod) -> Iterator[PackagedFile]:
    for number in range(COUNT):
        yield f"pieces/F-{number:04d}.pdf", hashlib.sha256(str(number).encode()).digest() * (SIZE // 32)


def _table(period: PackagePeriod) -> Iterator[PackagedFile]:
    path = period.folder / "table"
    path.write_text("a;b\n" * 1000, "utf-8")
    yield "journals/table.csv", path


PARTS = (PackagePart("pdfs", "PDF", _pdfs, lambda _period: COUNT), PackagePart("table", "Table", _table))


def test_files_are_packed_one_at_a_time_with_a_manifest_and_a_bar_that_ends(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    tracemalloc.start()
    packed = write_package(tmp_path / "a.zip", _period(tmp_path), PARTS, lambda *said: told.append(said))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * SIZE, "as many files as were made would be 30 MB"
    assert (told[0], told[-1], len(told)) == ((0, COUNT + 1), (COUNT + 1, COUNT + 1), COUNT + 2)
    with ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == [file.path for file in packed]
        zipped.extractall(tmp_path / "unpacked")
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=tmp_path / "unpacked", check=False
    )
    assert checked.returncode == 0
    lines = (tmp_path / "unpacked" / MANIFEST).read_text().splitlines()
    assert len(lines) == COUNT + 1
    write_package(tmp_path / "b.zip", _period(tmp_path), PARTS, lambda *_said: None)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "a//b", "é", "a b", "", ".a", "a\\b"])
def test_a_path_that_leaves_the_folder_or_another_machine_cannot_write_is_no_path(
    tmp_path: Path, path: str
) -> None:
    writer = PackageWriter(tmp_path / "a.zip", DAY)
    writer.add("A/b", b"")
    with pytest.raises(AssertionError):
        writer.add(path, b"")
    with pytest.raises(AssertionError):
        writer.add("a/B", b"")
    writer.close()


def test_any_text_gives_a_name_that_is_a_path() -> None:
    names = ["F-2026-0001", "FA/2026+1_a", "../../etc", "Été à Lyon", "", "…", "a" * 300]
    assert [file_name_of(name) for name in names] == [
        "F-2026-0001", "FA-2026+1_a", "etc", "Ete-a-Lyon", "x", "x", "a" * 100,
    ]  # fmt: skip
    # What differs on paper alone is apart in the package too, whatever the other machine makes of capitals.
    assert distinct_names([(1, "A/1"), (2, "A-1"), (3, "a-1"), (4, "B-1")]) == {
        1: "A-1", 2: "A-1_2", 3: "a-1_3", 4: "B-1",
    }  # fmt: skip
