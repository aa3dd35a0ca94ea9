"""The forms of the settings: the company, how it invoices, its own VAT rates, its members."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, ColorField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from core.models import Company, Role
from core.money import RATE_DECIMALS, format_scaled
from core.web.context import ROLE_NAMES
from core.web.forms import MoneyField, ScaledField, VersionField, choices, typed_cents
from invoicing.company_input import DEFAULT_EARLY_MONTHS, CompanyInput, InvoicingInput
from invoicing.customer_input import LONGEST_BUSINESS_TERMS_DAYS
from invoicing.forms.vat_treatment import TreatmentField, treatment_code
from invoicing.logo import MOST_BYTES, LogoFile, store_logo
from invoicing.models import InvoicingSettings
from invoicing.vat_categories import VatCase

_REQUIRED = _l("Please fill this in: it stands on every invoice.")
_DAYS = _l("Give a number of days.")


class CompanyForm(FlaskForm):
    """The company as typed; the verb checks everything and says what is wrong."""

    name = StringField(_l("Name"), [DataRequired(_REQUIRED)])
    legal_form = StringField(_l("Legal form"))
    share_capital_cents = MoneyField(_l("Share capital"))
    siren = StringField("SIREN", [DataRequired(_REQUIRED)])
    siret = StringField("SIRET")
    vat_number = StringField(_l("VAT number"))
    registration = StringField(_l("Registration"))
    address1 = StringField(_l("Address"), [DataRequired(_REQUIRED)])
    address2 = StringField(_l("Address, second line"))
    postcode = StringField(_l("Postcode"), [DataRequired(_REQUIRED)])
    city = StringField(_l("Town"), [DataRequired(_REQUIRED)])
    email = StringField(_l("E-mail address"))
    phone = StringField(_l("Phone"))
    website = StringField(_l("Web site"))
    iban = StringField("IBAN")
    bic = StringField("BIC")
    colour = ColorField(_l("Colour"), [DataRequired(_l("Choose a colour."))])
    legal_notice = TextAreaField(_l("Legal notice"))
    logo = FileField(_l("Logo"))
    remove_logo = BooleanField(_l("Remove the logo"))
    version = VersionField()

    @classmethod
    def of(cls, company: Company) -> CompanyForm:
        """The form filled with what is stored."""
        form = cls(obj=company)
        form.share_capital_cents.data = typed_cents(company.share_capital_cents)
        return form

    def as_input(self) -> CompanyInput:
        """What the verb takes."""
        texts: dict[str, Any] = {
            name: field.data or ""
            for name, field in self._fields.items()
            if name in CompanyInput.__dataclass_fields__
        }
        return CompanyInput(**{**texts, "share_capital_cents": self.share_capital_cents.scaled})

    def uploaded_logo(self) -> LogoFile | None:
        """The logo that was chosen, in the storage now; None when there was none. Outside any transaction.

        Raises:
            InvalidInputError: on `logo`.
        """
        if self.logo.data is None:
            return None
        return store_logo(self.logo.data.stream.read(MOST_BYTES + 1))

    def ask_for_the_file_again(self) -> None:
        """Nothing was saved, and no browser keeps a file that was chosen."""
        if self.logo.data is not None and not self.logo.errors:
            self.logo.errors = [gettext("Choose this file again: browsers do not keep it.")]


class InvoicingForm(FlaskForm):
    """How the company invoices, as typed."""

    longest_terms = LONGEST_BUSINESS_TERMS_DAYS
    invoice_prefix = StringField(_l("Prefix of invoice numbers"), [DataRequired(_l("Give a prefix."))])
    credit_note_prefix = StringField(
        _l("Prefix of credit note numbers"), [DataRequired(_l("Give a prefix."))]
    )
    payment_terms_days = IntegerField(_l("Payment terms (days)"), [InputRequired(_DAYS)])
    backdating_days = IntegerField(_l("Oldest invoice date (days back)"), [InputRequired(_DAYS)])
    late_penalty = StringField(_l("Late-payment penalties"))
    discount_terms = StringField(_l("Discount for early payment"))
    discount_rate = ScaledField(_l("Early-payment discount"), decimals=RATE_DECIMALS)
    discount_days = IntegerField(_l("When paid within (days)"), [Optional()])
    difference_limit_cents = MoneyField(_l("Largest small difference"))
    early_payment_months = IntegerField(_l("Payments long before the books (months)"), [Optional()])
    vat_case = TreatmentField(_l("VAT treatment"))
    mediator = TextAreaField(_l("Consumer mediator"))
    insurance = TextAreaField(_l("Professional insurance"))
    einvoice_address = StringField(_l("Your e-invoice address"))
    version = VersionField()

    @classmethod
    def of(cls, settings: InvoicingSettings) -> InvoicingForm:
        """The form filled with what holds now."""
        form = cls(obj=settings)
        form.vat_case.data = treatment_code(settings.vat_case, settings.vat_ground)
        if not form.is_submitted():
            form.discount_rate.data = (
                format_scaled(settings.discount_rate, RATE_DECIMALS, get_locale())
                if settings.discount_rate
                else ""
            )
            form.discount_days.data = settings.discount_days or None
            form.difference_limit_cents.data = typed_cents(settings.difference_limit_cents)
        return form

    def as_input(self) -> InvoicingInput:
        """What the verb takes."""
        return InvoicingInput(
            invoice_prefix=self.invoice_prefix.data or "",
            credit_note_prefix=self.credit_note_prefix.data or "",
            payment_terms_days=self.payment_terms_days.data,
            backdating_days=self.backdating_days.data,
            late_penalty=self.late_penalty.data or "",
            discount_terms=self.discount_terms.data or "",
            discount_rate=self.discount_rate.scaled or 0,
            discount_days=self.discount_days.data or 0,
            difference_limit_cents=self.difference_limit_cents.scaled or 0,
            early_payment_months=(
                DEFAULT_EARLY_MONTHS
                if self.early_payment_months.data is None
                else self.early_payment_months.data
            ),
            vat_case=self.vat_case.case or VatCase.STANDARD,
            vat_ground=self.vat_case.ground,
            mediator=self.mediator.data or "",
            insurance=self.insurance.data or "",
            einvoice_address=self.einvoice_address.data or "",
        )


class RateForm(FlaskForm):
    """A VAT rate of the company's own."""

    rate = ScaledField(_l("Rate"), [DataRequired(_l("Give a rate in per cent."))], decimals=RATE_DECIMALS)
    valid_from = DateField(_l("First invoice date"), [Optional()])
    valid_to = DateField(_l("Last invoice date"), [Optional()])


class MemberForm(FlaskForm):
    """A person and her role."""

    email = StringField(_l("E-mail address"), [DataRequired(_l("Give her e-mail address."))])
    name = StringField(_l("Name"))
    role = SelectField(
        _l("Role"),
        choices=choices([(role.value, ROLE_NAMES[role]) for role in Role]),
        default=Role.STAFF.value,
        validators=[DataRequired()],
    )


class RoleForm(FlaskForm):
    """Another role for a member."""

    role = SelectField(
        _l("Role"),
        choices=choices([(role.value, ROLE_NAMES[role]) for role in Role]),
        validators=[DataRequired()],
    )
