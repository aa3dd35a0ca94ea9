"""The form of what is told about card payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectMultipleField
from wtforms.widgets import CheckboxInput

from core.models import Membership
from core.web.forms import VersionField, choices
from invoicing.notice_settings import NoticeInput


class NoticeForm(FlaskForm):
    """Receipts, members ticked, and the chat; its address is never filled in."""

    sends_receipts = BooleanField(_l("Send the customer a receipt by e-mail, with its PDF"))
    members = SelectMultipleField(_l("Members who are mailed"), option_widget=CheckboxInput(), coerce=int)
    chat_url = PasswordField(_l("Address of the chat"))
    forgets_chat = BooleanField(_l("Tell no chat any more"))
    version = VersionField()

    def __init__(self, members: Sequence[Membership], *args: Any, **kwargs: Any) -> None:
        """Make the form.

        Args:
            members: those of the company, who can be ticked.
        """
        super().__init__(*args, **kwargs)
        self.members.choices = choices(
            (member.user_id, member.user.name or member.user.email) for member in members
        )

    def as_input(self) -> NoticeInput:
        """What the verb takes."""
        return NoticeInput(
            sends_receipts=bool(self.sends_receipts.data),
            member_ids=frozenset(self.members.data or ()),
            chat_url=self.chat_url.data or "",
            forgets_chat=bool(self.forgets_chat.data),
        )
