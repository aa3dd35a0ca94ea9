"""The form of one text of the library."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from core.web.forms import RequestKeyField, VersionField, choices
from invoicing.message_texts import MessageText
from invoicing.models import TextKind
from invoicing.text_library import TextInput

KIND_NAMES = {
    TextKind.MAIL: _l("E-mail"),
    TextKind.SMS: _l("SMS"),
    TextKind.NOTE: _l("Note on documents"),
    TextKind.CONDITIONS: _l("Conditions on documents"),
}


class TextForm(FlaskForm):
    """Identifier, language and words; the kind stands in the address of the page."""

    identifier = StringField(_l("Identifier"), [DataRequired(_l("Give an identifier."))])
    language = SelectField(_l("Language"), choices=choices((("fr", "Français"), ("en", "English"))))
    is_default = BooleanField(_l("Proposed by itself in this language"))
    subject = StringField(_l("Subject"))
    text = TextAreaField(_l("Text"), [DataRequired(_l("Write something here."))])
    version = VersionField()
    request_key = RequestKeyField()

    @property
    def message(self) -> MessageText:
        """Subject and text as typed."""
        return MessageText(self.subject.data or "", self.text.data or "")

    def as_input(self, kind: TextKind) -> TextInput:
        """What the verb takes."""
        return TextInput(
            kind=kind,
            identifier=self.identifier.data or "",
            text=self.text.data or "",
            language=self.language.data or "",
            subject=self.subject.data or "",
            is_default=bool(self.is_default.data),
            request_key=self.request_key.key,
        )
