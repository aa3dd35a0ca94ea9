"""The pages of the mailbox: the list, one message, its parts, the fault switches, and the same as JSON for tests."""

import re
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from core.local_mailbox import parsing
from core.local_mailbox.faults import FaultPlan, Faults
from core.local_mailbox.sms import sms_receiver
from core.local_mailbox.store import Mail, MailStore
from core.local_mailbox.texts import LANGUAGES, Words

PAGE_SIZE: Final = 50
_LANGUAGE_COOKIE: Final = "mailbox_language"
_SHOWN_INLINE: Final = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]’']")
_PAGE_START = re.compile(r"\s*(<!doctype[^>]*>)?\s*(<html[^>]*>)?\s*(<head[^>]*>)?", re.IGNORECASE)
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The message's own page runs no script and loads nothing from elsewhere; its links may open tabs.
_FRAME_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {origin} data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)

pages = Blueprint("mailbox", __name__)


@dataclass(frozen=True)
class _Services:
    store: MailStore
    faults: Faults


def create_app(store: MailStore, faults: Faults) -> Flask:
    """The pages over a store and its fault switches."""
    app = Flask(__name__)
    app.extensions["mailbox"] = _Services(store, faults)
    app.register_blueprint(pages)
    app.register_blueprint(sms_receiver(store, faults))
    app.after_request(_protect)
    app.register_error_handler(404, _not_found)
    app.context_processor(lambda: {"t": _words(), "languages": LANGUAGES})
    app.jinja_env.filters["linked"] = linked
    return app


def _services() -> _Services:
    services = current_app.extensions["mailbox"]
    assert isinstance(services, _Services)
    return services


def _words() -> Words:
    language = request.cookies.get(_LANGUAGE_COOKIE, LANGUAGES[0])
    return Words(language if language in LANGUAGES else LANGUAGES[0])


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _not_found(_: Exception) -> tuple[str, int]:
    return render_template("missing.html"), 404


def linked(text: str) -> Markup:
    """Plain text with its web addresses as links that open a tab."""
    parts: list[Markup] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>').format(match[0]))
        end = match.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


@pages.get("/")
def inbox() -> str:
    """All messages, the newest first, 50 to a page; `q` looks for words, `page` counts from 1."""
    words = request.args.get("q", "").strip()
    mails = _services().store.mails()
    newest = mails[0].latest.id if mails else ""
    found = [mail for mail in mails if _contains(mail, words.casefold())]
    page_count = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, request.args.get("page", 1, type=int)), page_count)
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return render_template(
        "inbox.html",
        mails=shown,
        total=len(found),
        words=words,
        page=page,
        page_count=page_count,
        newest=newest,
    )


def _contains(mail: Mail, words: str) -> bool:
    latest = mail.latest
    return words in " ".join([latest.subject, latest.sender, latest.snippet, *mail.recipients]).casefold()


@pages.get("/messages.json")
def messages_as_json() -> dict[str, Any]:
    """The messages, newest first, and the fault plan."""
    services = _services()
    return {
        "messages": [_mail_dict(mail) for mail in services.store.mails()],
        "faults": services.faults.as_dict(),
    }


def _mail_dict(mail: Mail) -> dict[str, Any]:
    latest = mail.latest
    return {
        "id": latest.id,
        "message_id": latest.message_id,
        "received": latest.received.isoformat(),
        "times": mail.times,
        "from": latest.sender,
        "to": mail.recipients,
        "subject": latest.subject,
        "attachments": list(latest.attachment_names),
        "page": url_for("mailbox.message", identity=latest.id),
        "raw": url_for("mailbox.raw", identity=latest.id),
    }


@pages.get("/messages/<identity>")
def message(identity: str) -> str:
    """One message; `view` chooses html, text or headers."""
    mail = _services().store.mail_of(identity)
    parsed = _services().store.message(identity)
    if mail is None or parsed is None:
        abort(404)
    html, text = parsing.html_body(parsed), parsing.text_body(parsed)
    view = request.args.get("view", "")
    if view not in {"html", "text", "headers"}:
        view = "html" if html else "text"
    return render_template(
        "message.html",
        mail=mail,
        delivery=next(delivery for delivery in mail.deliveries if delivery.id == identity),
        to_header=parsing.header(parsed, "To"),
        attachments=parsing.attachments(parsed),
        html=html,
        text=text,
        headers=parsing.all_headers(parsed),
        view=view,
        inline_types=_SHOWN_INLINE,
    )


@pages.get("/messages/<identity>/html")
def html_part(identity: str) -> Response:
    """The HTML part alone, for the frame of the message's page."""
    parsed = _services().store.message(identity)
    if parsed is None:
        abort(404)
    address = url_for("mailbox.inline", identity=identity, content_id="")
    html = re.sub(r"\bcid:", lambda _: address, parsing.html_body(parsed))
    response = Response(_opening_tabs(html), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAME_POLICY.format(origin=request.host_url.rstrip("/"))
    return response


def _opening_tabs(html: str) -> str:
    """The same page with links that open a tab of their own: the frame is no place to pay in.

    The element goes behind what must stay first, else the browser would fall back to the layout of the nineties.
    """
    start = _PAGE_START.match(html)
    place = start.end() if start else 0
    return html[:place] + '<base target="_blank">' + html[place:]


@pages.get("/messages/<identity>/inline/", defaults={"content_id": ""})
@pages.get("/messages/<identity>/inline/<path:content_id>")
def inline(identity: str, content_id: str) -> Response:
    """A picture that the HTML part shows."""
    parsed = _services().store.message(identity)
    part = parsing.inline_part(parsed, content_id) if parsed else None
    if part is None or part[0] not in _SHOWN_INLINE:
        abort(404)
    return Response(part[1], mimetype=part[0])


@pages.get("/messages/<identity>/attachments/<int:index>")
def attachment(identity: str, index: int) -> Response:
    """One attached file: shown by the browser when it is harmless, else downloaded."""
    parsed = _services().store.message(identity)
    found = parsing.attachments(parsed) if parsed else []
    if index >= len(found):
        abort(404)
    file = found[index]
    is_shown = file.content_type in _SHOWN_INLINE
    response = Response(file.content, mimetype=file.content_type if is_shown else "application/octet-stream")
    response.headers.set("Content-Disposition", "inline" if is_shown else "attachment", filename=file.name)
    if file.content_type == "application/pdf":
        # The browser's own reader of PDF files is a page with scripts: the strict policy would leave it blank.
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@pages.get("/messages/<identity>.eml")
def raw(identity: str) -> Response:
    """The file as it is kept."""
    content = _services().store.raw(identity)
    if content is None:
        abort(404)
    response = Response(content, mimetype="message/rfc822")
    response.headers.set("Content-Disposition", "attachment", filename=f"{identity}.eml")
    return response


@pages.post("/delete-all")
def delete_all() -> AnyResponse:
    """Empty the mailbox."""
    _refuse_other_sites()
    _services().store.clear()
    return redirect(url_for("mailbox.inbox"), 303)


@pages.post("/language")
def language() -> AnyResponse:
    """Read the pages in another language from now on."""
    response = redirect(_page_before(), 303)
    if request.form.get("language") in LANGUAGES:
        response.set_cookie(_LANGUAGE_COOKIE, request.form["language"], samesite="Lax", httponly=True)
    return response


def _page_before() -> str:
    """The page the form stood on, as long as it is one of ours."""
    path = request.form.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@pages.get("/faults")
def fault_switches() -> str:
    """What is to go wrong."""
    return render_template("faults.html", plan=_services().faults.plan, is_wrong=False)


@pages.post("/faults")
def set_faults() -> AnyResponse | tuple[str, int]:
    """Plan faults; fields that are not sent mean none. `off` ends all of them."""
    _refuse_other_sites()
    try:
        plan = FaultPlan() if "off" in request.form else _plan_from_form()
    except ValueError:
        return render_template("faults.html", plan=_services().faults.plan, is_wrong=True), 400
    _services().faults.set(plan)
    return redirect(url_for("mailbox.fault_switches"), 303)


def _plan_from_form() -> FaultPlan:
    form = request.form
    return FaultPlan(
        refuse=int(form.get("refuse") or 0),
        refuse_code=int(form.get("refuse_code") or 451),
        refuse_at="recipient" if form.get("refuse_at") == "recipient" else "data",
        drop=int(form.get("drop") or 0),
        drop_keeps_message="drop_keeps_message" in form,
        delay_seconds=float((form.get("delay_seconds") or "0").replace(",", ".")),
    )


def _refuse_other_sites() -> None:
    """Another web page in the same browser must not empty the mailbox or plan faults."""
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        abort(403)


@pages.get("/health")
def health() -> dict[str, str]:
    """Says that the mailbox answers."""
    return {"status": "ok"}
