"""The form of a customer and its contacts."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from core.web.forms import RequestKeyField, VersionField, choices
from invoicing.customer_input import (
    LONGEST_BUSINESS_TERMS_DAYS,
    MOST_CONTACTS,
    ContactInput,
    CustomerInput,
    country_codes,
)
from invoicing.forms.vat_treatment import TreatmentField, treatment_code
from invoicing.models import Customer, CustomerKind

LANGUAGE_CHOICES = choices([("fr", "Français"), ("en", "English")])


LONGEST_ID_DIGITS = 18
DELIVERY = (
    "delivery_name", "delivery_address1", "delivery_address2", "delivery_postcode", "delivery_city",
    "delivery_country",
)  # fmt: skip


def country_choices() -> list[SelectChoice]:
    """The countries of an address, by their names in the reader's language."""
    return choices(_countries(str(get_locale())))


class ContactForm(Form):
    """One contact."""

    id = HiddenField()
    name = StringField(_l("Name"))
    email = StringField(_l("E-mail address"))
    phone = StringField(_l("Phone"))
    mobile = StringField(_l("Mobile phone"))
    receives_invoices = BooleanField(_l("Receives invoices"), default=True)


class CustomerForm(FlaskForm):
    """A customer as typed; the verb checks everything and says what is wrong."""

    kind = RadioField(
        _l("Who is it?"),
        choices=choices(
            [
                ("business", _l("A business")),
                ("individual", _l("An individual")),
                ("public", _l("A public body")),
            ]
        ),
        default="business",
        validators=[DataRequired()],
    )
    name = StringField(_l("Name"), [DataRequired(_l("Give the name."))])
    first_name = StringField(_l("First name"))
    siren = StringField("SIREN")
    siret = StringField("SIRET")
    vat_number = StringField(_l("VAT number"))
    einvoice_address = StringField(_l("E-invoice address"))
    address1 = StringField(_l("Address"), [DataRequired(_l("Give the street and number, or the place."))])
    address2 = StringField(_l("Address, second line"))
    postcode = StringField(_l("Postcode"), [DataRequired(_l("Give the postcode."))])
    city = StringField(_l("Town"), [DataRequired(_l("Give the town."))])
    country = SelectField(_l("Country"), default="FR", validators=[DataRequired()])
    delivery_name = StringField(_l("Name at the place of delivery"))
    delivery_address1 = StringField(_l("Address"))
    delivery_address2 = StringField(_l("Address, second line"))
    delivery_postcode = StringField(_l("Postcode"))
    delivery_city = StringField(_l("Town"))
    delivery_country = SelectField(_l("Country"), default="FR", validators=[Optional()])
    language = SelectField(
        _l("Language of documents"), choices=LANGUAGE_CHOICES, default="fr", validators=[DataRequired()]
    )
    longest_terms = LONGEST_BUSINESS_TERMS_DAYS
    payment_terms_days = IntegerField(_l("Payment terms (days)"), [Optional()])
    vat_case = TreatmentField(_l("VAT treatment"), usual=_l("Usual for your company"))
    ledger_account = StringField(_l("Account in the books"))
    note = TextAreaField(_l("Internal note"))
    contacts = FieldList(
        FormField(ContactForm), label=_l("Contact"), min_entries=1, max_entries=MOST_CONTACTS
    )

    request_key = RequestKeyField()
    version = VersionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = self.delivery_country.choices = country_choices()

    @classmethod
    def of(cls, customer: Customer) -> CustomerForm:
        """The form filled with what is stored."""
        contacts = [
            {
                "id": c.id,
                "name": c.name,
                "email": c.email,
                "phone": c.phone,
                "mobile": c.mobile,
                "receives_invoices": c.receives_invoices,
            }
            for c in customer.contacts
        ]
        shown = {
            "kind": customer.kind.value,
            "contacts": contacts or [{}],
            "delivery_country": customer.delivery_country or customer.country,
        }
        form = cls(obj=customer, data=shown)
        form.vat_case.data = treatment_code(customer.vat_case, customer.vat_ground)
        return form

    def as_input(self, external_reference: str | None = None) -> CustomerInput:
        """What the verb takes."""
        delivery: dict[str, Any] = {name: getattr(self, name).data or "" for name in DELIVERY}
        return CustomerInput(
            kind=CustomerKind(self.kind.data),
            name=self.name.data or "",
            first_name=self.first_name.data or "",
            siren=self.siren.data or "",
            siret=self.siret.data or "",
            einvoice_address=self.einvoice_address.data or "",
            ledger_account=self.ledger_account.data or "",
            note=self.note.data or "",
            **delivery,
            vat_number=self.vat_number.data or "",
            address1=self.address1.data or "",
            address2=self.address2.data or "",
            postcode=self.postcode.data or "",
            city=self.city.data or "",
            country=self.country.data,
            language=self.language.data,
            payment_terms_days=self.payment_terms_days.data,
            external_reference=external_reference,
            contacts=tuple(_contact(entry.form) for entry in self.contacts.entries),
            request_key=self.request_key.key,
            vat_case=self.vat_case.case,
            vat_ground=self.vat_case.ground,
        )


@cache
def _countries(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).territories
    # Sorted as people look for them: É beside E.
    return sorted(
        ((code, names[code]) for code in country_codes()), key=lambda pair: _without_accents(pair[1])
    )


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def _contact(form: ContactForm) -> ContactInput:
    return ContactInput(
        id=_id_of(form.id.data or ""),
        name=form.name.data or "",
        email=form.email.data or "",
        phone=form.phone.data or "",
        mobile=form.mobile.data or "",
        receives_invoices=bool(form.receives_invoices.data),
    )


def _id_of(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID_DIGITS else None
