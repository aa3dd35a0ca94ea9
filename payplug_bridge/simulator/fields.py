"""Checks of single fields for `payment_request.py`: each returns what is wrong with a value, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

Check = Callable[[object], str | None]

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
COUNTRY = re.compile(r"[A-Z]{2}")
LANGUAGE = re.compile(r"[a-z]{2}")
LONGEST_METADATA_VALUE = 500
LONGEST_URL = 2048


def text(longest: int) -> Check:
    """A string of at most so many characters."""

    def check(value: object) -> str | None:
        if not isinstance(value, str):
            return "This field must be a string."
        return f"This field must have at most {longest} characters." if len(value) > longest else None

    return check


def pattern(expression: re.Pattern[str], meaning: str) -> Check:
    """A string that matches as a whole."""

    def check(value: object) -> str | None:
        matches = isinstance(value, str) and expression.fullmatch(value) is not None
        return None if matches else f"This field must be {meaning}."

    return check


def one_of(*choices: str) -> Check:
    """One of the given strings."""

    def check(value: object) -> str | None:
        return None if value in choices else f"This field must be one of: {', '.join(choices)}."

    return check


def boolean(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "This field must be a boolean."


def cents(minimum: int, maximum: int) -> Check:
    """A whole number of cents within limits."""

    def check(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "This field must be an integer."
        return None if minimum <= value <= maximum else f"The amount must be between {minimum} and {maximum}."

    return check


def web_address(value: object) -> str | None:
    """An absolute http or https address."""
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        return "This field must be a URL."
    try:
        parts = urlsplit(value)
    except ValueError:
        return "This field must be a valid URL."
    return None if parts.scheme in ("http", "https") and parts.hostname else "This field must be a valid URL."


def email(value: object) -> str | None:
    """An e-mail address of at most 255 characters."""
    valid = isinstance(value, str) and len(value) <= 255 and EMAIL.fullmatch(value) is not None
    return None if valid else "This field must be a valid email address."


def metadata(value: object) -> str | None:
    """A flat object of the merchant's; values of at most 500 characters."""
    if not isinstance(value, Mapping):
        return "This field must be an object."
    too_long = [
        key for key, item in value.items() if isinstance(item, str) and len(item) > LONGEST_METADATA_VALUE
    ]
    return f"The value of {too_long[0]} is too long." if too_long else None


# Lengths are those the official plugins cut at; the API's own are not documented.
PERSON: dict[str, Check] = {
    "title": one_of("mr", "mrs", "miss"),
    "first_name": text(100),
    "last_name": text(100),
    "email": email,
    "mobile_phone_number": pattern(PHONE, "a phone number in E.164 format"),
    "landline_phone_number": pattern(PHONE, "a phone number in E.164 format"),
    "address1": text(255),
    "address2": text(255),
    "company_name": text(100),
    "postcode": text(16),
    "city": text(100),
    "state": text(100),
    "country": pattern(COUNTRY, "a two-letter country code"),
    "language": pattern(LANGUAGE, "a two-letter language code"),
}
DELIVERY_TYPES = ("BILLING", "VERIFIED", "NEW", "SHIP_TO_STORE", "DIGITAL_GOODS", "TRAVEL_OR_EVENT", "OTHER")
SHIPPING: dict[str, Check] = {**PERSON, "delivery_type": one_of(*DELIVERY_TYPES)}
CUSTOMER: dict[str, Check] = {
    key: PERSON[key]
    for key in ("first_name", "last_name", "email", "address1", "address2", "postcode", "city", "country")
}
HOSTED_PAYMENT: dict[str, Check] = {
    "return_url": web_address,
    "cancel_url": web_address,
    "sent_by": one_of("EMAIL", "SMS"),
}
