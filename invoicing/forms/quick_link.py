"""The form of the quick link."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField

from accounting.facts import SupplyKind
from core.web.forms import MoneyField, RequestKeyField, choices
from invoicing.forms.documents import KIND_CHOICES, rate_choices
from invoicing.forms.payment_terms import PaymentTermsFields
from invoicing.quick_link import QuickLinkInput

_TYPES = (
    ("standard", _l("Invoice: it is delivered or done")),
    ("deposit", _l("Deposit: before anything is done")),
)


class QuickLinkForm(FlaskForm):
    """Who, what and how much."""

    name = StringField(_l("Name"))
    email = StringField(_l("E-mail address"))
    mobile = StringField(_l("Mobile number"))
    label = StringField(_l("What for"))
    amount_cents = MoneyField(_l("Amount including VAT"))
    vat_rate = SelectField(_l("VAT"), coerce=int, default=2000)
    kind = SelectField(_l("Kind"), choices=choices(KIND_CHOICES), default="service")
    invoice_type = RadioField(_l("Document"), choices=choices(_TYPES), default="standard")
    address1 = StringField(_l("Street and number"))
    postcode = StringField(_l("Postcode"))
    city = StringField(_l("Town"))
    language = SelectField(
        _l("Language of the customer"), choices=choices((("fr", "Français"), ("en", "English"))), default="fr"
    )
    request_key = RequestKeyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vat_rate.choices = choices(rate_choices(self.vat_rate.data))

    def as_input(self) -> QuickLinkInput:
        """What the verb takes."""
        return QuickLinkInput(
            name=self.name.data or "",
            email=self.email.data or "",
            mobile=self.mobile.data or "",
            label=self.label.data or "",
            amount_cents=self.amount_cents.scaled or 0,
            vat_rate=self.vat_rate.data,
            kind=SupplyKind(self.kind.data),
            is_deposit=self.invoice_type.data == "deposit",
            address1=self.address1.data or "",
            postcode=self.postcode.data or "",
            city=self.city.data or "",
            language=self.language.data or "fr",
            request_key=self.request_key.key,
        )


class LinkTermsForm(PaymentTermsFields, FlaskForm):
    """By which ways the link just made may be paid, and in which parts."""
