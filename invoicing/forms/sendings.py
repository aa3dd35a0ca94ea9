"""The form of a mail that carries a document: to whom and in which words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput

from core.web.forms import RequestKeyField, choices
from invoicing.forms.attachments import AttachedField, FilesField, receive_files
from invoicing.forms.payment_terms import PaymentTermsFields
from invoicing.message_texts import MessageText
from invoicing.send_invoice import SendInput, split_recipients


class SendForm(PaymentTermsFields, FlaskForm):
    """Recipients ticked and typed, subject and text with variables."""

    contacts = SelectMultipleField(_l("Recipients"), option_widget=CheckboxInput())
    recipients = StringField(_l("Other addresses"))
    copy_to_self = BooleanField(_l("Send me a copy"))
    template = StringField(_l("A text of the library"))
    subject = StringField(_l("Subject"), [DataRequired(_l("Write something here."))])
    text = TextAreaField(_l("Text"), [DataRequired(_l("Write something here."))])
    attached = AttachedField(_l("Attached files"))
    files = FilesField(_l("Add files"))
    request_key = RequestKeyField()

    def __init__(self, offered: tuple[tuple[str, str], ...], *args: Any, **kwargs: Any) -> None:
        """Make the form.

        Args:
            offered: addresses of the customer's contacts, each with what is shown.
        """
        super().__init__(*args, **kwargs)
        self.contacts.choices = choices(offered)
        self.attached.show(self.attached.attachments)

    def receive_files(self) -> None:
        """Store the files that were sent with the form, and attach them."""
        receive_files(self.attached, self.files)

    @property
    def message(self) -> MessageText:
        """Subject and text as typed."""
        return MessageText(self.subject.data or "", self.text.data or "")

    def as_input(self, document_id: int, actor_id: int) -> SendInput:
        """What the verb takes."""
        return SendInput(
            document_id=document_id,
            recipients=(*(self.contacts.data or ()), *split_recipients(self.recipients.data or "")),
            request_key=self.request_key.key,
            subject=self.subject.data or "",
            text=self.text.data or "",
            attachments=self.attached.attachments,
            copy_to_self=bool(self.copy_to_self.data),
            actor_id=actor_id,
        )
