"""How values are shown: Jinja filters over Babel in the language of the page, instants in Europe/Paris."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import phonenumbers
from babel.dates import format_date, format_time
from babel.units import format_unit
from flask import Flask
from flask_babel import get_locale, gettext

from core.clock import PARIS
from core.money import QUANTITY_DECIMALS, RATE_DECIMALS, UNIT_PRICE_DECIMALS, format_cents, format_scaled

_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")


def money(cents: int | None) -> str:
    """`1 234,56 €`; nothing for None."""
    return "" if cents is None else format_cents(cents, get_locale())


def amount(cents: int | None) -> str:
    """`1 234,56`, for tables whose head names the currency."""
    return "" if cents is None else format_cents(cents, get_locale(), currency=False)


def day(value: date | None) -> str:
    """`3 mars 2026`, months shortened where they are long."""
    return "" if value is None else format_date(value, format="d MMM y", locale=get_locale())


def short_day(value: date | None) -> str:
    """`03/03/2026`, for tables."""
    return "" if value is None else format_date(value, format="dd/MM/yyyy", locale=get_locale())


def month(value: date) -> str:
    """`mars 2026`."""
    return format_date(value, format="LLLL y", locale=get_locale())


def moment(value: datetime | None) -> str:
    """`3 mars 2026 à 14:05` in Paris time."""
    if value is None:
        return ""
    in_paris = value.astimezone(PARIS)
    text: str = gettext(
        "%(day)s at %(time)s",
        day=format_date(in_paris, format="d MMM y", locale=get_locale()),
        time=format_time(in_paris, format="HH:mm", locale=get_locale()),
    )
    return text


def quantity(value: int | None) -> str:
    """A quantity of 4 decimals without its zeros."""
    return "" if value is None else format_scaled(value, QUANTITY_DECIMALS, get_locale())


def unit_price(value: int | None) -> str:
    """A unit price of 6 decimals, at least 2 shown."""
    return "" if value is None else format_scaled(value, UNIT_PRICE_DECIMALS, get_locale(), least_decimals=2)


def rate(value: int | None) -> str:
    """A rate of 1/100 %: `5,5 %`."""
    return "" if value is None else f"{format_scaled(value, RATE_DECIMALS, get_locale())}\u00a0%"


def number(value: int | None) -> str:
    """A count: `1 718`."""
    return "" if value is None else format_scaled(value, 0, get_locale())


def file_size(value: int) -> str:
    """A file's size in bytes, in the unit of 1,000 that reads best: `12,4 Mo`."""
    size, steps = float(value), 0
    # By what is shown: 999,999 bytes are 1 MB, not 1,000 kB.
    while round(size, 1) >= 1_000 and steps < len(_UNITS) - 1:
        size, steps = size / 1_000, steps + 1
    length: Literal["short", "long"] = "short" if steps else "long"
    return format_unit(round(size, 1), f"digital-{_UNITS[steps]}", length=length, locale=get_locale())


def phone(value: str) -> str:
    """A number in the form E.164 as people read it: `+33 6 12 34 56 78`."""
    try:
        parsed = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(
        " ", "\u00a0"
    )


def init_formats(app: Flask) -> None:
    """Register the filters."""
    filters = {
        "money": money,
        "amount": amount,
        "date": day,
        "short_date": short_day,
        "month": month,
        "datetime": moment,
        "quantity": quantity,
        "unit_price": unit_price,
        "rate": rate,
        "number": number,
        "file_size": file_size,
        "phone": phone,
    }
    app.jinja_env.filters.update(filters)
