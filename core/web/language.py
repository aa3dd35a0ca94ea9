"""Language and theme of a page: French by default, English by switch, remembered in a cookie and for the member."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, g, has_request_context, redirect, request
from flask_babel import Babel
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import db, transaction
from core.models import User
from core.web.rights import public

LANGUAGES = ("fr", "en")
THEMES = ("auto", "light", "dark")
COOKIE_SECONDS = 365 * 24 * 3600

blueprint = Blueprint("preferences", __name__, url_prefix="/preferences")


def init_language(app: Flask, translations: str) -> None:
    """Wire Flask-Babel with our selector and catalogue folder."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "fr")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", translations)
    Babel(app, locale_selector=current_language)
    app.register_blueprint(blueprint)


def current_language() -> str:
    """The page's language: set by the page (a customer's document), else the cookie, else the member's, else French."""
    if "language" in g:
        return str(g.language)
    if has_request_context() and request.cookies.get("language") in LANGUAGES:
        return str(request.cookies["language"])
    if (
        has_request_context()
        and current_user
        and current_user.is_authenticated
        and current_user.language in LANGUAGES
    ):
        return str(current_user.language)
    return "fr"


def current_theme() -> str:
    """`light`, `dark`, or `auto` (what the device prefers)."""
    chosen = request.cookies.get("theme", "auto") if has_request_context() else "auto"
    return chosen if chosen in THEMES else "auto"


@blueprint.post("/language")
@public
def language() -> Response:
    """Remember the language, for the member too when one is signed in, and go back."""
    wanted = request.form.get("language", "")
    answer = _back()
    if wanted in LANGUAGES:
        answer.set_cookie(
            "language", wanted, max_age=COOKIE_SECONDS, samesite="Lax", secure=request.is_secure
        )
        if current_user.is_authenticated:
            user_id = current_user.id
            with transaction():
                db.session.get_one(User, user_id).language = wanted
    return answer


@blueprint.post("/theme")
@public
def theme() -> Response:
    """Remember the theme and go back."""
    wanted = request.form.get("theme", "")
    answer = _back()
    if wanted in THEMES:
        answer.set_cookie("theme", wanted, max_age=COOKIE_SECONDS, samesite="Lax", secure=request.is_secure)
    return answer


def _back() -> Response:
    """Back to the page the form stood on; only ever to a path of our own."""
    parts = urlsplit(request.form.get("next") or request.referrer or "/")
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return redirect(f"{path}?{parts.query}" if parts.query else path, code=303)
