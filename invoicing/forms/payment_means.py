"""The form of one means of payment."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField

from core.web.forms import VersionField, choices
from invoicing.payment_means import Means, possible_accounts
from invoicing.save_payment_means import MeansInput


class MeansForm(FlaskForm):
    """Name, account and offer of a means; `account_id` 0 is the usual account."""

    version = VersionField()
    is_offered = BooleanField(_l("Offer it when a payment is recorded"))
    label = StringField(_l("Name"))
    treasury_account_id = SelectField(_l("Its money comes in on"), coerce=int)

    @classmethod
    def of(cls, means: Means, *, is_shown: bool) -> MeansForm:
        """The form of a means: filled from it when it is shown first, else from the request."""
        form = cls(
            formdata=None,
            data={
                "version": means.version,
                "is_offered": means.is_offered,
                "label": means.own_label,
                "treasury_account_id": means.chosen_id or 0,
            },
        ) if is_shown else cls()  # fmt: skip
        accounts = possible_accounts(means.method)
        usual = (0, _l("The usual account"))
        form.treasury_account_id.choices = choices(
            [usual, *((one.id, f"{one.label} ({one.account_number})") for one in accounts)]
        )
        return form

    def as_input(self) -> MeansInput:
        """What the verb takes."""
        return MeansInput(
            self.label.data or "", self.treasury_account_id.data or None, bool(self.is_offered.data)
        )
