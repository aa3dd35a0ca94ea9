"""Forms of the package: the payer's missing details, the secret key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from core.web.forms import MoneyField
from payplug_bridge.billing import LENGTHS, REQUIRED

_LABELS = {
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "email": _l("E-mail address"),
    "address1": _l("Address"),
    "postcode": _l("Postcode"),
    "city": _l("Town"),
    "country": _l("Country (two letters, such as FR)"),
    "mobile_phone_number": _l("Mobile number"),
}
_AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "address1": "address-line1",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "mobile_phone_number": "tel",
}


ASKED: Final = (*REQUIRED, "mobile_phone_number")
"""The details that may be asked for, in the order of the form."""


def payer_form(asked: Iterable[str], *, with_amount: bool = False) -> FlaskForm:
    """A form with the details that have to be asked for, all required, and the amount to pay now where it is asked."""
    wanted = [name for name in ASKED if name in set(asked)]
    fields: dict[str, StringField] = {
        name: StringField(
            _LABELS[name],
            validators=[DataRequired(_l("Please fill this in.")), Length(max=LENGTHS[name])],
            render_kw={"autocomplete": _AUTOCOMPLETE[name]},
        )
        for name in wanted
    }
    if with_amount:
        fields["amount"] = MoneyField(_l("Amount to pay now"), render_kw={"autocomplete": "off"})
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
