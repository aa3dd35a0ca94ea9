"""Helper processes: they do a worker's work on all cores, die without harm, and outlive nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select

from core import helpers as helping
from core.database import db, transaction
from core.helpers import Helpers, answer_orders
from core.mail import OutboxMail
from core.tenancy import in_company
from core.todo import open_todos
from invoicing.dispatch_sendings import dispatch_sendings
from invoicing.lifecycle import TodoKind
from invoicing.models import DocumentFile
from invoicing.render_pdf import DRAWING, render_documents
from invoicing.send_to_contacts import send_to_contacts
from tests.browser.installation import environment_of
from tests.factories.invoicing import issue


@pytest.fixture
def team(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helpers]:
    """One helper of this application: each takes seconds to start."""
    for name, value in environment_of(app.config["SOLDE"]).items():
        monkeypatch.setenv(name, value)
    made = app.extensions["solde_helpers"] = Helpers(1)
    yield made
    made.close()


def sent_invoices(app: Flask, company_id: int, count: int) -> None:
    with app.app_context(), in_company(company_id):
        for _ in range(count):
            with transaction():
                send_to_contacts(issue())


def counts(app: Flask, company_id: int) -> tuple[int, int]:
    """PDFs drawn, mails made."""
    with app.app_context(), in_company(company_id):
        files = db.session.scalar(select(func.count(DocumentFile.id))) or 0
        return files, db.session.scalar(select(func.count(OutboxMail.id))) or 0


def children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "helper" in p.cmdline()]


def test_helpers_draw_and_one_that_was_killed_is_replaced(
    app: Flask, company_id: int, team: Helpers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(helping, "FEWEST", 1)
    sent_invoices(app, company_id, 2)
    with app.app_context():
        render_documents()
    assert counts(app, company_id) == (2, 2)
    (first,) = children()
    first.kill()
    first.wait()
    sent_invoices(app, company_id, 1)
    with app.app_context():
        render_documents()
    assert counts(app, company_id) == (3, 3)
    team.rest()  # they have just been used
    (second,) = children()
    assert second != first
    team.close()
    assert children() == []


def test_where_no_helper_can_be_had_the_worker_does_it(
    app: Flask, company_id: int, team: Helpers, monkeypatch: pytest.MonkeyPatch
):
    def broken() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "raise SystemExit"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(helping, "_started", broken)
    sent_invoices(app, company_id, 5)
    with app.app_context():
        render_documents()
        assert open_todos(TodoKind.PDF) == []
    assert counts(app, company_id)[0] == 5


def test_little_is_done_without_them_and_idle_ones_are_ended(
    app: Flask, company_id: int, team: Helpers, monkeypatch: pytest.MonkeyPatch
):
    sent_invoices(app, company_id, 1)
    with app.app_context():
        dispatch_sendings()
    assert counts(app, company_id) == (
        0,
        0,
    )  # a worker with helpers draws where they are told to, never twice
    with app.app_context():
        render_documents()
        dispatch_sendings()
    assert (counts(app, company_id), children()) == ((1, 1), [])
    sleeper = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    team._processes[0] = sleeper
    monkeypatch.setattr(helping, "IDLE_SECONDS", -1)
    with app.app_context():
        render_documents()
    assert sleeper.poll() == 0


def test_a_helper_goes_on_after_what_fails(app: Flask, company_id: int):
    sent_invoices(app, company_id, 1)
    said: list[str] = []
    with app.app_context():
        ((_, document_id),) = open_todos(TodoKind.PDF)
        orders = [
            json.dumps({"work": DRAWING, "company_id": company_id, "subject_id": id_})
            for id_ in (99, document_id)
        ]
        answer_orders(orders, said.append)
    assert said == ["failed", "done"]
    assert counts(app, company_id) == (1, 1)
