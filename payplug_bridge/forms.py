"""Forms of the package: the payer's missing details, the secret key."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from payplug_bridge.billing import LENGTHS, REQUIRED

_LABELS = {
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "email": _l("E-mail address"),
    "address1": _l("Address"),
    "postcode": _l("Postcode"),
    "city": _l("Town"),
    "country": _l("Country (two letters, such as FR)"),
}
_AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "address1": "address-line1",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
}


def payer_form(asked: Iterable[str]) -> FlaskForm:
    """A form with the fields of PayPlug's billing that have to be asked for, all required."""
    wanted = [name for name in REQUIRED if name in set(asked)]
    fields: dict[str, StringField] = {
        name: StringField(
            _LABELS[name],
            validators=[DataRequired(_l("Please fill this in.")), Length(max=LENGTHS[name])],
            render_kw={"autocomplete": _AUTOCOMPLETE[name]},
        )
        for name in wanted
    }
    without_token = type("Meta", (), {"csrf": False})
    made: FlaskForm = type("PayerForm", (FlaskForm,), {**fields, "Meta": without_token})()
    return made


class KeyForm(FlaskForm):
    """One secret key; what was typed is never sent back to the browser (a password field renders empty)."""

    secret_key = PasswordField(
        _l("Secret key"),
        validators=[DataRequired(_l("Paste a secret key."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
