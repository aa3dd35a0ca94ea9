"""Forms of the package: the payer's missing details, the secret key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput

from core.web.forms import MoneyField, RequestKeyField, VersionField, choices, typed_cents
from invoicing.forms.payment_terms import part_choices
from payplug_bridge.billing import LENGTHS, REQUIRED
from payplug_bridge.facts import facts_of, known_account
from payplug_bridge.keys import find_account, stored_modes
from payplug_bridge.models import PayplugAccount, PayplugMode
from payplug_bridge.set_company_terms import CompanyTerms
from payplug_bridge.ways import NAMES, Way, read_ways

_LABELS = {
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "email": _l("E-mail address"),
    "address1": _l("Address"),
    "postcode": _l("Postcode"),
    "city": _l("Town"),
    "country": _l("Country (two letters, such as FR)"),
    "mobile_phone_number": _l("Mobile number"),
}
_AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "address1": "address-line1",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "mobile_phone_number": "tel",
}


ASKED: Final = (*REQUIRED, "mobile_phone_number")
"""The details that may be asked for, in the order of the form."""


def payer_form(asked: Iterable[str], *, with_amount: bool = False) -> FlaskForm:
    """A form with the details that have to be asked for, all required, and the amount to pay now where it is asked."""
    wanted = [name for name in ASKED if name in set(asked)]
    fields: dict[str, StringField] = {
        name: StringField(
            _LABELS[name],
            validators=[DataRequired(_l("Please fill this in.")), Length(max=LENGTHS[name])],
            render_kw={"autocomplete": _AUTOCOMPLETE[name]},
        )
        for name in wanted
    }
    if with_amount:
        fields["amount"] = MoneyField(_l("Amount to pay now"), render_kw={"autocomplete": "off"})
    without_token = type("Meta", (), {"csrf": False})
    made: FlaskForm = type("PayerForm", (FlaskForm,), {**fields, "Meta": without_token})()
    return made


class KeyForm(FlaskForm):
    """One secret key; what was typed is never sent back to the browser (a password field renders empty)."""

    secret_key = PasswordField(
        _l("Secret key"),
        validators=[DataRequired(_l("Paste a secret key."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class OneClickForm(FlaskForm):
    """The hidden key of a button that must act once, however often it is pressed."""

    request_key = RequestKeyField()


class TermsForm(FlaskForm):
    """By which ways and in which parts the company's links may be paid."""

    ways = SelectMultipleField(_l("Ways to pay"), option_widget=CheckboxInput(), validate_choice=False)
    parts = SelectField(_l("To be paid"), validate_choice=False)
    least_part = MoneyField(_l("Least amount of one part"))
    shows_transfer = BooleanField(
        _l("Offer the transfer too, with IBAN and QR code, when a card payment is possible")
    )
    version = VersionField()

    @classmethod
    def of(cls, account: PayplugAccount | None) -> TermsForm:
        """The form filled with what holds now."""
        form = cls(formdata=None)
        form.offer()
        if account is not None:
            form.ways.data, form.parts.data = account.ways.split(), account.parts
            form.least_part.data = typed_cents(account.least_part_cents)
            form.shows_transfer.data, form.version.data = account.shows_transfer, account.version
        return form

    def offer(self) -> None:
        """Name the ways that the accounts behind the stored keys offer, and the rules of payment in parts."""
        offered = {way for mode in stored_modes() for way in _ways_of(mode)}
        account = find_account()
        ticked = set() if account is None else set(read_ways(account.ways))
        self.ways.choices = choices((way.value, NAMES[way]) for way in Way if way in offered | ticked)
        self.parts.choices = choices(part_choices())

    def as_input(self) -> CompanyTerms:
        """What the verb takes."""
        return CompanyTerms(
            ways=self.ways.data or (),
            parts=self.parts.data or "",
            least_part_cents=self.least_part.scaled,
            shows_transfer=bool(self.shows_transfer.data),
            version=self.version.seen,
        )


def _ways_of(mode: PayplugMode) -> tuple[Way, ...]:
    facts = facts_of(mode)
    return () if facts is None else known_account(facts).ways
