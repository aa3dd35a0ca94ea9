"""How the company's mails go out: its own sender and its own mail server. Checked, saved, tried, and logged.

The address of the server with its password is one encrypted value (`core.secrets`); the password is never shown again.
Used by the settings page; `core.mail` asks here, through `core.company_mail`, for whom a mail is and by which server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from urllib.parse import quote, unquote, urlsplit

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.clock import utc_now
from core.company_mail import CompanySender, OwnServer
from core.database import db, lock, transaction
from core.event_log import record_event
from core.secrets import encrypt_secret, readable_secret
from core.settings import SMTP_SCHEMES, is_smtp_url
from core.smtp import NO_ANSWER, Answer, Fault, hand_over
from core.smtp_connection import is_public
from core.tenancy import unscoped
from core.versions import count_save
from invoicing.input_checks import FieldErrors, clean_text
from invoicing.models import MailSettings

NO_SERVER = ""
PLAIN = "smtp"
USUAL_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
LARGEST_PORT = 65_535
LONGEST_HOST, LONGEST_USER, LONGEST_PASSWORD, LONGEST_NAME = 253, 254, 500, 120
UNSAVED = 0


@dataclass(frozen=True)
class MailSettingsInput:
    """What the page gives. `scheme` is one of `SMTP_SCHEMES`, or empty for the installation's server; an empty password
    keeps the one that is stored, as long as it goes to the same server for the same user."""

    from_address: str = ""
    from_name: str = ""
    scheme: str = NO_SERVER
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class ShownServer:
    """What may be shown of the stored server. `has_password` is all that is told of the password."""

    scheme: str = NO_SERVER
    host: str = ""
    port: int | None = None
    user: str = ""
    has_password: bool = False
    is_readable: bool = True


def mail_settings() -> MailSettings:
    """The settings of the company entered; an unsaved row that chooses nothing while it has none."""
    found = db.session.scalars(select(MailSettings)).one_or_none()
    return found or MailSettings(version=UNSAVED, from_address="", from_name="", smtp_url="")


def shown_server(settings: MailSettings) -> ShownServer:
    """The stored server without its password."""
    if not settings.smtp_url:
        return ShownServer()
    url = readable_secret(settings.smtp_url)
    if url is None:
        return ShownServer(is_readable=False)
    parts = urlsplit(url)
    user = unquote(parts.username or "")
    return ShownServer(parts.scheme, parts.hostname or "", parts.port, user, bool(parts.password))


def save_mail_settings(
    given: MailSettingsInput, *, version: int | None = None, actor_id: int | None = None
) -> MailSettings:
    """Change from which address and by which server the mails of the company entered go, from now on.

    Args:
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: the settings were saved since that version.
        InvalidInputError: naming every field that is wrong.
    """
    settings = lock(select(MailSettings))
    if settings is None:
        settings = MailSettings(version=UNSAVED, from_address="", from_name="", smtp_url="")
        db.session.add(settings)
    before = readable_secret(settings.smtp_url) if settings.smtp_url else ""
    checked, url = _checked(given, before)
    new = {"from_address": checked.from_address, "from_name": checked.from_name}
    changed = [name for name, value in new.items() if getattr(settings, name) != value]
    if url != before:
        changed.append("smtp_url")
        settings.smtp_url = encrypt_secret(url) if url else ""
    if not changed:
        return settings
    if "from_address" in changed or "smtp_url" in changed:
        settings.tested_at = None
    for name, value in new.items():
        setattr(settings, name, value)
    count_save(settings, version)
    db.session.flush()
    server = shown_server(settings)
    record_event(
        "settings.mail",
        actor_id=actor_id,
        changed=changed,
        from_address=checked.from_address,
        host=server.host,
    )
    return settings


def _checked(given: MailSettingsInput, before: str | None) -> tuple[MailSettingsInput, str]:
    errors = FieldErrors()
    address = errors.email("from_address", given.from_address)
    if not address.isascii():
        errors.add("from_address", _l("Write the domain in its encoded form (xn--…)."))
    name = errors.text("from_name", given.from_name, LONGEST_NAME)
    url = "" if given.scheme == NO_SERVER else _checked_url(errors, given, before or "")
    if url and not address:
        errors.add("from_address", _l("Give the address that your server sends for."))
    errors.raise_if_any()
    return MailSettingsInput(from_address=address, from_name=name), url


def _checked_url(errors: FieldErrors, given: MailSettingsInput, before: str) -> str:
    if given.scheme not in SMTP_SCHEMES:
        errors.add("scheme", _l("Choose how the server is spoken to."))
        return ""
    host = errors.text("host", given.host, LONGEST_HOST, required=_l("Give the name of your mail server."))
    user = errors.text("user", given.user, LONGEST_USER)
    port = given.port or USUAL_PORTS[given.scheme]
    if not 0 < port <= LARGEST_PORT:
        errors.add("port", _l("A port is a number between 1 and %(most)d.", most=LARGEST_PORT))
        return ""
    netloc = f"[{host}]" if ":" in host else host
    bare = f"{given.scheme}://{netloc}:{port}"
    if host and (not _is_host(host) or not is_smtp_url(bare)):
        errors.add("host", _l("Write the name alone, such as mail.example.org."))
        return ""
    if not current_app.config["SOLDE"].allow_private_smtp:
        _refuse_private(errors, given.scheme, host, user)
    password = _password(errors, given, f"{given.scheme}://{quote(user, safe='')}@{netloc}:{port}", before)
    sign_in = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{given.scheme}://{sign_in}{netloc}:{port}"


def _is_host(host: str) -> bool:
    return all(c.isascii() and (c.isalnum() or c in ".-:") for c in host)


def _refuse_private(errors: FieldErrors, scheme: str, host: str, user: str) -> None:
    """What needs no look at the network; names are held against the rule when the server is called."""
    if _is_private_literal(host):
        errors.add("host", _l("This server has no address on the public Internet."))
    if scheme == PLAIN and user:
        errors.add("scheme", _l("A password must not travel unencrypted: choose STARTTLS or TLS."))


def _is_private_literal(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False  # a name


def _password(errors: FieldErrors, given: MailSettingsInput, place: str, before: str) -> str:
    """The new password; or the stored one, which never goes to another server than the one it was typed for."""
    typed = given.password
    if len(typed) > LONGEST_PASSWORD or clean_text(typed) != typed.strip():
        errors.add("password", _l("This is no password of a mail server."))
    if typed or not given.user:
        return typed
    parts = urlsplit(before)
    stored_place = f"{parts.scheme}://{parts.username}@{parts.netloc.rpartition('@')[2]}"
    if parts.password and stored_place == place:
        return unquote(parts.password)
    errors.add("password", _l("Give the password for this server and user."))
    return ""


def try_mail_settings(to: str, *, actor_id: int | None = None) -> Answer:
    """Send a mail to somebody right now, exactly as the company's mails go, and bring the server's answer back.

    Opens its own transaction for the note that it worked; call it outside any.
    """
    settings = mail_settings()
    version, address, stored = settings.version, settings.from_address, settings.smtp_url
    installation = current_app.config["SOLDE"]
    url = readable_secret(stored) if stored else installation.smtp_url
    sender = address or installation.mail_from
    content = _test_mail(formataddr((settings.from_name, sender)), to).as_bytes()
    db.session.rollback()  # no read transaction is kept open while the server is talked to
    if url is None:
        return Answer(
            NO_ANSWER, str(_("The stored password can no longer be read. Type it again.")), Fault.NO_KEY
        )
    public_only = bool(stored) and not installation.allow_private_smtp
    envelope = sender if stored else installation.mail_from
    answer = hand_over(url, envelope, [to], content, public_only=public_only)[to]
    if answer.accepted:
        _note_success(version, actor_id)
    return answer


def _test_mail(sender: str, to: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"], message["To"] = sender, to
    message["Subject"] = str(_("Test of the mails of your company"))
    message["Date"], message["Message-ID"] = format_datetime(utc_now()), make_msgid(domain="solde.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(str(_("This mail came the same way as your invoices will. Nothing is left to do.")))
    return message


def _note_success(version: int, actor_id: int | None) -> None:
    with transaction():
        settings = lock(select(MailSettings))
        # Saved anew while the mail was on its way: what was tried is no longer what holds.
        if settings is not None and settings.version == version:
            settings.tested_at = utc_now()
            record_event("settings.mail_tested", actor_id=actor_id)


def sender_of_company() -> CompanySender:
    """What the company entered has chosen for the From field."""
    settings = mail_settings()
    return CompanySender(settings.from_address, settings.from_name)


def servers_of_companies() -> Mapping[int, OwnServer]:
    """The companies that have a mail server of their own."""
    columns = select(MailSettings.company_id, MailSettings.from_address, MailSettings.smtp_url)
    with unscoped():
        rows = db.session.execute(columns.where(MailSettings.smtp_url != "")).all()
    return {company_id: OwnServer(address, readable_secret(stored)) for company_id, address, stored in rows}
