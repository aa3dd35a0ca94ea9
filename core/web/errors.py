"""Error pages: every error speaks plainly; an unknown one shows a reference that is in the log."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, g, render_template, request
from flask_security.core import AnonymousUser
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from core.database import db
from core.errors import SoldeError
from core.web.rights import NoCompanyYet

log = structlog.get_logger(__name__)

PAGES = (400, 403, 404, 405, 409, 413, 429)
Answer = tuple[str, int]


def init_errors(app: Flask) -> None:
    """Register one handler per kind of error, the catch-all last."""
    app.register_error_handler(NoCompanyYet, lambda _: (render_template("errors/no_company.html"), 403))
    app.register_error_handler(SoldeError, lambda error: _page(error.status, str(error)))
    app.register_error_handler(CSRFError, lambda _: (render_template("errors/csrf.html"), 400))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _http(error: HTTPException) -> Answer | HTTPException:
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    if isinstance(error, SecurityError):
        return error  # a host that is not ours: no address of a page can be written for it
    return _page(error.code)


def _page(code: int, message: str = "") -> Answer:
    template = f"errors/{code}.html" if code in PAGES else "errors/400.html"
    return render_template(template, message=message, code=code), code


def _unknown(error: Exception) -> Answer:
    """Nobody foresaw this: log it under a reference and say only that."""
    reference = secrets.token_hex(4)
    db.session.rollback()
    log.error(
        "unexpected_error",
        exc_info=error,
        reference=reference,
        # The route and not the address: that of a payment page or of a new password is a secret itself.
        route=str(request.url_rule),
        error_type=type(error).__name__,
    )
    _forget_person()
    return render_template("errors/500.html", reference=reference), 500


def _forget_person() -> None:
    """The page asks nothing of the database, which may be what failed: neither who is signed in nor where."""
    for name in ("membership", "company", "_login_user"):
        g.pop(name, None)
    g.setdefault("_login_user", AnonymousUser())  # type: ignore[no-untyped-call]  # the library does not annotate it
