"""Misbehaviour on demand: what real mail servers do to a sender, for tests and for showing it."""

import threading
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["recipient", "data"]

LONGEST_DELAY_SECONDS = 120.0


@dataclass(frozen=True)
class FaultPlan:
    """What is to go wrong.

    `refuse` messages are answered `refuse_code` (4xx: try again, 5xx: never) when the recipient is named or after the
    data; on `drop` messages the connection ends after the data without an answer, the message kept or lost; every
    message waits `delay_seconds` before its answer.
    """

    refuse: int = 0
    refuse_code: int = 451
    refuse_at: Stage = "data"
    drop: int = 0
    drop_keeps_message: bool = True
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not 400 <= self.refuse_code <= 599:
            raise ValueError("an SMTP refusal has a code from 400 to 599")
        if not 0 <= self.delay_seconds <= LONGEST_DELAY_SECONDS or self.refuse < 0 or self.drop < 0:
            raise ValueError("counts and delays are not negative, delays not above two minutes")


class Faults:
    """The plan in force. Set by tests and by the page, used up by the SMTP side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plan = FaultPlan()

    @property
    def plan(self) -> FaultPlan:
        """What is still to go wrong."""
        return self._plan

    def set(self, plan: FaultPlan) -> None:
        """Replace the plan."""
        with self._lock:
            self._plan = plan

    def refuse_next(self, count: int = 1, code: int = 451, at: Stage = "data") -> None:
        """Refuse the next messages. Raises `ValueError` on a code that refuses nothing."""
        self._change(refuse=count, refuse_code=code, refuse_at=at)

    def drop_next(self, count: int = 1, *, keep_message: bool = True) -> None:
        """Break the connection after the data of the next messages."""
        self._change(drop=count, drop_keeps_message=keep_message)

    def be_slow(self, seconds: float) -> None:
        """Let every message wait before its answer."""
        self._change(delay_seconds=seconds)

    def clear(self) -> None:
        """Behave again."""
        self.set(FaultPlan())

    def take_refusal(self, stage: Stage) -> int | None:
        """The code to refuse with at this stage, counted as used; None to accept."""
        with self._lock:
            if self._plan.refuse == 0 or self._plan.refuse_at != stage:
                return None
            self._plan = replace(self._plan, refuse=self._plan.refuse - 1)
            return self._plan.refuse_code

    def take_drop(self) -> bool:
        """Whether to break this connection, counted as used."""
        with self._lock:
            if self._plan.drop == 0:
                return False
            self._plan = replace(self._plan, drop=self._plan.drop - 1)
            return True

    def as_dict(self) -> dict[str, object]:
        """The plan for JSON."""
        return asdict(self._plan)

    def _change(self, **changes: int | float | str | bool) -> None:
        with self._lock:
            self._plan = replace(self._plan, **changes)  # type: ignore[arg-type]  # names and types are the callers'
