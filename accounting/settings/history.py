"""What was changed in the settings of the books, by whom and when, in the reader's words: read from the event log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import get_month_names
from flask_babel import LazyString, format_date, get_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.models import CustomerAccounts, DepositsScheme, SalesExtension
from accounting.roles import ROLES, split_role_key
from core.database import db
from core.event_log import Event
from core.models import User
from core.tenancy import current_company_id
from core.web.formats import rate

Words = Mapping[str, Any]
ALL_SALES: dict[SalesExtension, LazyString] = {
    SalesExtension.NONE: _l("No extension: 707000 for every rate"),
    SalesExtension.TWO: _l("Two digits of the rate behind the root: 70720"),
    SalesExtension.PADDED: _l("Two digits, filled up with zeros to the length of the account: 707200"),
    SalesExtension.FOUR: _l("Four digits of the rate behind the root: 7072000"),
}
ALL_CUSTOMERS: dict[CustomerAccounts, LazyString] = {
    CustomerAccounts.COLLECTIVE: _l("One account for all customers, told apart by their codes"),
    CustomerAccounts.BY_CODE: _l("One account each, by code: 411C00012"),
    CustomerAccounts.BY_DIGITS: _l("One account each, of eight digits: 41100012"),
}
ALL_DEPOSITS: dict[DepositsScheme, LazyString] = {
    DepositsScheme.AT_ISSUE: _l("When they are issued: the customer owes them in the books"),
    DepositsScheme.WHEN_PAID: _l("When they are paid: nothing is in the books before the money"),
}


@dataclass(frozen=True)
class SettingsChange:
    """One change: what was changed, and what it said before and after (both may be empty)."""

    at: datetime
    actor: str
    what: str
    before: str
    after: str


_Sentence = Callable[[Words], tuple[str, str, str]]


def _plain(what: LazyString) -> _Sentence:
    return lambda said: (str(what), str(said.get("before") or ""), str(said.get("after") or ""))


def _named(what: LazyString, key: str) -> _Sentence:
    return lambda said: (f"{what} {said[key]}", str(said.get("before") or ""), str(said.get("after") or ""))


def _role(said: Words) -> tuple[str, str, str]:
    role, vat_rate = split_role_key(said["role"])
    title = str(ROLES[role].title)
    what = title if vat_rate is None else f"{title} {rate(vat_rate)}"
    return gettext("Account for: %(what)s", what=what), said["before"] or "", said["after"] or ""


def _vat(said: Words) -> tuple[str, str, str]:
    return gettext("VAT on debits"), *(_day_or_none(said[side]) for side in ("before", "after"))


def _day_or_none(text: str | None) -> str:
    return str(format_date(date.fromisoformat(text))) if text else str(gettext("on collection"))


def _extension(said: Words) -> tuple[str, str, str]:
    before, after = (str(ALL_SALES[SalesExtension(said[side])]) for side in ("before", "after"))
    return gettext("Sales accounts by VAT rate"), before, after


def _customers(said: Words) -> tuple[str, str, str]:
    before, after = (str(ALL_CUSTOMERS[CustomerAccounts(said[side])]) for side in ("before", "after"))
    return gettext("Customer accounts"), before, after


def _deposits(said: Words) -> tuple[str, str, str]:
    before, after = (str(ALL_DEPOSITS[DepositsScheme(said[side])]) for side in ("before", "after"))
    return gettext("Deposit invoices are booked"), before, after


def _years(said: Words) -> tuple[str, str, str]:
    return gettext("Financial years"), _year_words(said["before"]), _year_words(said["after"])


def _year_words(seen: str) -> str:
    month, first_day, last_day = seen.split("/")
    words: str = gettext("end in %(month)s", month=get_month_names(locale=get_locale())[int(month)])
    if not first_day:
        return words
    days = (format_date(date.fromisoformat(day)) for day in (first_day, last_day))
    return f"{words}, {gettext('the first one %(days)s', days=' – '.join(days))}"


_SENTENCES: dict[str, _Sentence] = {
    "account.assigned": _role,
    "account.renamed": _named(_l("Name of account"), "number"),
    "account.added": _named(_l("New account"), "number"),
    "vat_on_debits.changed": _vat,
    "sales_extension.changed": _extension,
    "customer_accounts.changed": _customers,
    "deposits_scheme.changed": _deposits,
    "fiscal_year_dates.changed": _years,
    "journal.changed": _plain(_l("Journal")),
    "treasury_account.added": _named(_l("New treasury account"), "number"),
    "treasury_account.changed": _plain(_l("Treasury account")),
}


def add_sentence(kind: str, sentence: _Sentence) -> None:
    """Have changes of a package above told as well; called by its `wiring`."""
    _SENTENCES[kind] = sentence


def count_changes() -> int:
    """How many changes there are."""
    return (
        db.session.scalar(
            select(func.count(Event.id)).where(
                Event.company_id == current_company_id(), Event.kind.in_(_SENTENCES)
            )
        )
        or 0
    )


def settings_changes(*, limit: int, offset: int = 0, account_id: int | None = None) -> list[SettingsChange]:
    """The changes, newest first; those about one account only, where it is named."""
    statement = (
        select(Event, User)
        .outerjoin(User, User.id == Event.actor_id)
        .where(Event.company_id == current_company_id(), Event.kind.in_(_SENTENCES))
        .order_by(Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if account_id is not None:
        statement = statement.where(Event.subject_kind == "account", Event.subject_id == account_id)
    return [_told(row.Event, row.User) for row in db.session.execute(statement)]


def _told(event: Event, actor: User | None) -> SettingsChange:
    what, before, after = _SENTENCES[event.kind](json.loads(event.details))
    name = "" if actor is None else actor.name or actor.email
    return SettingsChange(event.at, name, what, before, after)
