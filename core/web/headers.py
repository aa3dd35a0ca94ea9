"""Security headers and limits: a strict content policy, HTTPS when the public address is, CSRF on every form."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from core.settings import Settings

MOST_BODY_BYTES = 5 * 1024 * 1024
MOST_FORM_FIELDS = 8000
CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "frame-src": "'self'",
    "manifest-src": "'self'",
}

PAYMENT_PAGES = "https://secure.payplug.com"

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, headers_enabled=True)


def init_headers(app: Flask, settings: Settings) -> None:
    """Wire Flask-Talisman, Flask-Limiter and CSRF protection."""
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        # The editor sends 500 lines of 13 fields with long descriptions: only the whole body is bounded.
        MAX_FORM_MEMORY_SIZE=MOST_BODY_BYTES,
        MAX_FORM_PARTS=MOST_FORM_FIELDS,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        REMEMBER_COOKIE_SECURE=settings.secure,
        REMEMBER_COOKIE_SAMESITE="Lax",
        RATELIMIT_STORAGE_URI="memory://",
        WTF_CSRF_TIME_LIMIT=None,
        # The token of the session decides. A Referer is not asked for besides: pages that hold a token in their
        # address send none, and some browsers never do.
        WTF_CSRF_SSL_STRICT=False,
        # A forged Host header must not end up in the links of our mails.
        TRUSTED_HOSTS=[urlsplit(settings.public_url).hostname, "127.0.0.1", "localhost"],
    )
    # Functions registered first run last: a page's own policy comes after Talisman's.
    app.after_request(_own_referrer_policy)
    app.after_request(_keep_out_of_caches)
    Talisman(
        app,
        force_https=settings.secure,
        session_cookie_secure=settings.secure,
        # The Pay button posts to us and is redirected to PayPlug's page, which browsers hold against form-action too.
        content_security_policy={
            **CONTENT_POLICY,
            "form-action": f"'self' {PAYMENT_PAGES} {settings.payplug_api_url}",
        },
        frame_options="DENY",
        referrer_policy="same-origin",
        strict_transport_security=settings.secure,
    )
    csrf.init_app(app)
    limiter.init_app(app)


def _keep_out_of_caches(answer: Response) -> Response:
    """What a member reads is not shown again by the back button once she has signed out of a shared computer."""
    if "membership" in g and not answer.cache_control.private:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def send_no_referrer() -> None:
    """The page of this request tells no other site its address: it holds a token."""
    g.referrer_policy = "no-referrer"


def _own_referrer_policy(answer: Response) -> Response:
    if "referrer_policy" in g:
        answer.headers["Referrer-Policy"] = g.referrer_policy
    return answer
