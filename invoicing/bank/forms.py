"""The forms about the bank."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired

from accounting.models import Account
from accounting.roles import AccountRole
from core.clock import paris_today
from core.web.forms import MoneyField, RequestKeyField, choices
from invoicing.bank.banks import Bank
from invoicing.bank.read_csv import CsvColumn, CsvTable, Layout
from invoicing.bank.words import COLUMNS


class BankChoice:
    """The field that names a bank account; mixed into a FlaskForm. Shown only where there are several."""

    bank = SelectField(
        _l("Bank account"), coerce=int, validators=[InputRequired(_l("Choose the bank account."))]
    )

    def offer_banks(self, offered: list[Bank]) -> None:
        """Give the field its choices, the first one chosen."""
        self.bank.choices = choices([(row.account_id, f"{row.label} ({row.number})") for row in offered])
        if self.bank.data is None and offered:
            self.bank.data = offered[0].account_id


class SlipForm(BankChoice, FlaskForm):
    """The cheques of a slip, the day and the bank."""

    cheques = SelectMultipleField(_l("Cheques"), coerce=int, validate_choice=False)
    deposited_on = DateField(_l("Handed in on"), [InputRequired(_l("Give the date."))], default=paris_today)
    request_key = RequestKeyField()


class ReasonForm(FlaskForm):
    """Why something is taken back."""

    reason = StringField(_l("Reason"), [DataRequired(_l("Say why: it stays in the history."))])


class StatementForm(BankChoice, FlaskForm):
    """A file of the bank."""

    file = FileField(_l("Statement (CAMT.053 or CSV)"), [InputRequired(_l("Choose a file."))])


class LayoutForm(FlaskForm):
    """What each column of a CSV file means; made for its header by `layout_form`."""

    def layout(self) -> dict[CsvColumn, int]:
        """The columns that were named."""
        places = ((column, self[column.value].data) for column in CsvColumn)
        return {column: place for column, place in places if place is not None and place >= 0}


def layout_form(table: CsvTable, layout: Layout) -> LayoutForm:
    """The form for a file, with what is known of its columns."""
    named = [(-1, "–"), *((place, name or f"({place + 1})") for place, name in enumerate(table.header))]
    fields = {
        column.value: SelectField(label, choices=choices(named), coerce=int, default=layout.get(column, -1))
        for column, label in COLUMNS.items()
    }
    form: LayoutForm = type("BoundLayoutForm", (LayoutForm,), fields)()
    return form


class IgnoreForm(FlaskForm):
    """Why a line is not booked."""

    reason = StringField(_l("Why is it not booked?"), [DataRequired(_l("Say why: it stays in the history."))])


class BookForm(FlaskForm):
    """The account on which a line is booked."""

    account = SelectField(_l("Account"), coerce=int, validators=[InputRequired(_l("Choose an account."))])

    def offer_accounts(self, accounts: Sequence[Account]) -> None:
        """Give the field its choices, the waiting account chosen."""
        _offer(self.account, accounts, AccountRole.SUSPENSE)


class PickInvoicesForm(FlaskForm):
    """The invoices that a line pays, and what the bank kept of the money."""

    invoices = SelectMultipleField(_l("Invoices"), coerce=int, validate_choice=False)
    fee = MoneyField(_l("Fee that the bank kept"))
    fee_account = SelectField(_l("Account of the fee"), coerce=int)

    def offer_accounts(self, accounts: Sequence[Account]) -> None:
        """Give the account its choices, bank fees chosen."""
        _offer(self.fee_account, accounts, AccountRole.BANK_FEES)


class PickEntriesForm(FlaskForm):
    """The movements of the books that a line is, and where what they lack of it is booked (0: they lack nothing)."""

    entries = SelectMultipleField(_l("Movements"), coerce=int, validate_choice=False)
    rest_account = SelectField(_l("Book the difference on"), coerce=int, default=0)

    def offer_accounts(self, accounts: Sequence[Account]) -> None:
        """Give the account its choices, none chosen."""
        _offer(self.rest_account, accounts, None)
        self.rest_account.choices = [*choices([(0, _l("no difference"))]), *self.rest_account.choices]


def _offer(field: SelectField, accounts: Sequence[Account], usual: AccountRole | None) -> None:
    field.choices = choices([(row.id, f"{row.number} {row.label}") for row in accounts])
    if field.data is None:
        field.data = next((row.id for row in accounts if row.role == usual), None) if usual else 0
