"""The forms about the bank."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired

from core.clock import paris_today
from core.web.forms import RequestKeyField, choices
from invoicing.bank.banks import Bank


class BankChoice:
    """The field that names a bank account; mixed into a FlaskForm. Shown only where there are several."""

    bank = SelectField(
        _l("Bank account"), coerce=int, validators=[InputRequired(_l("Choose the bank account."))]
    )

    def offer_banks(self, offered: list[Bank]) -> None:
        """Give the field its choices, the first one chosen."""
        self.bank.choices = choices([(row.account_id, f"{row.label} ({row.number})") for row in offered])
        if self.bank.data is None and offered:
            self.bank.data = offered[0].account_id


class SlipForm(BankChoice, FlaskForm):
    """The cheques of a slip, the day and the bank."""

    cheques = SelectMultipleField(_l("Cheques"), coerce=int, validate_choice=False)
    deposited_on = DateField(_l("Handed in on"), [InputRequired(_l("Give the date."))], default=paris_today)
    request_key = RequestKeyField()


class ReasonForm(FlaskForm):
    """Why something is taken back."""

    reason = StringField(_l("Reason"), [DataRequired(_l("Say why: it stays in the history."))])
