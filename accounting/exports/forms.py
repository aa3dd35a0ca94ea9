"""The forms of the exports' pages: what to export, the order, the reason of a cancellation, the settings."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, StringField
from wtforms.validators import InputRequired

from accounting.exports.formats import FORMATS
from accounting.exports.selection import ExportChoice
from accounting.exports.settings import ExportSettingsInput
from core.web.forms import RequestKeyField, VersionField, choices

_DAY = InputRequired(_l("Enter a day."))


class ChoiceForm(FlaskForm):
    """What to export; sent by GET, so that the page with the counts has an address."""

    class Meta:
        """Nothing is done by it."""

        csrf = False

    format = RadioField(
        _l("Software"), choices=choices((key, found.name) for key, found in FORMATS.items()),
        validators=[InputRequired(_l("Choose a format."))],
    )  # fmt: skip
    first = DateField(_l("First day"), [_DAY])
    last = DateField(_l("Last day"), [_DAY])

    @classmethod
    def of_request(cls) -> ChoiceForm:
        """The form as its address says it."""
        return cls(formdata=request.args)

    def chosen(self, journals: Sequence[str]) -> ExportChoice | None:
        """What was chosen; None, with the errors beside their fields, when it cannot be exported.

        Args:
            journals: codes of the company's journals that were ticked.
        """
        if not self.validate():
            return None
        assert self.first.data is not None
        assert self.last.data is not None
        if self.last.data < self.first.data:
            self.last.errors = [_l("The last day comes after the first one.")]
            return None
        if not journals:
            self.form_errors.append(_l("Tick at least one journal."))
            return None
        return ExportChoice(self.format.data, self.first.data, self.last.data, tuple(journals))


class OrderForm(FlaskForm):
    """What was confirmed: exactly what the page showed. The choice itself is in the form's address."""

    seen = HiddenField()
    request_key = RequestKeyField()


class CancelForm(FlaskForm):
    """Why a batch is cancelled."""

    reason = StringField(_l("Reason"), [InputRequired(_l("Say why: it stays in the history."))])


class ExportSettingsForm(FlaskForm):
    """What the accountant's software wants."""

    version = VersionField()
    account_length = IntegerField(
        _l("Length of accounts"), [InputRequired(_l("Enter a number, 0 for as they are."))]
    )
    ximport_dot = BooleanField(_l("Decimal point instead of a comma in XIMPORT files"))

    def as_input(self) -> ExportSettingsInput:
        """What the verb takes."""
        return ExportSettingsInput(
            self.account_length.data or 0, bool(self.ximport_dot.data), self.version.seen
        )
