"""What all HTML pages share: words, money and icons in the templates, headers, error pages. Called by `app.py`."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, abort, g, make_response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from payplug_bridge.simulator import texts

# No form-action: the answer to a form is often a redirection to the merchant's own address.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ICON_PATHS = {
    "lock": "M7 10V8a5 5 0 0 1 10 0v2h1v10H6V10zm2 0h6V8a3 3 0 0 0-6 0z",
    "check": "M9.5 16.2 5.3 12l-1.4 1.4 5.6 5.6L21 7.5 19.6 6z",
    "bank": "M12 3 3 8v2h18V8zM5 11v6h2v-6zm6 0v6h2v-6zm6 0v6h2v-6zM3 18v3h18v-3z",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm1 9.6 4 2.4-1 1.6-5-3V7h2z",
    "cross": "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z",
    "back": "M9 5 4 10l5 5v-4h6a4 4 0 0 1 0 8h-3v2h3a6 6 0 0 0 0-12H9z",
}


def install(app: Flask) -> None:
    """Give the templates their words, and every page its headers."""
    app.jinja_env.filters["spaced"] = spaced
    app.jinja_env.filters["lower_first"] = lower_first
    app.jinja_env.filters["pretty"] = pretty
    app.jinja_env.globals["icon"] = icon
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_words)
    app.before_request(refuse_foreign_forms)
    app.after_request(add_headers)


def page_language() -> str:
    """The language asked for by `?lang=`, else the one chosen before; French by default."""
    return texts.pick_language(request.args.get("lang"), request.cookies.get("simulator_lang"))


def _words() -> dict[str, Any]:
    """Functions that follow the page's language; a template's own `language` wins over the visitor's."""
    language = g.get("language") or page_language()
    return {
        "language": language,
        "t": lambda name, **values: texts.text(language, name, **values),
        "money": lambda cents: texts.money(language, cents),
        "moment": lambda seconds: texts.moment(language, seconds),
        "day": lambda seconds: texts.day(language, seconds),
    }


def error_page(error: HTTPException) -> Response:
    """A page in words for an address that does not exist or a request that is refused."""
    title = "not_found" if error.code == 404 else "forbidden"
    return make_response(render_template("error.html", title=title), error.code or 500)


def refuse_foreign_forms() -> None:
    """A page of another site must not press our buttons; browsers say where a request comes from."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def add_headers(response: Response) -> Response:
    """No script, no frame, no foreign content; no page is kept by the browser."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def icon(name: str) -> Markup:
    """A small drawing in the colour of the text around it; it says nothing the words do not say."""
    path = ICON_PATHS[name]
    return Markup('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>').format(
        path
    )


def spaced(number: str) -> str:
    """A card number in groups of four."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def pretty(body: str) -> str:
    """JSON on several lines."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def lower_first(words: str) -> str:
    """Words that continue a sentence."""
    return words[:1].lower() + words[1:]
