"""How long, and how many at once, people may wait for PayPlug: it being slow must never make the whole site slow.

Pages that ask PayPlug while somebody looks on open `waiting_for_payplug()` around it; the client reads from
`seconds_left` how long a call may take. The worker and the commands wait as long as the client allows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from flask import current_app

from payplug_bridge.errors import PayplugBusy

WAIT_SECONDS: Final = 12.0
"""For all calls of one request together: a click may abort, make and look up a payment."""
CALL_SECONDS: Final = 8.0
"""For one of them, so that a payment whose making timed out can still be looked for."""
TURN_SECONDS: Final = 0.25
SHARE_OF_THREADS: Final = 2
_TURNS = "solde_payplug_turns"

_deadline: ContextVar[float | None] = ContextVar("payplug_deadline", default=None)


@contextmanager
def waiting_for_payplug(seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Let this thread of the web server wait for PayPlug, for so many seconds in all, when not half of them do already.

    Raises:
        PayplugBusy: it answers slowly and enough people are waiting; nothing was asked.
    """
    turns = _turns()
    if not turns.acquire(timeout=TURN_SECONDS):
        raise PayplugBusy
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)
        turns.release()


def seconds_left(at_most: float) -> float:
    """How long the next call may take: `at_most`, or what is left to those who look on; 0 when nothing is."""
    deadline = _deadline.get()
    if deadline is None:
        return at_most
    return max(0.0, min(at_most, CALL_SECONDS, deadline - time.monotonic()))


def _turns() -> threading.BoundedSemaphore:
    most = max(1, current_app.config["WEB_THREADS"] // SHARE_OF_THREADS)
    turns: threading.BoundedSemaphore = current_app.extensions.setdefault(
        _TURNS, threading.BoundedSemaphore(most)
    )
    return turns
