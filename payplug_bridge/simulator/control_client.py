"""The control API as typed calls. Used by `testing.py`, and by the demo to give its simulator a past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import requests

from payplug_bridge.simulator.accounts import (
    DEFAULT_MAXIMUM_CENTS,
    DEFAULT_MINIMUM_CENTS,
    DEMO_LIVE_KEY,
    DEMO_TEST_KEY,
)
from payplug_bridge.simulator.operations_control_client import OperationsControl

JsonObject = dict[str, Any]
TIMEOUT_SECONDS = 70


class SimulatorRefused(Exception):
    """The control API said no; the text is its reason (e.g. paying what is paid)."""


@dataclass(frozen=True)
class SimulatedAccount:
    """A merchant's account at the simulator."""

    id: str
    live_key: str
    test_key: str


@dataclass(frozen=True)
class Notification:
    """A notification: its frozen body, how often it was tried, and the last answer.

    `state` is waiting, delivered, lost (by a fault) or held (to be reordered); `reason` is paid, failed, aborted,
    timeout or refunded; `log` has one object per attempt (at, milliseconds, response_code, error).
    """

    id: int
    payment_id: str
    reason: str
    url: str
    body: JsonObject
    state: str
    attempts: int
    response_code: int | None
    error: str | None
    log: list[JsonObject]


class SimulatorControl(OperationsControl):
    """Calls to a simulator that runs at `url`; safe to share between threads. Raises SimulatorRefused."""

    live_key = DEMO_LIVE_KEY
    test_key = DEMO_TEST_KEY

    def __init__(self, url: str) -> None:
        self.url = url
        self._idle: list[requests.Session] = []

    def close(self) -> None:
        """Close the connections; the next call opens another."""
        while self._idle:
            self._idle.pop().close()

    def status(self) -> JsonObject:
        """The address, the simulated time and whether deliveries are paused."""
        return self._object("GET", "/status")

    def create_account(
        self,
        name: str,
        *,
        email: str | None = None,
        minimum_cents: int = DEFAULT_MINIMUM_CENTS,
        maximum_cents: int = DEFAULT_MAXIMUM_CENTS,
        use_live_mode: bool = True,
    ) -> SimulatedAccount:
        """Another merchant, with keys of its own; the e-mail is made from the name unless given."""
        made = self._object(
            "POST",
            "/accounts",
            name=name,
            email=email or f"{name.lower().replace(' ', '-')}@example.org",
            minimum_cents=minimum_cents,
            maximum_cents=maximum_cents,
            use_live_mode=use_live_mode,
        )
        return SimulatedAccount(made["id"], made["live_key"], made["test_key"])

    def accounts(self) -> list[JsonObject]:
        """Every account with its keys and limits."""
        return self._list("GET", "/accounts")

    def rename_account(self, account_id: str, name: str) -> None:
        """Change the name buyers see on the payment page (the default account is the first of `accounts()`)."""
        self._call("POST", f"/accounts/{account_id}/name", name=name)

    def set_limits(self, account_id: str, *, minimum_cents: int, maximum_cents: int) -> None:
        """Change the amounts an account accepts, in cents."""
        self._call(
            "POST", f"/accounts/{account_id}/limits", minimum_cents=minimum_cents, maximum_cents=maximum_cents
        )

    def set_features(self, account_id: str, **features: object) -> JsonObject:
        """What an account offers beside cards: `methods` (name: facts), `permissions`, `currencies`,
        `oney_countries`."""
        return self._object("POST", f"/accounts/{account_id}/features", **features)

    def allow_live_mode(self, account_id: str, *, allowed: bool) -> None:
        """Without it a live key is answered 403."""
        self._call("POST", f"/accounts/{account_id}/live-mode", allowed=allowed)

    def add_key(self, account_id: str, *, is_live: bool = True) -> str:
        """A further key of an account."""
        return str(self._object("POST", f"/accounts/{account_id}/keys", is_live=is_live)["key"])

    def revoke_key(self, key: str) -> None:
        """From now on the key is answered 401."""
        self._call("POST", "/keys/revoke", key=key)

    def payment(self, payment_id: str) -> JsonObject:
        """The payment object, whatever its account."""
        return self._object("GET", f"/payments/{payment_id}")

    def payments(self) -> list[JsonObject]:
        """Every payment object, newest first."""
        return self._list("GET", "/payments")

    def pay(
        self,
        payment_id: str,
        *,
        card: str | None = None,
        paid_at: int | None = None,
        is_3ds: bool = False,
        force: bool = False,
        notify: bool = True,
    ) -> JsonObject:
        """Pay as the buyer would. `paid_at` (Unix seconds) may lie in the past; `force` pays even after an abort or a
        time-out (a success that came late); without `notify` the merchant hears nothing."""
        return self._object(
            "POST",
            f"/payments/{payment_id}/pay",
            card=card,
            paid_at=paid_at,
            is_3ds=is_3ds,
            force=force,
            notify=notify,
        )

    def decline(self, payment_id: str, code: str = "card_declined", *, notify: bool = True) -> JsonObject:
        """A failed attempt with PayPlug's failure code; the page stays open."""
        return self._object("POST", f"/payments/{payment_id}/decline", code=code, notify=notify)

    def time_out(self, payment_id: str, *, notify: bool = True) -> JsonObject:
        """The buyer left without trying."""
        return self._object("POST", f"/payments/{payment_id}/timeout", notify=notify)

    def abort(self, payment_id: str, *, notify: bool = True) -> JsonObject:
        """The merchant aborts in the portal."""
        return self._object("POST", f"/payments/{payment_id}/abort", notify=notify)

    def refund(
        self,
        payment_id: str,
        amount: int | None = None,
        *,
        created_at: int | None = None,
        notify: bool = True,
    ) -> JsonObject:
        """The merchant refunds in the portal, `amount` cents or all that remains; returns the refund object."""
        path = f"/payments/{payment_id}/refund"
        return self._object("POST", path, amount=amount, created_at=created_at, notify=notify)

    def notifications(self, payment_id: str | None = None) -> list[Notification]:
        """Notifications of a payment or of all, oldest first."""
        query = "" if payment_id is None else f"?payment={payment_id}"
        names = Notification.__dataclass_fields__
        found = self._list("GET", f"/notifications{query}")
        return [Notification(**{name: row[name] for name in names}) for row in found]

    def redeliver(self, notification_id: int) -> None:
        """Send a notification again now, delivered, lost or not."""
        self._call("POST", f"/notifications/{notification_id}/redeliver")

    def pause_deliveries(self) -> None:
        """Hold notifications back; `flush_deliveries` still sends them."""
        self._call("POST", "/deliveries/pause")

    def resume_deliveries(self) -> None:
        """Let notifications go again."""
        self._call("POST", "/deliveries/resume")

    def flush_deliveries(self) -> int:
        """Try everything that waits or is held once, now, and wait for the answers; return how many."""
        answer = self._object("POST", "/deliveries/flush")
        if not answer["done"]:
            raise SimulatorRefused("notifications are still being delivered")
        return int(answer["tried"])

    def wait_for_deliveries(self, timeout: float = 5.0) -> None:
        """Wait until every notification that is due has been tried; SimulatorRefused when time runs out."""
        if not self._object("POST", "/deliveries/wait", timeout=timeout)["done"]:
            raise SimulatorRefused("notifications are still being delivered")

    def set_fault(
        self, kind: str, *, target: str = "any", times: int | None = None, **parameters: int
    ) -> None:
        """Make something go wrong, `times` times or until cleared. Kinds and parameters: docs/simulator.md."""
        self._call("POST", "/faults", kind=kind, target=target, times=times, parameters=parameters)

    def faults(self) -> list[JsonObject]:
        """The faults in force."""
        return self._list("GET", "/faults")

    def clear_faults(self) -> None:
        """End every fault; held notifications go out."""
        self._call("DELETE", "/faults")

    def set_clock_offset(self, seconds: int) -> None:
        """Put the simulated clock ahead of the real one (behind, when negative)."""
        self._call("POST", "/clock", offset_seconds=seconds)

    def advance_clock(self, seconds: int) -> None:
        """Move the simulated clock on; pages whose time has come expire at once."""
        self._call("POST", "/clock", advance_seconds=seconds)

    def assume(self, **changes: object) -> None:
        """Change assumptions by name (`assumptions.py`)."""
        self._call("POST", "/assumptions", **changes)

    def reset(self) -> None:
        """Forget payments, faults, accounts, assumptions and the clock; the demo account comes back."""
        self._call("POST", "/reset")

    def _object(self, method: str, path: str, **body: object) -> JsonObject:
        return cast(JsonObject, self._call(method, path, **body))

    def _list(self, method: str, path: str) -> list[JsonObject]:
        return cast(list[JsonObject], self._call(method, path))

    def _call(self, method: str, path: str, **body: object) -> object:
        address = f"{self.url}/simulator{path}"
        with self._connection() as connection:
            answer = connection.request(
                method, address, json=body if method == "POST" else None, timeout=TIMEOUT_SECONDS
            )
        parsed: object = answer.json()
        if answer.ok:
            return parsed
        assert isinstance(parsed, dict)
        raise SimulatorRefused(str(parsed["message"]))

    @contextmanager
    def _connection(self) -> Iterator[requests.Session]:
        """One that nobody uses now: a call costs a millisecond or two, and threads that end leave none behind."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = requests.Session()
            session.trust_env = False
        try:
            yield session
        finally:
            self._idle.append(session)
