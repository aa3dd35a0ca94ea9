"""Pages whose work is done by a long task: do it as a worker would, then go where the page of the task leads."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.work_long_tasks import work_long_tasks


def followed(app: Flask, client: FlaskClient, asked: TestResponse) -> TestResponse:
    """What the page of the task answers once it is done: a way on, or the page that says why it failed."""
    assert (asked.status_code, "/tasks/" in asked.headers.get("Location", "")) == (303, True), asked.text
    with app.app_context():
        work_long_tasks()
    return client.get(asked.headers["Location"])


def led_to(app: Flask, client: FlaskClient, asked: TestResponse) -> str:
    """The address that the page of the task leads to."""
    answer = followed(app, client, asked)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
