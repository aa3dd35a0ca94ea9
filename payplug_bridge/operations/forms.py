"""The forms of the wallet: a report to upload, a month to ask for, the opening balance."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired

from core.clock import paris_today
from core.web.forms import MoneyField, choices
from payplug_bridge.operations.request_reports import last_month
from payplug_bridge.operations.wallet_opening import latest_opening_day, opening_accounts


class UploadForm(FlaskForm):
    """One file."""

    file = FileField(_l("Accounting report (CSV or XLSX)"), [InputRequired(_l("Choose a file."))])


class DaysForm(FlaskForm):
    """The days that a report is wanted of."""

    starts_on = DateField(_l("First day"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(_l("Last day"), [InputRequired(_l("Choose a day."))])

    @classmethod
    def of_last_month(cls) -> DaysForm:
        """The form with the month before."""
        starts_on, ends_on = last_month(paris_today())
        return cls(formdata=None, data={"starts_on": starts_on, "ends_on": ends_on})


class OpeningForm(FlaskForm):
    """What the wallet held before the books followed it."""

    opens_on = DateField(_l("First day in the books"), [InputRequired(_l("Choose a day."))])
    amount = MoneyField(
        _l("Balance on the evening before"), validators=[InputRequired(_l("Enter an amount."))]
    )
    account = SelectField(_l("Against the account"), [InputRequired(_l("Choose an account."))], coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account.choices = choices(
            [(str(account.id), f"{account.number} {account.label}") for account in opening_accounts()]
        )

    @classmethod
    def proposed(cls) -> OpeningForm:
        """The form with the last day that is possible, and the waiting account."""
        waiting = next((a.id for a in opening_accounts() if a.role == "suspense"), None)
        day: date = latest_opening_day()
        return cls(formdata=None, data={"opens_on": day, "account": waiting})
