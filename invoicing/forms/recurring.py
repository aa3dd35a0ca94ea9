"""The form of a recurring invoice's calendar: how often, from when, until when, and what happens to the copies."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, StringField
from wtforms.validators import InputRequired, Optional

from core.clock import paris_today
from core.web.forms import RequestKeyField, VersionField, choices
from invoicing.calendar_input import CalendarInput
from invoicing.models import RecurringAction
from invoicing.recurring import Recurring, calendar_of

EVERY = {1: _l("Every month"), 3: _l("Every quarter"), 12: _l("Every year")}
ACTIONS = {
    RecurringAction.DRAFT: _l("Prepare a draft: I look at it and issue it myself"),
    RecurringAction.ISSUE: _l("Issue the invoice: I send it myself"),
    RecurringAction.SEND: _l("Issue the invoice and send it to the customer’s contacts"),
}


class CalendarForm(FlaskForm):
    """A calendar as typed; the verb checks it and says what is wrong."""

    label = StringField(_l("Name"))
    months = RadioField(_l("How often?"), coerce=int, choices=choices(EVERY.items()), default=1)
    first_date = DateField(_l("First date"), [InputRequired(_l("Give the date."))], default=paris_today)
    last_date = DateField(_l("Last date"), [Optional()])
    outcome = RadioField(
        _l("What happens on each date?"),
        choices=choices([(action.value, text) for action, text in ACTIONS.items()]),
        default=RecurringAction.DRAFT.value,
    )
    request_key = RequestKeyField()
    version = VersionField()

    @classmethod
    def of(cls, found: Recurring) -> CalendarForm:
        """The form filled with the calendar there is."""
        calendar = calendar_of(found.recurrence)
        return cls(
            data={**vars(calendar), "outcome": calendar.action.value, "version": found.pattern.version}
        )

    def as_input(self) -> CalendarInput:
        """What the verbs take."""
        first_date = self.first_date.data
        assert isinstance(first_date, date), "the form is valid"
        return CalendarInput(
            months=self.months.data or 0,
            first_date=first_date,
            last_date=self.last_date.data,
            action=RecurringAction(self.outcome.data),
            label=self.label.data or "",
        )
