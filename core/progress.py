"""How far a long piece of work has come: told by what does it, shown by a bar on a page or in a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import click

Progress = Callable[[int, int], None]
"""Tell how far the work has come: steps done and steps in all. Cheap: most calls write nothing."""

_READ_BYTES = 1 << 20
_PARTS = 1000


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def stretch(progress: Progress, first: int, last: int, total: int) -> Progress:
    """Tell a part of a longer work, which takes it from `first` to `last` of `total` steps."""

    def tell(done: int, of: int) -> None:
        progress(first + (last - first) * min(done, of) // max(of, 1), total)

    return tell


def counted(stream: BinaryIO, size_bytes: int, progress: Progress) -> BinaryIO:
    """The same stream, that tells how much of it was read."""
    return io.BufferedReader(_Counted(stream, size_bytes, progress), _READ_BYTES)


class _Counted(io.RawIOBase):
    def __init__(self, stream: BinaryIO, size_bytes: int, progress: Progress) -> None:
        self._stream, self._size, self._progress = stream, size_bytes, progress
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        self._read += len(content)
        self._progress(min(self._read, self._size), self._size)
        return len(content)


@contextmanager
def terminal_bar(label: str) -> Iterator[Progress]:
    """A bar on stderr where somebody looks on, nothing elsewhere: what is piped stays as it is."""
    bar = click.progressbar(length=_PARTS, file=sys.stderr, label=label, hidden=not sys.stderr.isatty())
    with bar:

        def tell(done: int, total: int) -> None:
            bar.update(_PARTS * done // max(total, 1) - bar.pos)

        yield tell
