"""The forms about money received: recording a payment, taking one back."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired

from accounting.facts import Treasury
from accounting.treasury_accounts import treasury_accounts
from core.clock import paris_today
from core.money import format_cents
from core.web.forms import MoneyField, RequestKeyField, choices
from invoicing.payment_means import offered_means
from invoicing.payments import PaymentMethod, ReversalKind
from invoicing.record_payment import PaymentInput


class PaymentForm(FlaskForm):
    """A payment as typed.

    `accept_surplus` is asked only when more came in than is due, `accepts_early` when it came long before the books.
    """

    method = RadioField(_l("How was it paid?"), validators=[DataRequired(_l("Choose how it was paid."))])
    treasury_account_id = SelectField(_l("Where did it come in?"), coerce=int, default=0)
    amount_cents = MoneyField(_l("Amount received"), [DataRequired(_l("Give the amount."))])
    paid_on = DateField(_l("Date of the payment"), [InputRequired(_l("Give the date."))], default=paris_today)
    reference = StringField(_l("Reference"))
    accept_surplus = BooleanField(_l("Record it all the same: the surplus becomes a credit of the customer"))
    accepts_early = BooleanField(_l("The date is right: record the payment on that day"))
    request_key = RequestKeyField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        means = offered_means()
        self.method.choices = choices([(one.method.value, one.label) for one in means])
        if self.method.data is None and means:
            self.method.data = means[0].method.value
        usual = (0, _l("The usual account of this means"))
        self.treasury_account_id.choices = choices([usual, *_named_accounts()])

    @property
    def asks_treasury(self) -> bool:
        """Whether the company has several accounts among which one may have to be named."""
        return bool(self.treasury_account_id.errors) or any(
            account.role is None for account in treasury_accounts()
        )

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
            treasury_account_id=self.treasury_account_id.data or None,
            accepts_early=self.accepts_early.data,
        )


def _named_accounts() -> list[tuple[int, str]]:
    """The accounts money may come in on by hand; cheques wait on their own, PayPlug's are recorded by themselves."""
    return [
        (account.id, f"{account.label} ({account.account_number})")
        for account in treasury_accounts()
        if account.role not in (Treasury.CHEQUES, Treasury.PAYPLUG)
    ]


class CancelPaymentForm(FlaskForm):
    """Why a payment is taken back, and on which day: that of the bank, with its fee, where it sent the money back."""

    kind = RadioField(
        _l("What happened?"),
        choices=choices(
            [
                (ReversalKind.CANCELLATION.value, _l("It was recorded by mistake")),
                (
                    ReversalKind.REJECTION.value,
                    _l("The bank sent it back: a bounced cheque, a rejected direct debit"),
                ),
            ]
        ),
        default=ReversalKind.CANCELLATION.value,
        validators=[DataRequired()],
    )
    today = DateField(_l("Date"), default=paris_today)
    fee_cents = MoneyField(_l("What the bank charged for it"))
    reason = StringField(_l("Reason"), [DataRequired(_l("Say why: it stays in the history."))])
