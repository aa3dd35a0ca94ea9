"""What the company tells about card payments, and to whom: receipts to customers, mails to members, a chat of its own.

The chat's address is one encrypted value (`core.secrets`); it is never shown again. Used by the settings page, and by
`tell_payment` in the transaction of the payment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.apprise_library import Handed, hand_to_apprise, is_apprise_url, reaches_beyond_service
from core.database import db, lock
from core.event_log import record_event
from core.members import members_of_company
from core.models import Role, User
from core.secrets import encrypt_secret, readable_secret
from core.versions import count_save
from invoicing.input_checks import FieldErrors, clean_text
from invoicing.models import NoticePreference, NoticeSettings

LONGEST_URL = 1000
_KEPT = ""


@dataclass(frozen=True)
class NoticeInput:
    """What the page gives. `member_ids` are the users who are mailed; an empty `chat_url` keeps the stored one, unless
    `forgets_chat`."""

    sends_receipts: bool
    member_ids: frozenset[int]
    chat_url: str = field(default=_KEPT, repr=False)
    forgets_chat: bool = False


def notice_settings() -> NoticeSettings:
    """The settings of the company entered; an unsaved row with the usual ones while it has none."""
    found = db.session.scalars(select(NoticeSettings)).one_or_none()
    return found or NoticeSettings(version=0, sends_receipts=True, chat_url="")


def mailed_members() -> list[User]:
    """The members who are mailed when a customer has paid by card: who ticked it; of the others the owners."""
    chosen = {row.user_id: row.by_mail for row in db.session.scalars(select(NoticePreference))}
    return [
        member.user
        for member in members_of_company()
        if member.user.active and chosen.get(member.user_id, member.role is Role.OWNER)
    ]


def chat_target() -> str | None:
    """The chat's Apprise address of the company entered; None for none, or when its key is no longer there."""
    stored = notice_settings().chat_url
    return readable_secret(stored) if stored else None


def save_notice_settings(
    given: NoticeInput, *, version: int | None = None, actor_id: int | None = None
) -> NoticeSettings:
    """Change what is told from now on.

    Args:
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: the settings were saved since that version.
        InvalidInputError: on `chat_url`.
    """
    settings = lock(select(NoticeSettings))
    if settings is None:
        settings = NoticeSettings(version=0, sends_receipts=True, chat_url="")
        db.session.add(settings)
    url = _checked_url(given.chat_url)
    count_save(settings, version)
    settings.sends_receipts = given.sends_receipts
    if url or given.forgets_chat:
        settings.chat_url = encrypt_secret(url) if url else ""
    _tick(given.member_ids)
    db.session.flush()
    record_event(
        "settings.notices",
        actor_id=actor_id,
        sends_receipts=given.sends_receipts,
        members=sorted(given.member_ids),
        has_chat=bool(settings.chat_url),
    )
    return settings


def try_chat(text: str) -> Handed | None:
    """Send a text to the stored chat now, outside of a transaction; None when there is none to send to."""
    url = chat_target()
    db.session.rollback()  # no read transaction is kept open while the service is talked to
    return None if url is None else hand_to_apprise(url, text)


def _checked_url(typed: str) -> str:
    url, errors = clean_text(typed), FieldErrors()
    if not url:
        return ""
    if len(url) > LONGEST_URL or not is_apprise_url(url):
        errors.add(
            "chat_url", _l("This is not an address of Apprise. Its form is service://…, as its guide says.")
        )
    elif reaches_beyond_service(url) and not current_app.config["SOLDE"].allow_private_smtp:
        # A member's address must not make the server call machines of its own network, or read its files.
        message = _l(
            "This installation sends to known services only, by an address without special options: Telegram (tgram), "
            "Slack, Discord, Teams (workflows), Google Chat (gchat), Webex (wxteams), ntfy, Pushover (pover), "
            "Pushbullet (pbul), WhatsApp."
        )
        errors.add("chat_url", message)
    errors.raise_if_any()
    return url


def _tick(member_ids: Collection[int]) -> None:
    """Write down for each member what was ticked, so that a later change of role does not change it."""
    known = {row.user_id: row for row in db.session.scalars(select(NoticePreference))}
    for member in members_of_company():
        row = known.get(member.user_id)
        if row is None:
            row = NoticePreference(user_id=member.user_id)
            db.session.add(row)
        row.by_mail = member.user_id in member_ids
