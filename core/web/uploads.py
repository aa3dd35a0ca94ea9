"""Routes that take files: only they, and only for somebody who is signed in, receive more than a form's usual size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request, session

from core.settings import Settings
from core.web.headers import MOST_BODY_BYTES

MOST_LARGE_BYTES = 300 * 1024 * 1024
"""A FEC of 1,000,000 lines has some 120 to 200 MB."""

View = TypeVar("View", bound=Callable[..., object])


def takes_files(view: View) -> View:
    """Mark a route whose form has a file field. Stands below `requires`, which copies the mark."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def takes_large_files(view: View) -> View:
    """Mark a route that takes the accounting files of other software, which are read from the disk in pieces."""
    view.takes_large_files = True  # type: ignore[attr-defined]
    return takes_files(view)


def most_upload_bytes(settings: Settings) -> int:
    """The longest body of such a route: twice the most files that are kept, so that files that are a little too large
    are refused beside their field, and the rest of the form."""
    return MOST_BODY_BYTES + 2 * settings.largest_mail_bytes


def init_uploads(app: Flask) -> None:
    """Raise the limit of such routes before anything reads the form, as the check of its CSRF token does."""
    app.before_request_funcs.setdefault(None, []).insert(0, _allow_files)


def _allow_files() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    # The session is signed: nobody who never signed in makes us receive much.
    if getattr(view, "takes_files", False) and "_user_id" in session:
        is_large = getattr(view, "takes_large_files", False)
        most = MOST_LARGE_BYTES if is_large else most_upload_bytes(current_app.config["SOLDE"])
        request.max_content_length = most
