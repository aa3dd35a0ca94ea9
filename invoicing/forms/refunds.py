"""The form about money that goes back: how much, against what, why. Shown once more before anything is done."""

from __future__ import annotations

from datetime import date

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired

from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryKind
from core.clock import paris_today
from core.money import format_cents
from core.web.forms import MoneyField, RequestKeyField, choices
from invoicing.refund_page import RefundPage


class RefundForm(FlaskForm):
    """A refund as typed; `seen` says which one the person has been shown, so that only that one is done."""

    amount_cents = MoneyField(_l("Amount to give back"), [DataRequired(_l("Give the amount."))])
    against = SelectField(_l("Against"), default="", validate_choice=True)
    reason = StringField(_l("Reason"))
    seen = HiddenField()
    request_key = RequestKeyField()

    def offer(self, page: RefundPage) -> None:
        """Give the field its options: the credit notes of the customer of which something is left."""
        options = [("", gettext("No credit note"))]
        for note, open_cents in page.notes:
            left = format_cents(open_cents, get_locale())
            options.append(
                (str(note.id), gettext("%(number)s (%(left)s left)", number=note.number, left=left))
            )
        self.against.choices = choices(options)

    @property
    def credit_note_id(self) -> int | None:
        """The note chosen."""
        return int(self.against.data) if self.against.data else None

    @property
    def shown(self) -> str:
        """What a page that shows this refund puts into `seen`."""
        return f"{self.amount_cents.scaled}-{self.against.data}"

    @property
    def is_confirmed(self) -> bool:
        """True when the person has been shown this very refund."""
        return bool(self.seen.data) and self.seen.data == self.shown


class RefundByHandForm(RefundForm):
    """A refund that was made by transfer, cheque or in cash, with its day."""

    refunded_on = DateField(
        _l("Date of the refund"), [InputRequired(_l("Give the date."))], default=paris_today
    )
    reference = StringField(_l("Reference"))
    treasury = SelectField(_l("Paid from"), default="", validate_choice=True)

    def offer_treasuries(self, usual: str) -> None:
        """Give the field its options: where the payment came in, banks and cash desks."""
        places = treasury_accounts(TreasuryKind.BANK, TreasuryKind.CASH)
        self.treasury.choices = choices(
            [("", usual), *((str(place.id), f"{place.account_number} {place.label}") for place in places)]
        )

    @property
    def treasury_account_id(self) -> int | None:
        """The treasury account chosen; None for where the payment came in."""
        return int(self.treasury.data) if self.treasury.data else None

    @property
    def shown(self) -> str:
        """What a page that shows this refund puts into `seen`."""
        return f"{super().shown}-{self.treasury.data}"

    @property
    def day(self) -> date:
        """The day typed."""
        day: date = self.refunded_on.data
        return day
