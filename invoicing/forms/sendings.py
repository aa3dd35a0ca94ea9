"""The form of a mail that carries a document: to whom and in which words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput

from core.web.forms import RequestKeyField, choices
from invoicing.forms.attachments import AttachedField, FilesField, receive_files
from invoicing.forms.payment_terms import PaymentTermsFields
from invoicing.message_texts import MessageText
from invoicing.send_invoice import SendInput, split_recipients
from invoicing.send_sms import SmsInput, split_numbers


class SendForm(PaymentTermsFields, FlaskForm):
    """By which ways; recipients ticked and typed, subject and text with variables; the same of an SMS.

    The ways are a choice only where SMS is offered; else it is the mail.
    """

    by_mail = BooleanField(_l("By e-mail"))
    by_sms = BooleanField(_l("By SMS"))
    contacts = SelectMultipleField(_l("Recipients"), option_widget=CheckboxInput())
    recipients = StringField(_l("Other addresses"))
    copy_to_self = BooleanField(_l("Send me a copy"))
    template = StringField(_l("A text of the library"))
    subject = StringField(_l("Subject"))
    text = TextAreaField(_l("Text"))
    mobiles = SelectMultipleField(_l("Mobile numbers"), option_widget=CheckboxInput())
    numbers = StringField(_l("Other numbers"))
    sms_template = StringField(_l("A text of the library"))
    sms_text = TextAreaField(_l("Text of the SMS"))
    attached = AttachedField(_l("Attached files"))
    files = FilesField(_l("Add files"))
    request_key = RequestKeyField()

    def __init__(
        self,
        offered: tuple[tuple[str, str], ...],
        mobiles: tuple[tuple[str, str], ...],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Make the form.

        Args:
            offered: addresses of the customer's contacts, each with what is shown.
            mobiles: their mobile numbers in the same way.
        """
        super().__init__(*args, **kwargs)
        self.contacts.choices = choices(offered)
        self.mobiles.choices = choices(mobiles)
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

    def as_sms(self, document_id: int, actor_id: int) -> SmsInput:
        """What the verb of SMS takes."""
        return SmsInput(
            document_id=document_id,
            recipients=(*(self.mobiles.data or ()), *split_numbers(self.numbers.data or "")),
            request_key=self.request_key.key,
            text=self.sms_text.data or "",
            actor_id=actor_id,
        )
