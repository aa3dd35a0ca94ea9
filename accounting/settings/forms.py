"""The forms of the settings of the books beside the accounts of roles: chart, choices, journals, treasury."""

from __future__ import annotations

from babel.dates import get_month_names
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Optional, ValidationError

from accounting.models import CustomerAccounts, DepositsScheme, SalesExtension
from accounting.settings.fiscal_year_dates import YearDates
from accounting.settings.history import ALL_CUSTOMERS, ALL_DEPOSITS, ALL_SALES
from accounting.settings.save_treasury_account import ADDABLE, TreasuryInput
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryKind
from core.web.forms import VersionField, choices
from core.web.pages import FIRST_YEAR, LAST_YEAR

KINDS = {
    TreasuryKind.BANK: _l("Bank account"),
    TreasuryKind.CASH: _l("Cash desk"),
    TreasuryKind.IN_TRANSIT: _l("On its way to a bank (cheques, cards of a terminal)"),
    TreasuryKind.WALLET: _l("PayPlug wallet"),
}


class NewAccountForm(FlaskForm):
    """An account to add to the chart."""

    number = StringField(_l("Account"), [DataRequired(_l("Give the number."))])
    label = StringField(_l("Name in the books"), [DataRequired(_l("Give the name."))])


class RenameAccountForm(FlaskForm):
    """Another name for an account."""

    seen = HiddenField()
    label = StringField(_l("Name in the books"), [DataRequired(_l("Give the name."))])


class SalesForm(FlaskForm):
    """How sales accounts are told apart by VAT rate."""

    seen = HiddenField()
    sales_extension = RadioField(
        _l("Sales accounts by VAT rate"),
        choices=choices([(way.value, words) for way, words in ALL_SALES.items()]),
        validators=[DataRequired()],
    )

    @property
    def chosen(self) -> SalesExtension:
        """The way that was chosen."""
        return SalesExtension(self.sales_extension.data)


class CustomersForm(FlaskForm):
    """One account for all customers, or one each."""

    seen = HiddenField()
    customer_accounts = RadioField(
        _l("Customer accounts"),
        choices=choices([(way.value, words) for way, words in ALL_CUSTOMERS.items()]),
        validators=[DataRequired()],
    )

    @property
    def chosen(self) -> CustomerAccounts:
        """What was chosen."""
        return CustomerAccounts(self.customer_accounts.data)


class DepositsForm(FlaskForm):
    """When deposit invoices are booked. Sent with `preview`, it shows the entries and saves nothing."""

    seen = HiddenField()
    deposits_scheme = RadioField(
        _l("Deposit invoices are booked"),
        choices=choices([(way.value, words) for way, words in ALL_DEPOSITS.items()]),
        validators=[DataRequired()],
    )

    @property
    def chosen(self) -> DepositsScheme:
        """What was chosen."""
        return DepositsScheme(self.deposits_scheme.data)


class YearForm(FlaskForm):
    """The dates of financial years. Sent with `preview`, it shows the years and saves nothing."""

    seen = HiddenField()
    end_month = SelectField(_l("Month the years end with"), coerce=int)
    first_day = DateField(_l("First day of the first year"), [Optional()])
    last_day = DateField(_l("Last day of the first year"), [Optional()])

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.end_month.choices = choices(list(get_month_names(locale=get_locale()).items()))

    def validate_first_day(self, field: DateField) -> None:
        """Refuse days that no business has."""
        _refuse_far(field)

    def validate_last_day(self, field: DateField) -> None:
        """Refuse days that no business has."""
        _refuse_far(field)

    @property
    def wanted(self) -> YearDates:
        """What was chosen."""
        return YearDates(self.end_month.data, self.first_day.data, self.last_day.data)


def _refuse_far(field: DateField) -> None:
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(gettext("This day cannot be right."))


class JournalForm(FlaskForm):
    """Code and name of a journal."""

    seen = HiddenField()
    code = StringField(_l("Code"), [DataRequired(_l("Give the code."))])
    label = StringField(_l("Name in the books"), [DataRequired(_l("Give the name."))])


class TreasuryForm(FlaskForm):
    """A treasury account that exists."""

    version = VersionField()
    label = StringField(_l("Name"), [DataRequired(_l("Give the name."))])
    iban = StringField("IBAN")
    is_open = BooleanField(_l("Offer it when payments are recorded"), default=True)

    def as_input(self) -> TreasuryInput:
        """What the verb takes."""
        return TreasuryInput(self.label.data or "", self.iban.data or "", self.is_open.data)


class NewTreasuryForm(FlaskForm):
    """A treasury account to add."""

    kind = RadioField(
        _l("What is it?"),
        choices=choices([(kind.value, KINDS[kind]) for kind in ADDABLE]),
        default=TreasuryKind.BANK.value,
        validators=[DataRequired()],
    )
    label = StringField(_l("Name"), [DataRequired(_l("Give the name."))])
    number = StringField(_l("Account"), [DataRequired(_l("Give the number."))])
    journal_code = StringField(_l("Code of its journal"))
    iban = StringField("IBAN")
    bank_id = SelectField(_l("Bank where it ends"), coerce=int, validate_choice=True)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        banks = treasury_accounts(TreasuryKind.BANK)
        self.bank_id.choices = choices([(bank.id, f"{bank.account_number} {bank.label}") for bank in banks])

    def as_input(self) -> TreasuryInput:
        """What the verb takes."""
        return TreasuryInput(
            label=self.label.data or "",
            iban=self.iban.data or "",
            kind=TreasuryKind(self.kind.data),
            number=self.number.data or "",
            journal_code=self.journal_code.data or "",
            bank_id=self.bank_id.data,
        )
