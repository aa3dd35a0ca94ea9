"""The form that credits an invoice: everything that is left, quantities of lines, or an amount per VAT rate."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, FieldList, Form, FormField, RadioField, StringField
from wtforms.validators import DataRequired

from core.money import QUANTITY_DECIMALS, format_scaled
from core.web.forms import MoneyField, RequestKeyField, ScaledField, choices
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_left import CreditLeft


class CreditWhat(StrEnum):
    """What a person wants to credit."""

    REST = "rest"
    LINES = "lines"
    AMOUNTS = "amounts"


class CreditLineForm(Form):
    """How much of one line."""

    quantity = ScaledField(_l("Quantity to credit"), decimals=QUANTITY_DECIMALS)


class CreditPartForm(Form):
    """How much at one VAT rate."""

    amount = MoneyField(_l("Amount to credit"))


class CreditForm(FlaskForm):
    """Why an invoice is credited, printed on the credit note, and what of it."""

    reason = StringField(
        _l("Reason"), [DataRequired(_l("Say why: the reason is printed on the credit note."))]
    )
    what = RadioField(
        _l("What do you credit?"),
        choices=choices(
            [
                (CreditWhat.REST, _l("Everything that is left")),
                (CreditWhat.LINES, _l("Quantities of some lines")),
                (CreditWhat.AMOUNTS, _l("An amount per VAT rate")),
            ]
        ),
        default=CreditWhat.REST,
        validators=[DataRequired()],
    )
    is_later_discount = BooleanField(_l("This is a later discount: rebate on account 709"))
    lines = FieldList(FormField(CreditLineForm), _l("Lines"))
    parts = FieldList(FormField(CreditPartForm), _l("VAT rates"))
    request_key = RequestKeyField()

    def show(self, left: CreditLeft) -> None:
        """Complete the rows that nothing was typed into: each line with what is left of it, each rate empty."""
        for one in left.choosable_lines[len(self.lines) :]:
            text = format_scaled(one.quantity, QUANTITY_DECIMALS, get_locale())
            self.lines.append_entry({"quantity": text})
        for _ in left.choosable_parts[len(self.parts) :]:
            self.parts.append_entry()

    def choice(self, left: CreditLeft) -> CreditChoice | None:
        """What the verb takes; None for everything that is left."""
        if self.what.data == CreditWhat.REST:
            return None
        if self.what.data == CreditWhat.AMOUNTS:
            typed = (entry.form.amount.scaled or 0 for entry in self.parts)
            found = zip(left.choosable_parts, typed, strict=False)
            return CreditChoice(amounts={index: cents for (index, _), cents in found if cents})
        rows = zip(left.choosable_lines, self.lines, strict=False)
        return CreditChoice({one.line.position: entry.form.quantity.scaled or 0 for one, entry in rows})
