"""Jobs: woken after the commit, run in a context of their own, repaired by sweeps."""

from __future__ import annotations

import threading
import time

import pytest
from flask import Flask

from core import jobs
from core.database import db, transaction
from core.jobs import run_due_jobs, wake, wake_soon
from tests.conftest import MakeApp


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """A job named `noted` that writes its arguments into this list; `broken` raises."""
    seen: list[tuple[object, ...]] = []

    def broken() -> None:
        raise RuntimeError

    monkeypatch.setitem(jobs._JOBS, "noted", lambda *arguments: seen.append(arguments))
    monkeypatch.setitem(jobs._JOBS, "broken", broken)
    return seen


@pytest.fixture
def app_with_jobs(ran: list[tuple[object, ...]], make_app: MakeApp, each_url: str) -> Flask:
    return make_app(each_url)


def test_a_wake_up_waits_for_the_commit(app_with_jobs: Flask, ran: list[tuple[object, ...]]) -> None:
    with app_with_jobs.app_context():
        with transaction():
            wake("noted", 1)
            run_due_jobs(app_with_jobs)
            assert ran == []
        run_due_jobs(app_with_jobs)
    assert ran == [(1,)]


def test_a_wake_up_of_a_rolled_back_transaction_never_runs(
    app_with_jobs: Flask, ran: list[tuple[object, ...]]
) -> None:
    def fail() -> None:
        with transaction():
            wake("noted", 1)
            raise RuntimeError

    with app_with_jobs.app_context():
        with pytest.raises(RuntimeError):
            fail()
        run_due_jobs(app_with_jobs)
    assert ran == []


def test_a_flood_of_wake_ups_runs_the_job_at_most_twice_per_quarter_of_a_second(
    app_with_jobs: Flask, ran: list[tuple[object, ...]]
) -> None:
    started = time.monotonic()
    with app_with_jobs.app_context():
        for _ in range(200):
            wake_soon("noted")
    most = 2 * (1 + (time.monotonic() - started) // jobs.COALESCE_SECONDS)
    run_due_jobs(app_with_jobs)
    assert 1 <= len(ran) <= most < 200


def test_a_wake_up_after_the_jobs_were_run_before_their_time_is_not_lost(
    app_with_jobs: Flask, ran: list[tuple[object, ...]]
) -> None:
    for _ in range(3):
        with app_with_jobs.app_context():
            wake_soon("noted")
            wake_soon("noted")
        before = len(ran)
        run_due_jobs(app_with_jobs)
        assert len(ran) > before


def test_a_failing_job_does_not_stop_the_next(app_with_jobs: Flask, ran: list[tuple[object, ...]]) -> None:
    with app_with_jobs.app_context():
        wake("broken")
        wake("noted", 2)
    assert run_due_jobs(app_with_jobs) == 2
    assert ran == [(2,)]


def test_a_job_leaves_no_session_behind(app_with_jobs: Flask, ran: list[tuple[object, ...]]) -> None:
    with app_with_jobs.app_context():
        wake("noted", 3)
    run_due_jobs(app_with_jobs)
    with app_with_jobs.app_context():
        assert "company_id" not in db.session().info


def test_a_sweep_woken_while_it_runs_runs_once_more_and_never_side_by_side() -> None:
    started, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        started.set()
        assert go_on.wait(5)

    swept = jobs._OneAtATime(work)
    worker = threading.Thread(target=swept)
    worker.start()
    assert started.wait(5)
    for _ in range(100):
        swept()
    assert runs == [0]
    go_on.set()
    worker.join(5)
    assert runs == [0, 1]


def test_a_sweep_that_fails_can_run_again() -> None:
    def fail() -> None:
        raise RuntimeError

    swept = jobs._OneAtATime(fail)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            swept()


def test_a_sweep_that_fails_while_it_is_woken_can_run_again() -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            swept()
            raise RuntimeError

    swept = jobs._OneAtATime(work)
    with pytest.raises(RuntimeError):
        swept()
    swept()
    assert runs[:2] == [0, 1]
