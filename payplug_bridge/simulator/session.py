"""What a verb needs to work: a connection, the simulated time, the assumptions and the public address.

`Simulator` lives as long as the server; a `Session` as long as one read or one transaction.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import cast

from flask import current_app

from payplug_bridge.simulator.assumptions import Assumptions, changed
from payplug_bridge.simulator.state import State, read_setting, write_setting

EXTENSION = "payplug_simulator"


@dataclass(frozen=True)
class Session:
    """One read or one transaction, with the time and the assumptions it works by."""

    connection: sqlite3.Connection
    now: int
    assumptions: Assumptions
    public_url: str


@dataclass
class Simulator:
    """The running simulator: its state, its address, and the bells that wake or stop its threads."""

    state: State
    public_url: str
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.work_available = threading.Condition(self.lock)
        self.work_done = threading.Condition(self.lock)

    def read(self) -> Session:
        """A session for reading; sees what was committed before each of its queries."""
        return self._session(self.state.connection())

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in its own transaction; afterwards a notification thread looks for work."""
        with self.state.write() as connection:
            yield self._session(connection)
        with self.lock:
            self.work_available.notify()

    def stop(self) -> None:
        """Tell every thread that waits that the end has come."""
        self.stopping.set()
        with self.lock:
            self.work_available.notify_all()
            self.work_done.notify_all()

    def pause(self, seconds: float) -> None:
        """Sleep (a slow answer), but not beyond the server's end."""
        self.stopping.wait(seconds)

    def _session(self, connection: sqlite3.Connection) -> Session:
        stored = cast(dict[str, object], read_setting(connection, "assumptions", {}))
        offset = cast(int, read_setting(connection, "clock_offset", 0))
        return Session(connection, int(time.time()) + offset, changed(Assumptions(), stored), self.public_url)


def current_simulator() -> Simulator:
    """Return the simulator of the Flask application that answers the current request."""
    return cast(Simulator, current_app.extensions[EXTENSION])


def assume(session: Session, changes: dict[str, object]) -> Assumptions:
    """Change assumptions for good; ValueError when one is unknown or has the wrong type."""
    result = changed(session.assumptions, changes)
    write_setting(session.connection, "assumptions", asdict(result))
    return result


def clock_offset(session: Session) -> int:
    """Seconds by which the simulated clock is ahead of the machine's."""
    return cast(int, read_setting(session.connection, "clock_offset", 0))


def set_clock_offset(session: Session, seconds: int) -> None:
    """Move the simulated clock: dates of payments and time-outs follow it, retries of notifications do not."""
    write_setting(session.connection, "clock_offset", seconds)
