"""Fixtures of the tests of documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.scripted_smtp import Script, scripted_smtp


@pytest.fixture
def server() -> Iterator[Script]:
    """A mail server that says what a test tells it to."""
    with scripted_smtp() as script:
        yield script
