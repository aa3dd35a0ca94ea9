"""The threads that POST notifications and let unpaid pages time out. Started and stopped by `server.py`."""

from __future__ import annotations

import logging
import threading
import time

import requests

from payplug_bridge.simulator.lifecycle import time_out_expired
from payplug_bridge.simulator.notifications import (
    Attempt,
    Delivery,
    count_untried,
    count_urgent,
    is_paused,
    next_delivery,
    record_attempt,
    seconds_until_due,
)
from payplug_bridge.simulator.session import Simulator

log = logging.getLogger(__name__)

SENDERS = 8
IDLE_SECONDS = 1.0
SOON_SECONDS = 0.01
HEADERS = {"Content-Type": "application/json", "User-Agent": "PayPlug-Simulator"}


class Dispatcher:
    """A few sending threads, so that duplicates really arrive at the same time, and one that lets pages expire."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._in_flight: set[int] = set()
        self._threads = [threading.Thread(target=self._send_loop, daemon=True) for _ in range(SENDERS)]
        self._threads.append(threading.Thread(target=self._expire_loop, daemon=True))

    def start(self) -> None:
        """Start the threads; what an earlier process left undelivered goes out."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the threads to end once the simulator is stopping."""
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait_until_tried(self, timeout: float) -> bool:
        """Wait until nothing is in flight, due for the first time or urgent; False when time runs out."""
        return self._wait(timeout, urgent_only=False)

    def wait_until_flushed(self, timeout: float) -> bool:
        """Wait until everything made urgent has been tried; False when time runs out."""
        return self._wait(timeout, urgent_only=True)

    def _wait(self, timeout: float, *, urgent_only: bool) -> bool:
        done = self._simulator.work_done
        with done:
            return done.wait_for(lambda: self._is_quiet(urgent_only), timeout)

    def _is_quiet(self, urgent_only: bool) -> bool:
        session = self._simulator.read()
        if self._in_flight or count_urgent(session):
            return False
        return urgent_only or is_paused(session) or count_untried(session) == 0

    def _send_loop(self) -> None:
        with requests.Session() as http:
            http.trust_env = False
            while not self._simulator.stopping.is_set():
                delivery = self._claim()
                if delivery is not None:
                    self._deliver(http, delivery)

    def _claim(self) -> Delivery | None:
        """Take a delivery nobody else has taken, or wait a while for one to come."""
        available = self._simulator.work_available
        with available:
            if self._simulator.stopping.is_set():  # asked under the lock: a wake-up cannot be missed
                return None
            session = self._simulator.read()
            delivery = next_delivery(session, self._in_flight)
            if delivery is None:
                due = seconds_until_due(session)
                available.wait(IDLE_SECONDS if due is None else min(IDLE_SECONDS, due + SOON_SECONDS))
            else:
                self._in_flight.add(delivery.id)
                available.notify()  # there may be work for another thread too
            return delivery

    def _deliver(self, http: requests.Session, delivery: Delivery) -> None:
        try:
            timeout = self._simulator.read().assumptions.notification_timeout_seconds
            attempt = _post(http, delivery, timeout)
            with self._simulator.write() as session:
                record_attempt(session, delivery, attempt)
        except Exception:
            log.exception("notification %s could not be recorded", delivery.id)
            self._simulator.pause(IDLE_SECONDS)
        finally:
            with self._simulator.lock:
                self._in_flight.discard(delivery.id)
                self._simulator.work_available.notify()
                self._simulator.work_done.notify_all()

    def _expire_loop(self) -> None:
        while not self._simulator.stopping.is_set():
            try:
                with self._simulator.write() as session:
                    time_out_expired(session)
            except Exception:
                log.exception("expired pages could not be closed")
            self._simulator.pause(IDLE_SECONDS)


def _post(http: requests.Session, delivery: Delivery, timeout: float) -> Attempt:
    """POST once; redirections are not followed (PayPlug counts them as errors)."""
    started, clock = time.time(), time.perf_counter()
    code: int | None = None
    error: str | None = None
    try:
        answer = http.post(
            delivery.url, data=delivery.body.encode(), headers=HEADERS, timeout=timeout, allow_redirects=False
        )
        code = answer.status_code
    except (requests.RequestException, ValueError) as problem:
        error = type(problem).__name__
    return Attempt(started, round((time.perf_counter() - clock) * 1000), code, error)
