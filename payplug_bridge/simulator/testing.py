"""A simulator for the length of a test: `with running_simulator() as simulator:`.

In a thread of the test's process by default (fast); `process=True` starts a real process, which can be killed and
restarted on its state file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from payplug_bridge.simulator.control_client import (
    Notification,
    SimulatedAccount,
    SimulatorControl,
    SimulatorRefused,
)
from payplug_bridge.simulator.server import SimulatorServer

__all__ = [
    "Notification",
    "RunningSimulator",
    "SimulatedAccount",
    "SimulatorControl",
    "SimulatorRefused",
    "running_simulator",
]

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10


class RunningSimulator(SimulatorControl):
    """A simulator this test has started: its `url`, its keys, its state file, and the control calls."""

    def __init__(self, state: Path, *, process: bool) -> None:
        self.state = state
        self._server: SimulatorServer | None = None
        self._process: subprocess.Popen[str] | None = None
        self._as_process = process
        super().__init__(self._start(port=0))

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a crash would; `restart` brings it back. Needs process=True."""
        assert self._process is not None, "only a simulator started with process=True can be killed"
        os.kill(self._process.pid, signal.SIGKILL)
        self._forget_process()

    def restart(self) -> None:
        """Stop if running, then start again on the same state file and port."""
        self.stop()
        self._start(port=int(self.url.rpartition(":")[2]))

    def stop(self) -> None:
        """End it cleanly; calling it twice is harmless."""
        self.close()
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._process is not None:
            self._process.terminate()
            self._forget_process()

    def _start(self, port: int) -> str:
        return self._start_process(port) if self._as_process else self._start_thread(port)

    def _start_thread(self, port: int) -> str:
        self._server = SimulatorServer(self.state, port=port)
        self._server.start()
        return self._server.url

    def _start_process(self, port: int) -> str:
        command = [
            sys.executable,
            "-m",
            "payplug_bridge.simulator",
            "--port",
            str(port),
            "--state",
            str(self.state),
        ]
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        ready = self._process.stderr.readline()
        # Nobody reads its messages, but a full pipe would stop it.
        threading.Thread(target=_drain, args=(self._process.stderr,), daemon=True).start()
        if "ready at" not in ready:
            self._forget_process()
            raise RuntimeError(f"the simulator did not start: {ready.strip()}")
        return ready.split("ready at ")[1].split()[0]

    def _forget_process(self) -> None:
        assert self._process is not None
        self._process.wait(STOP_SECONDS)
        self._process = None


def _drain(stream: TextIO) -> None:
    with stream:
        for _line in stream:
            pass


@contextmanager
def running_simulator(state: Path | None = None, *, process: bool = False) -> Iterator[RunningSimulator]:
    """Start a simulator on a free loopback port and stop it afterwards; without `state` its file is temporary."""
    with tempfile.TemporaryDirectory(prefix="payplug-simulator-") as folder:
        simulator = RunningSimulator(state or Path(folder) / "state.db", process=process)
        try:
            yield simulator
        finally:
            simulator.stop()
