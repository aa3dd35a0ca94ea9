"""A mail worker that is killed after it took a mail, or after the server accepted it.

Forked by `tests/forks.py` for `test_mail.py`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from flask import Flask

import core.mail
from tests.forks import served


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


POINTS = {"claimed": "hand_over", "accepted": "_record"}


def run(order: list[str], make_app: Callable[..., Flask]) -> None:
    """Send what is due with a death: database, folder, point, address of the mail server."""
    url, folder, point, smtp_url = order
    app = make_app(url, folder, smtp_url=smtp_url)
    setattr(core.mail, POINTS[point], die)
    with app.app_context():
        core.mail.send_due_mail()


if __name__ == "__main__":
    served(run)
