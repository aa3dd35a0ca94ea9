"""Signing in, by Flask-Security: its only wrapper. Passwords are argon2 hashes; each sign-in is logged and sealed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Flask, current_app, flash, g, make_response, redirect, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseValue
from flask_babel import gettext
from flask_security import MailUtil, RoleMixin, Security, SQLAlchemyUserDatastore, hash_password
from flask_security.recoverable import generate_reset_password_token
from flask_security.signals import user_authenticated
from flask_security.utils import validate_redirect_url
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import db, transaction
from core.event_log import record_event
from core.mail import queue_mail
from core.models import Company, Membership, Role, User
from core.settings import Settings
from core.tenancy import leave_company
from core.web.headers import limiter

TRIES_PER_ADDRESS = "20 per minute"
SHORTEST_PASSWORD = 10


class _NoRole(RoleMixin):
    """Flask-Security wants a role class; our roles are memberships."""


class Datastore(SQLAlchemyUserDatastore):
    """Flask-Security commits by itself: the one listed exception to `transaction()`."""

    def commit(self) -> None:
        """End Flask-Security's own unit of work."""
        db.session.info["sign_in"] = True
        try:
            db.session.commit()
        finally:
            db.session.info.pop("sign_in", None)


class OutboxMailUtil(MailUtil):
    """Flask-Security's mails go through our outbox: a crash or a dead mail server loses none."""

    def send_mail(  # noqa: PLR0917  # the signature is Flask-Security's
        self,
        template: str,  # noqa: ARG002
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],  # noqa: ARG002
        body: str | None,
        html: str | None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Queue the mail once the request's own work is committed."""
        address = recipient if isinstance(recipient, str) else recipient[1]
        g.setdefault("sign_in_mails", []).append((address, str(subject), body or "", html or ""))


def init_sign_in(app: Flask, settings: Settings) -> None:
    """Configure Flask-Security: sign-in, sign-out, password change and reset."""
    salt = hmac.new(settings.secret_key.encode(), b"password-salt", hashlib.sha256).hexdigest()
    app.config.update(
        SECURITY_PASSWORD_SALT=salt,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  # the name of the algorithm
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_TRACKABLE=False,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_EMAIL_SENDER=settings.mail_from,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=True,
        SECURITY_I18N_DIRNAME=["builtin"],
    )
    security = Security(None, Datastore(db, User, _NoRole), mail_util_cls=OutboxMailUtil)
    security.unauthn_handler(_ask_to_sign_in)
    security.init_app(app)
    for endpoint in ("security.login", "security.forgot_password"):
        limited: Any = limiter.limit(TRIES_PER_ADDRESS, methods=["POST"])(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
    app.before_request(_leave_foreign_address)
    app.before_request(_open_for_sign_in)
    app.after_request(_log_and_mail)
    user_authenticated.connect(_remember_sign_in, app)


def _ask_to_sign_in(
    mechanisms: list[str] | None = None,  # noqa: ARG001
    headers: dict[str, str] | None = None,  # noqa: ARG001
) -> ResponseValue:
    """In our words, which are in our catalogue: Flask-Security knows its own alone."""
    text = gettext("Please sign in to see this page.")
    if request.is_json or request.accept_mimetypes.best == "application/json":
        return make_response({"error": text}, 401)
    flash(text, "info")
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))


def _leave_foreign_address() -> Response | None:
    """A link that leads to another site after signing in: forgotten at once, or no right password would be taken."""
    leads_to = request.args.get("next")
    if request.endpoint != "security.login" or request.method != "GET" or leads_to is None:
        return None
    return None if validate_redirect_url(leads_to) else redirect(url_for("security.login"))


def _open_for_sign_in() -> None:
    """Flask-Security reads, then writes: on SQLite it needs the write lock from the start, as `transaction()` does."""
    if request.blueprint == "security":
        _write_public_addresses()
        db.session.info["sign_in"] = True
        if request.method == "POST":
            db.session.rollback()  # who is signed in was read already: that read would become a write too late
            db.session.connection(execution_options={"solde_write": True})


def _write_public_addresses() -> None:
    """Flask-Security puts the host that was asked for into its mails: whoever asks, or a proxy, would choose it."""
    adapter = request_ctx.url_adapter
    assert adapter is not None
    public = urlsplit(current_app.config["SOLDE"].public_url)
    adapter.url_scheme, adapter.server_name = public.scheme, public.netloc


def _remember_sign_in(_app: Flask, *, user: User, **_details: Any) -> None:
    g.signed_in_user_id = user.id


def _log_and_mail(answer: Response) -> Response:
    """After Flask-Security's commit: seal the sign-in and queue its mails, in a transaction of our own."""
    user_id, mails = g.pop("signed_in_user_id", None), g.pop("sign_in_mails", [])
    if user_id is None and not mails:
        return answer
    db.session.info.pop("sign_in", None)
    leave_company()
    with transaction():
        if user_id is not None:
            record_event("user.signed_in", actor_id=user_id)
        for recipient, subject, body, html in mails:
            queue_mail(to=[recipient], subject=subject, text=body, html=html, sender_name="Solde")
    return answer


def password_link(user: User) -> str:
    """An address on which a person sets her password, valid for a few days (Flask-Security's reset link)."""
    token = generate_reset_password_token(user)  # type: ignore[no-untyped-call]  # the library does not annotate it
    return f"{current_app.config['SOLDE'].public_url}{url_for('security.reset_password', token=token)}"


def add_user(
    *,
    email: str,
    password: str,
    name: str,
    company: Company,
    role: Role,
    language: str = "fr",
    actor_id: int | None = None,
) -> User:
    """Create a person (or find her by e-mail) and give her a role in a company; in the open transaction.

    Args:
        email: found again in any case of letters.
        password: of a new person; that of a known one is left alone, and so are her name and language.
        name: of a new person.
        company: the one entered.
        role: what she may do there from now on.
        language: of a new person's pages.
        actor_id: who gives her the role; None for the command line.
    """
    address = email.strip().lower()
    user = db.session.scalars(select(User).where(User.email == address)).one_or_none()
    if user is None:
        user = User(
            email=address,
            name=name,
            password=hash_password(password),
            active=True,
            fs_uniquifier=uuid4().hex,
            language=language,
        )
        db.session.add(user)
        db.session.flush()
    membership = db.session.scalars(
        select(Membership).where(Membership.user_id == user.id, Membership.company_id == company.id)
    ).one_or_none()
    if membership is None:
        db.session.add(Membership(company_id=company.id, user_id=user.id, role=role))
    else:
        membership.role = role
    db.session.flush()
    record_event("member.set", actor_id=actor_id, subject=("user", user.id), role=role.value)
    return user
