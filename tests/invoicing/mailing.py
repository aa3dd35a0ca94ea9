"""A company whose mails go to a scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from core.tenancy import enter_company
from tests.conftest import make_company


@contextmanager
def entered_shop(app: Flask) -> Iterator[Flask]:
    """A company of the application, entered in a pushed context."""
    company_id = make_company(app)
    with app.app_context():
        enter_company(company_id)
        yield app
