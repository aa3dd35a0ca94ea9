"""The forms of a take-over: the file, and what is said of each open invoice before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Optional, Regexp

from core.money import CENT_DECIMALS, MoneyTextError, parse_scaled
from core.web.formats import rate as rate_text
from core.web.forms import RequestKeyField, choices
from invoicing.errors import InvalidInputError, Message
from invoicing.input_checks import EARLIEST_DATE, LATEST_DATE
from invoicing.takeover.plan import STANDARD_RATE, WAITING, Plan, TakeoverWish
from invoicing.takeover.take_over import WaitingVat
from invoicing.takeover.waiting_vat import FRENCH_RATES


class WishForm(FlaskForm):
    """How a file is read; on the page of the plan without the file, to read it otherwise."""

    until = DateField(
        _l("Last day to take over"),
        [Optional()],
        description=_l("Empty: the closing date in the file’s name, that is the whole year."),
    )
    waiting_prefix = StringField(
        _l("Accounts of VAT that waits for collection"),
        [Optional(), Regexp("44[0-9A-Z]{1,10}", message=_l("The account begins with 44."))],
        default=WAITING,
        description=_l("44574 in most books; some use 4458."),
    )
    standard_rate = SelectField(
        _l("Usual VAT rate"),
        coerce=int,
        default=STANDARD_RATE,
        choices=choices([(rate, LazyString(rate_text, rate)) for rate in FRENCH_RATES]),
        description=_l("For waiting VAT whose amount does not tell its rate."),
    )

    def wish(self, file_name: str) -> TakeoverWish:
        """What the form says of a file of that name."""
        return TakeoverWish(
            file_name=file_name,
            until=self.until.data,
            waiting_prefix=self.waiting_prefix.data or WAITING,
            standard_rate=self.standard_rate.data or STANDARD_RATE,
        )


class FileForm(WishForm):
    """A file and how to read it."""

    file = FileField(_l("FEC of the other software"), [InputRequired(_l("Choose a file."))])


class ConfirmForm(FlaskForm):
    """The act. `seen` is the plan that the page showed."""

    request_key = RequestKeyField()
    seen = HiddenField()
    knows = BooleanField(
        _l("I have compared the totals with the balance of the old software."),
        [InputRequired(_l("Compare them, then tick this box."))],
    )

    @staticmethod
    def waiting(plan: Plan) -> Mapping[int, WaitingVat]:
        """The VAT that was typed for the open invoices, by their index.

        Raises:
            InvalidInputError: on each `waiting-N` that is no amount, or empty where the books do not tell.
        """
        errors: dict[str, Message] = {}
        said = {}
        for index, planned in enumerate(plan.items):
            typed = request.form.get(f"waiting-{index}", "").strip()
            try:
                cents = parse_scaled(typed, CENT_DECIMALS) if typed else planned.waiting_cents
            except MoneyTextError as error:
                errors[f"waiting-{index}"] = error.message
                continue
            if cents is None:
                errors[f"waiting-{index}"] = _l("Give the VAT that waits, or 0.")
                continue
            said[index] = WaitingVat(cents, _rate(request.form.get(f"rate-{index}", ""), planned.rate))
        if errors:
            raise InvalidInputError(errors)
        return said


def _rate(typed: str, otherwise: int) -> int:
    return int(typed) if typed.isdecimal() and int(typed[:6]) in FRENCH_RATES else otherwise


def day_of(text: str) -> date | None:
    """A day of an address, or None where it is none that books may have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST_DATE <= day <= LATEST_DATE else None
