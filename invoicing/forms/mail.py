"""The form of how the company's mails go out."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from core.web.forms import VersionField, choices
from invoicing.mail_settings import LARGEST_PORT, NO_SERVER, MailSettingsInput, shown_server
from invoicing.models import MailSettings

_SCHEMES = (
    (NO_SERVER, _l("The server of this installation")),
    ("smtp+starttls", _l("Our own, encrypted by STARTTLS (usually port 587)")),
    ("smtps", _l("Our own, encrypted from the start by TLS (usually port 465)")),
    ("smtp", _l("Our own, not encrypted (port 25)")),
)


class MailSettingsForm(FlaskForm):
    """Sender and server, as typed; the password is never filled in."""

    from_address = StringField(_l("Sender’s address"))
    from_name = StringField(_l("Sender’s name"))
    scheme = SelectField(_l("Mail server"), choices=choices(_SCHEMES))
    host = StringField(_l("Name of the server"))
    port = IntegerField(
        _l("Port"),
        [
            Optional(),
            NumberRange(1, LARGEST_PORT, _l("A port is a number between 1 and %(most)d.", most=LARGEST_PORT)),
        ],
    )
    user = StringField(_l("User"))
    password = PasswordField(_l("Password"))
    version = VersionField()

    @classmethod
    def of(cls, settings: MailSettings) -> MailSettingsForm:
        """The form filled with what is stored, without the password."""
        form, server = cls(obj=settings), shown_server(settings)
        form.scheme.data, form.host.data, form.port.data = server.scheme, server.host, server.port
        form.user.data = server.user
        return form

    def as_input(self) -> MailSettingsInput:
        """What the verb takes."""
        return MailSettingsInput(
            from_address=self.from_address.data or "",
            from_name=self.from_name.data or "",
            scheme=self.scheme.data or "",
            host=self.host.data or "",
            port=self.port.data,
            user=self.user.data or "",
            password=self.password.data or "",
        )
