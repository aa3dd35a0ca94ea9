"""The forms about quotes: the customer's answer, one recorded by a member, how much a deposit is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput

from core.money import RATE_DECIMALS
from core.web.forms import MoneyField, RequestKeyField, ScaledField, choices
from invoicing.draft_deposit import DepositInput
from invoicing.lifecycle import AnswerKind

_NAME = _l("First and last name")
_NAME_MISSING = _l("Give your first and last name.")


class AcceptForm(FlaskForm):
    """A customer accepts. No session and no right is used there, so there is nothing to forge."""

    class Meta:
        """Without the token of a session."""

        csrf = False

    options = SelectMultipleField(_l("Options"), coerce=int, option_widget=CheckboxInput())
    name = StringField(_NAME, [DataRequired(_NAME_MISSING)])
    consent = BooleanField("", [DataRequired(_l("Tick this box to accept."))])


class DeclineForm(FlaskForm):
    """A customer declines."""

    class Meta:
        """Without the token of a session."""

        csrf = False

    name = StringField(_NAME, [DataRequired(_NAME_MISSING)])
    reason = TextAreaField(_l("Reason"))


class RecordedAnswerForm(FlaskForm):
    """An answer given on paper or by telephone."""

    answer = RadioField(
        _l("What did the customer say?"),
        choices=choices([(AnswerKind.ACCEPTED, _l("Accepted")), (AnswerKind.DECLINED, _l("Declined"))]),
        default=AnswerKind.ACCEPTED,
        validators=[DataRequired()],
    )
    options = SelectMultipleField(_l("Options"), coerce=int, option_widget=CheckboxInput())
    name = StringField(_l("Who answered"), [DataRequired(_l("Give the name of the person."))])
    reason = TextAreaField(_l("Reason"))


class DepositForm(FlaskForm):
    """How much of a quote."""

    rate = ScaledField(_l("Percentage of the quote"), decimals=RATE_DECIMALS)
    amount_cents = MoneyField(_l("Or an amount"))
    request_key = RequestKeyField()

    def as_input(self) -> DepositInput:
        """What the verb takes."""
        return DepositInput(self.rate.scaled or 0, self.amount_cents.scaled or 0, self.request_key.key)
