"""The forms of the books: the period of a page, the option for VAT on debits, the account of each role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import DateField, Field, FieldList, FormField, HiddenField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import Optional

from accounting.models import Account
from accounting.reading.chart_list import GROUPS, heading_of
from accounting.roles import FRENCH_RATES, ROLES, AccountRole, RoleDefault, role_key, split_role_key
from core.database import db
from core.web.formats import rate


class VatForm(FlaskForm):
    """When VAT on services falls due."""

    vat_on_debits_from = DateField(_l("VAT on debits from"), [Optional()])


class AccountRow(PlainForm):
    """One role with its account. `key` says which role and `seen` what the page showed; neither is typed."""

    key = HiddenField()
    seen = HiddenField()
    number = StringField(_l("Account"))
    label = StringField(_l("Name in the books"))


class AccountsForm(FlaskForm):
    """The account of every role; roles by VAT rate may stay empty."""

    rows = FieldList(FormField(AccountRow))

    @classmethod
    def of_chart(cls) -> AccountsForm:
        """The form filled with the company's chart."""
        statement = select(Account.role, Account.number, Account.label).where(Account.role.is_not(None))
        accounts = {role: (number, label) for role, number, label in db.session.execute(statement)}
        rows = [_row(key, *accounts.get(key, ("", ""))) for key in role_keys()]
        return cls(formdata=None, data={"rows": rows})

    @classmethod
    def of_request(cls) -> AccountsForm:
        """The form as typed; rows of unknown roles are dropped."""
        form = cls(formdata=request.form)
        known = set(role_keys())
        form.rows.entries = [entry for entry in form.rows.entries if entry.form.key.data in known]
        return form


@dataclass(frozen=True)
class ShownRow:
    """A row of the form with what the page says of it."""

    default: RoleDefault
    vat_rate: int | None
    form: Any

    @property
    def title(self) -> LazyString | str:
        """What the account is for."""
        if self.vat_rate is None:
            return self.default.title
        return f"{self.default.title} {rate(self.vat_rate)}"

    @property
    def is_optional(self) -> bool:
        """Whether it may stay empty: another account is used then."""
        return self.vat_rate is not None or self.default.instead is not None


def shown_rows(form: AccountsForm) -> list[ShownRow]:
    """The rows of the form with their roles."""
    rows = []
    for entry in form.rows.entries:
        role, vat_rate = split_role_key(entry.form.key.data)
        rows.append(ShownRow(ROLES[role], vat_rate, entry.form))
    return rows


def under_headings(rows: list[ShownRow]) -> list[tuple[LazyString, list[ShownRow]]]:
    """The rows under the headings of the chart, in its order."""
    headings = [title for _, title in GROUPS]
    groups = [(title, [row for row in rows if heading_of(row.default.number) is title]) for title in headings]
    return [(title, found) for title, found in groups if found]


def role_keys() -> Iterator[str]:
    """Every role that may have an account, general ones first, those by VAT rate behind them."""
    yield from (role.value for role in ROLES)
    for role, default in ROLES.items():
        if default.by_rate:
            yield from (role_key(role, vat_rate) for vat_rate in _rates(role))


def _rates(role: AccountRole) -> Iterator[int]:
    return (vat_rate for vat_rate in FRENCH_RATES if vat_rate or role is not AccountRole.VAT_COLLECTED)


def _row(key: str, number: str, label: str) -> dict[str, str]:
    return {"key": key, "number": number, "label": label, "seen": f"{number} {label}".strip()}


def put_error(field: Field, message: object) -> None:
    """Put a sentence beside a field."""
    field.errors = [*field.errors, str(message)]
