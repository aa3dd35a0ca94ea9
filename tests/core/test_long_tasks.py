"""Long tasks: asked for once, done once whoever dies, followed on their page, told, and fetched as they were made."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

import core.work_long_tasks as working
from core.clock import utc_now
from core.database import db, transaction
from core.errors import SoldeError
from core.event_log import Event, record_event
from core.files import DamagedFileError, _path, check_files, open_stored, put_bytes, put_path
from core.long_tasks import (
    LongTask,
    MadeFile,
    OneTransaction,
    TaskKind,
    TaskRun,
    TaskState,
    add_task_kind,
    ask_for,
    find_task,
    read_aside,
    task_kind,
)
from core.mail import OutboxMail
from core.models import Company, Role, User
from core.progress import Progress
from core.tenancy import in_company
from core.todo import Todo
from core.web.rights import Right
from core.work_long_tasks import TaskLost, work_long_tasks
from tests.conftest import make_company, make_user, signed_in_client

STEPS = 5


def _write(run: TaskRun) -> MadeFile:
    """Reads while it speaks, as real ones do, and fails as it was asked to."""
    path = run.folder / "made.txt"
    with path.open("w") as out:
        for step in range(STEPS):
            db.session.scalar(select(func.count(Company.id)))
            out.write(f"{step}\n")
            run.progress(step + 1, STEPS)
    if run.asked.get("fault") == "told":
        raise SoldeError("This cannot be done today.")
    if run.asked.get("fault") == "unforeseen":
        raise ZeroDivisionError
    return MadeFile(path, "made.txt", "text/plain; charset=utf-8", _keep)


def _keep(task: LongTask) -> None:
    if task.asked.get("fault") == "kept":
        raise SoldeError("Somebody else was faster.")


def add_kind(app: Flask) -> None:
    kind = TaskKind(
        "count", lambda asked: f"Count {asked.get('name', '')}".strip(), _write, Right.BOOKS,
        ("journal.index", _l("Books")),
    )  # fmt: skip
    add_task_kind(app, kind)


def ask(key: str = "k" * 8, actor: str = "", recipients: tuple[str, ...] = (), **asked: str) -> int:
    with transaction():
        ids = {user.email: user.id for user in db.session.scalars(select(User))}
        told = [ids[address] for address in recipients]
        return ask_for("count", asked, request_key=key, actor_id=ids.get(actor), recipients=told).id


def read(task_id: int) -> LongTask:
    db.session.rollback()
    return find_task(task_id)


def test_a_task_is_done_once_stored_and_told_to_members_in_their_language(each_app):
    company_id = make_company(each_app)
    add_kind(each_app)
    owner = make_user(each_app, company_id, Role.OWNER)
    accountant = make_user(each_app, company_id, Role.ACCOUNTANT, language="fr")
    stranger = make_user(each_app, make_company(each_app, siren="443061841"), Role.OWNER, "x@example.org")
    with each_app.app_context(), in_company(company_id):
        task_id = ask(actor=owner, recipients=(accountant, stranger, owner), name="sheep")
        assert ask(actor=owner) == task_id, "a double click is one task"
        work_long_tasks()
        work_long_tasks()
        task = read(task_id)
        assert (task.state, task.attempts, task.done, task.total) == (TaskState.DONE, 1, STEPS, STEPS)
        assert task.stored_file is not None
        with open_stored(task.stored_file.sha256) as content:
            assert content.read() == b"0\n1\n2\n3\n4\n"
        mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        assert [json.loads(mail.recipients) for mail in mails] == [[owner], [accountant]]
        assert [mail.subject for mail in mails] == ["Ready: Count sheep", "Prêt : Count sheep"]
        assert f"http://127.0.0.1:5000/tasks/{task_id}" in mails[0].text
        assert db.session.scalar(select(func.count(Todo.id))) == 0
        kinds = db.session.scalars(select(Event.kind).where(Event.subject_kind == "long_task")).all()
        assert kinds == ["task.asked", "task.done"]


def test_what_fails_is_told_in_the_persons_language_and_holds_nobody_up(company, app, monkeypatch):
    add_kind(app)
    reader = make_user(app, company.id, Role.ACCOUNTANT, language="fr")
    asked = [ask(f"key-{fault}", reader, fault=fault) for fault in ("told", "unforeseen", "kept", "")]
    work_long_tasks()
    found = [(read(id_).state.value, read(id_).problem) for id_ in asked]
    assert found == [
        ("failed", "This cannot be done today."),
        (
            "failed",
            "Un imprévu est survenu\u202f; les détails sont dans le journal. Veuillez refaire la demande.",
        ),
        ("failed", "Somebody else was faster."),
        ("done", ""),
    ]
    assert all(read(id_).file_id is None for id_ in asked[:3])
    mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    assert [mail.subject for mail in mails] == ["Échec : Count"] * 3 + ["Prêt : Count"]
    assert "This cannot be done today." in mails[0].text


def _in_one_transaction(
    app: Flask, seen: list[tuple[int, int]], company_id: int, *, is_lost: bool = False
) -> None:
    """A kind that writes two events in its transaction, while somebody else looks at its page."""

    def do(progress: Progress) -> None:
        for step in (1, 2):
            record_event("task.step", subject=("long_task", step))
            db.session.flush()
            progress(step, 2)
            with app.app_context(), in_company(company_id):
                task = db.session.scalars(select(LongTask)).one()
                read_aside(task)
                seen.append((task.done, task.total))
                db.session.rollback()
        if is_lost:
            db.session.execute(update(LongTask).values(attempts=7))

    title = lambda _asked: "Two steps"  # noqa: E731
    work = lambda _run: OneTransaction(do)  # noqa: E731
    home = ("journal.index", _l("Books"))
    add_task_kind(app, TaskKind("count", title, work, Right.BOOKS, home, shown_on=lambda _task: "/books"))


def test_rows_of_one_transaction_are_told_while_they_are_written_and_stay_or_go_together(each_app):
    company_id = make_company(each_app)
    for is_lost in (True, False):
        seen: list[tuple[int, int]] = []
        _in_one_transaction(each_app, seen, company_id, is_lost=is_lost)
        with each_app.app_context(), in_company(company_id):
            task_id = ask()
            work_long_tasks()
            steps = select(func.count(Event.id)).where(Event.kind == "task.step")
            assert (seen[-1], db.session.scalar(steps)) == ((2, 2), 0 if is_lost else 2)
            assert read(task_id).state is (TaskState.RUNNING if is_lost else TaskState.DONE)
            assert read(task_id).attempts == (1 if is_lost else 2)
            _let_the_lease_end(task_id)


def _die(app: Flask, after: int) -> None:
    """The worker's process ends in the middle: nothing of Python's clean-up of the task runs."""

    def work(run: TaskRun) -> MadeFile:
        for step in range(after):
            run.progress(step, after)
        raise KeyboardInterrupt

    kinds = app.extensions["solde_task_kinds"]
    healthy = kinds["count"]
    kinds["count"] = TaskKind("count", healthy.title, work, healthy.right, healthy.home)
    try:
        with pytest.raises(KeyboardInterrupt):
            work_long_tasks()
    finally:
        kinds["count"] = healthy


def _let_the_lease_end(task_id: int) -> None:
    with transaction():
        find_task(task_id).lease_until = utc_now() - timedelta(seconds=1)


def test_a_worker_that_died_is_followed_by_another_but_not_for_ever(company, app):
    add_kind(app)
    task_id = ask()
    _die(app, after=2)
    work_long_tasks()
    assert read(task_id).state is TaskState.RUNNING, "its lease has not ended: it may be alive"
    _let_the_lease_end(task_id)
    work_long_tasks()
    assert (read(task_id).state, read(task_id).attempts) == (TaskState.DONE, 2)
    unlucky = ask("other-key")
    for _attempt in range(working.MOST_ATTEMPTS):
        _die(app, after=1)
        _let_the_lease_end(unlucky)
    work_long_tasks()
    assert (read(unlucky).state, bool(read(unlucky).problem)) == (TaskState.FAILED, True)
    assert db.session.scalar(select(func.count(Todo.id))) == 0


def test_a_slow_worker_that_lost_its_task_stops_and_writes_nothing(company, app):
    add_kind(app)
    task_id = ask()
    seen: list[bool] = []

    def slow(run: TaskRun) -> MadeFile:
        # Taken for dead meanwhile; the other worker is done before this one speaks again.
        db.session.rollback()
        app.extensions["solde_task_kinds"]["count"] = healthy
        _let_the_lease_end(task_id)
        work_long_tasks()
        try:
            run.progress(STEPS, STEPS)
        except TaskLost:
            seen.append(True)
            raise
        raise AssertionError("it still believes that the task is its own")

    healthy = task_kind("count")
    app.extensions["solde_task_kinds"]["count"] = TaskKind(
        "count", healthy.title, slow, healthy.right, healthy.home
    )
    work_long_tasks()
    task = read(task_id)
    assert (seen, task.state, task.attempts, task.problem) == ([True], TaskState.DONE, 2, "")


def _client_of(app: Flask, company_id: int, role: Role) -> FlaskClient:
    return signed_in_client(app, company_id, role)


def test_its_page_follows_it_and_gives_the_file_to_those_who_may_see_it(app, company_id):
    add_kind(app)
    accountant, viewer = (_client_of(app, company_id, role) for role in (Role.ACCOUNTANT, Role.VIEWER))
    with app.app_context(), in_company(company_id):
        task_id = ask(name="sheep")
    page = accountant.get(f"/tasks/{task_id}").text
    assert "Count sheep" in page
    assert "<progress" in page
    assert accountant.get(f"/tasks/{task_id}/file").status_code == 404
    before = accountant.get(f"/tasks/{task_id}/state.json").get_json()
    with app.app_context():
        work_long_tasks()
    after = accountant.get(f"/tasks/{task_id}/state.json").get_json()
    assert (before["final"], after["final"], before["state"] == after["state"]) == (False, True, False)
    assert "made.txt" in accountant.get(f"/tasks/{task_id}").text
    answer = accountant.get(f"/tasks/{task_id}/file")
    assert answer.data == b"0\n1\n2\n3\n4\n"
    assert answer.headers["Content-Disposition"] == "attachment; filename=made.txt"
    assert answer.headers["Content-Length"] == "10"
    for page in ("", "/state.json", "/file"):
        assert viewer.get(f"/tasks/{task_id}{page}").status_code == 403
    with app.app_context(), in_company(company_id):
        ask("failing", fault="told")
        work_long_tasks()
    assert "This cannot be done today." in accountant.get(f"/tasks/{task_id + 1}").text


def test_a_long_file_is_stored_and_read_by_pieces_and_a_damaged_one_is_not_begun(
    company, app, tmp_path: Path
):
    content = bytes(range(256)) * 9000
    path = tmp_path / "long"
    path.write_bytes(content)
    digest, size = put_path(path)
    assert (digest, size) == (put_bytes(content), len(content))
    assert put_path(path) == (digest, size)
    with open_stored(digest) as stream:
        assert stream.read() == content
    stored = tmp_path / "files" / _path(digest)
    stored.write_bytes(content[:-1])
    with pytest.raises(DamagedFileError), open_stored(digest):
        pass
    put_path(path)
    assert stored.read_bytes() == content, "storing it again mends it"
    assert list(check_files()) == []
