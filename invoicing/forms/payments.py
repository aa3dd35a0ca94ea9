"""The forms about money received: recording a payment, taking one back."""

from __future__ import annotations

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired

from core.clock import paris_today
from core.money import format_cents
from core.web.forms import MoneyField, RequestKeyField, choices
from invoicing.history_words import METHODS
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput

BY_HAND = (PaymentMethod.TRANSFER, PaymentMethod.CHEQUE, PaymentMethod.CASH)


class PaymentForm(FlaskForm):
    """A payment as typed. `accept_surplus` is asked only when more came in than is due."""

    method = RadioField(
        _l("How was it paid?"),
        choices=choices([(method.value, METHODS[method]) for method in BY_HAND]),
        default=PaymentMethod.TRANSFER.value,
        validators=[DataRequired()],
    )
    amount_cents = MoneyField(_l("Amount received"), [DataRequired(_l("Give the amount."))])
    paid_on = DateField(_l("Date of the payment"), [InputRequired(_l("Give the date."))], default=paris_today)
    reference = StringField(_l("Reference"))
    accept_surplus = BooleanField(_l("Record it all the same: the surplus becomes a credit of the customer"))
    request_key = RequestKeyField()

    def surplus_cents(self, open_cents: int) -> int:
        """What was typed beyond what is due."""
        return max(0, (self.amount_cents.scaled or 0) - open_cents)

    def accepts(self, open_cents: int) -> bool:
        """False, with a sentence beside the box, when there is a surplus that nobody has agreed to."""
        surplus = self.surplus_cents(open_cents)
        if not surplus or self.accept_surplus.data:
            return True
        amount = format_cents(surplus, get_locale())
        message = gettext(
            "This is %(amount)s more than what is due. Check the amount, or tick this box.", amount=amount
        )
        self.accept_surplus.errors = [message]
        return False

    def as_input(self, invoice_id: int, actor_id: int) -> PaymentInput:
        """What the verb takes."""
        return PaymentInput(
            invoice_id=invoice_id,
            method=PaymentMethod(self.method.data),
            amount_cents=self.amount_cents.scaled or 0,
            paid_on=self.paid_on.data,
            reference=self.reference.data or "",
            request_key=self.request_key.key,
            recorded_by_id=actor_id,
        )


class CancelPaymentForm(FlaskForm):
    """Why a payment is taken back."""

    reason = StringField(_l("Reason"), [DataRequired(_l("Say why: it stays in the history."))])
