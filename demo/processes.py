"""Processes of the demo: started together, ended together, also when one of them dies or Ctrl-C is pressed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 90  # a slow, busy machine is not a failure; a process that ends is noticed at once
STOP_SECONDS = 15


class ProcessError(Exception):
    """A process could not be started or ended by itself; the text says which and where its log is."""


class Processes:
    """A set of processes with one log file each."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._awaited: list[tuple[str, subprocess.Popen[bytes], int]] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, module: Sequence[str], port: int) -> None:
        """Start `python -m module…`, which will listen on that port; `wait` says when it does.

        Raises:
            ProcessError: the port is taken.
        """
        if _listens(port):
            raise ProcessError(
                f"port {port} is in use, so {name} cannot start; `solde demo --help` shows other ports"
            )
        # A group of its own: Ctrl-C in the terminal reaches the demo alone, which ends the others in order.
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._running.append((name, process))
        self._awaited.append((name, process, port))

    def wait(self) -> None:
        """Return when every process that was started listens on its port.

        Raises:
            ProcessError: one of them does not in time.
        """
        for name, process, port in self._awaited:
            self._wait_for(name, process, port)
        self._awaited.clear()

    def watch(self) -> None:
        """Return never: raise when one of them ends.

        Raises:
            ProcessError: names the one that ended.
        """
        while True:
            time.sleep(0.5)
            for name, process in self._running:
                if process.poll() is not None:
                    raise ProcessError(f"{name} ended by itself; see {self._log(name)}")

    def stop(self) -> None:
        """End all of them, last started first; one that does not end in time is killed."""
        for _, process in reversed(self._running):
            process.terminate()
        for _, process in reversed(self._running):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _wait_for(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ProcessError(f"{name} did not start; see {self._log(name)}")
            time.sleep(0.05)


@contextmanager
def running_processes(logs: Path) -> Iterator[Processes]:
    """Processes that are ended when the block is left, whatever happens in it."""
    processes = Processes(logs)
    try:
        yield processes
    finally:
        processes.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
