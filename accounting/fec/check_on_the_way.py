"""The check of a large file that was sent, told while it is made: the page is sent as it grows, and nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import BinaryIO

from accounting.fec.findings import FecReport
from core.progress import counted

SPEAK_SECONDS = 1.0


class Left(Exception):
    """Nobody waits for the check any more."""


class CheckOnTheWay:
    """Iterate once: gives the per cent that are done every second; then `report` is there, and the stream is closed."""

    def __init__(self, stream: BinaryIO, size_bytes: int, check: Callable[[BinaryIO], FecReport]) -> None:
        self._stream = stream
        self._read = counted(stream, size_bytes, self._tell)
        self._check = check
        self._share = 0
        self._left = False
        self.report: FecReport | None = None

    def __iter__(self) -> Iterator[int]:
        with closing(self._stream), ThreadPoolExecutor(1) as pool:
            checking: Future[FecReport] = pool.submit(self._check, self._read)
            try:
                while self.report is None:
                    yield self._share
                    try:
                        self.report = checking.result(SPEAK_SECONDS)
                    except TimeoutError:
                        continue
            finally:
                # The reader has closed the page: the thread ends at its next piece of the file.
                self._left = True

    def _tell(self, done: int, total: int) -> None:
        if self._left:
            raise Left
        self._share = 100 * done // max(total, 1)
