"""Writes one ZIP out of parts, with a manifest of SHA-256; called by long tasks (the month's package, the archive).

The same content gives the same bytes: entries carry the last day of the period as their time. One file at a time is in
memory, and a file on disk is copied a piece at a time.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from accounting.packages.package_parts import PackagePart, PackagePeriod
from core.progress import Progress

MANIFEST = "MANIFEST.sha256"
"""Read by `sha256sum --check MANIFEST.sha256` in the unpacked folder."""
_PIECE_BYTES = 1 << 20
_PACKED_ALREADY = (".pdf", ".zip", ".xlsx")
_FOLDER_OR_FILE = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class PackedFile:
    """One file of the ZIP."""

    path: str
    sha256: str
    size_bytes: int


class PackageWriter:
    """A ZIP that is being written; knows what is in it. Paths are checked: a faulty one is a programmer's error."""

    def __init__(self, path: Path, day: date) -> None:
        self._zip = ZipFile(path, "w", allowZip64=True)
        self._time = (day.year, day.month, day.day, 0, 0, 0)
        self.files: list[PackedFile] = []
        self._paths: set[str] = set()

    def add(self, path: str, content: bytes | Path) -> None:
        """Add one file.

        Args:
            path: in the ZIP; two of one path are an error.
            content: its bytes, or a file to copy.
        """
        assert all(_FOLDER_OR_FILE.fullmatch(part) for part in path.split("/")), path
        assert path.lower() not in self._paths, f"{path} is in the package already"
        self._paths.add(path.lower())
        info = ZipInfo(path, self._time)
        info.compress_type = ZIP_STORED if path.lower().endswith(_PACKED_ALREADY) else ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size
        seen, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as target:
            for piece in _pieces(content):
                target.write(piece)
                seen.update(piece)
                size += len(piece)
        self.files.append(PackedFile(path, seen.hexdigest(), size))

    def close(self) -> None:
        """Write the manifest and end the ZIP."""
        lines = [f"{file.sha256}  {file.path}\n" for file in sorted(self.files, key=lambda file: file.path)]
        self.add(MANIFEST, "".join(lines).encode("ascii"))
        self._zip.close()


def write_package(
    path: Path, period: PackagePeriod, parts: Iterable[PackagePart], progress: Progress
) -> list[PackedFile]:
    """Write the files of these parts into a new ZIP at `path`, the manifest last; returns what is in it."""
    writer = PackageWriter(path, period.ends_on)
    add_parts(writer, period, parts, progress)
    writer.close()
    return writer.files


def add_parts(
    writer: PackageWriter, period: PackagePeriod, parts: Iterable[PackagePart], progress: Progress
) -> None:
    """Add the files of these parts to a ZIP that is being written, telling how many are done."""
    wanted = list(parts)
    total = max(sum(part.count(period) for part in wanted), 1)
    done = 0
    progress(0, total)
    for part in wanted:
        for name, content in part.files(period):
            writer.add(name, content)
            done += 1
            # More may come than was counted (something was issued meanwhile): the bar never runs over.
            progress(min(done, total), total)


def file_name_of(text: str) -> str:
    """A document's number or a customer's name as part of a path: ASCII letters, digits, `-`, `_`, `+` and dots."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    clean = re.sub(r"[^A-Za-z0-9._+-]+", "-", plain).strip(".-")
    return clean[:100] or "x"


def distinct_names(numbers: Iterable[tuple[int, str]]) -> dict[int, str]:
    """`file_name_of` each document's number, by its id: A/1, A-1 and a-1 are three numbers and would be one file."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for id_, number in numbers:
        name = file_name_of(number)
        names[id_] = f"{name}_{id_}" if name.lower() in taken else name
        taken.add(name.lower())
    return names


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    stream = BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece
