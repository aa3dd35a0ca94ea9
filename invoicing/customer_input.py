"""What a form or an import says about a customer, and the checks it must pass before `save_customer` writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

import phonenumbers
from babel import Locale
from flask_babel import lazy_gettext as _l
from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as fr_siren
from stdnum.fr import siret as fr_siret
from stdnum.fr import tva as fr_vat

from accounting.customer_account import checked_account_number
from accounting.errors import AccountingError
from invoicing.input_checks import FieldErrors, clean_text
from invoicing.models import CustomerKind
from invoicing.vat_categories import VatCase
from invoicing.vat_checks import check_treatment

LANGUAGES = ("fr", "en")
MOST_CONTACTS = 20
LONGEST_TERMS_DAYS = 365
LONGEST_BUSINESS_TERMS_DAYS = 60
"""C. com. L441-10 I (web): between businesses at most 60 days from the invoice date. The 45 days end of month that
may be agreed instead are a due date of each invoice, not a number of days; the gate of issue knows both."""
LONGEST_NOTE = 2000
# The address on a platform, scheme 0225 (XP Z12-013): the SIREN, alone or with what the business added to it.
_EINVOICE_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,125}")
# Regions of CLDR that are no country of an address: unions, unknown, private and reserved codes.
_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}


class Zone(StrEnum):
    """Where a customer is, which its country decides."""

    FRANCE = "france"
    EU = "eu"
    ABROAD = "abroad"


@dataclass(frozen=True)
class ContactInput:
    """A person or mailbox at the customer; `id` names the contact that is changed, None makes a new one."""

    name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    receives_invoices: bool = True
    id: int | None = None


@dataclass(frozen=True)
class CustomerInput:
    """Everything about a customer as typed. Contacts that are left out are removed from an existing customer.

    `request_key` is a random key of the form of a new customer, so that sending it twice makes one. `vat_case` and
    `vat_ground` are proposed on its documents; None leaves the case to the company. `may_lack_address` lets an
    individual in France have none: an invoice to who is in no business need not show it (CGI art. 289 I) (practice).
    """

    kind: CustomerKind
    name: str
    first_name: str = ""
    siren: str = ""
    siret: str = ""
    vat_number: str = ""
    einvoice_address: str = ""
    address1: str = ""
    address2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "FR"
    delivery_name: str = ""
    delivery_address1: str = ""
    delivery_address2: str = ""
    delivery_postcode: str = ""
    delivery_city: str = ""
    delivery_country: str = ""
    language: str = "fr"
    payment_terms_days: int | None = None
    ledger_account: str = ""
    note: str = ""
    external_reference: str | None = None
    contacts: tuple[ContactInput, ...] = ()
    request_key: str | None = None
    vat_case: VatCase | None = None
    vat_ground: str = ""
    may_lack_address: bool = False

    @property
    def lacks_address(self) -> bool:
        """True for an individual of whom no address was asked, and none was given."""
        typed = (self.address1, self.address2, self.postcode, self.city)
        in_no_business = self.kind is CustomerKind.INDIVIDUAL and self.country == "FR"
        return self.may_lack_address and in_no_business and not any(map(clean_text, typed))


_STREET_MISSING = _l("Give the street and number, or the place.")


@cache
def country_codes() -> frozenset[str]:
    """The ISO 3166 codes an address may have."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NOT_COUNTRIES


def check_terms(errors: FieldErrors, days: int | None, kind: CustomerKind) -> None:
    """Refuse terms of payment that the law does not allow for such a customer, on `payment_terms_days`."""
    if days is None or 0 <= days <= LONGEST_BUSINESS_TERMS_DAYS:
        return
    if not 0 <= days <= LONGEST_TERMS_DAYS:
        message = _l("Give a number of days between 0 and %(most)d.", most=LONGEST_TERMS_DAYS)
        errors.add("payment_terms_days", message)
    elif kind is CustomerKind.BUSINESS:
        message = _l(
            "Between businesses the law allows at most %(most)d days.", most=LONGEST_BUSINESS_TERMS_DAYS
        )
        errors.add("payment_terms_days", message)


def checked_customer(given: CustomerInput) -> CustomerInput:
    """The input cleaned and in normal form.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    errors = FieldErrors()
    country = _checked_country(errors, "country", given.country)
    if given.language not in LANGUAGES:
        errors.add("language", _l("Choose one of the languages offered."))
    check_terms(errors, given.payment_terms_days, given.kind)
    reference = errors.text("external_reference", given.external_reference or "", 100)
    bare = given.lacks_address
    checked = replace(
        given,
        name=errors.text("name", given.name, 255, required=_l("Give the name.")),
        first_name=errors.text("first_name", given.first_name, 100)
        if given.kind is CustomerKind.INDIVIDUAL
        else "",
        address1=errors.text("address1", given.address1, 255, required=None if bare else _STREET_MISSING),
        address2=errors.text("address2", given.address2, 255),
        postcode="" if bare else _checked_postcode(errors, "postcode", given.postcode, country),
        city=errors.text("city", given.city, 100, required=None if bare else _l("Give the town.")),
        country=country,
        external_reference=reference or None,
        ledger_account=_checked_account(errors, given.ledger_account),
        note=errors.text("note", given.note, LONGEST_NOTE, lines=True),
        contacts=_checked_contacts(errors, given.contacts, country),
        **_checked_numbers(errors, given, country),
        **_checked_delivery(errors, given),
    )
    check_treatment(errors, given.vat_case, given.vat_ground)
    errors.raise_if_any()
    return checked


def zone_of(country: str) -> Zone:
    """Where a customer of that country (ISO 3166) is."""
    if country == "FR":
        return Zone.FRANCE
    return Zone.EU if country in _eu_countries() else Zone.ABROAD


def _checked_country(errors: FieldErrors, field: str, value: str) -> str:
    country = clean_text(value).upper()
    if country not in country_codes():
        errors.add(field, _l("Choose a country from the list."))
    return country


def _checked_numbers(errors: FieldErrors, given: CustomerInput, country: str) -> dict[str, Any]:
    """The numbers by which businesses and public bodies are known; individuals have none."""
    if given.kind is CustomerKind.INDIVIDUAL:
        return dict.fromkeys(("siren", "siret", "vat_number", "einvoice_address"), "")
    siret = _checked_siret(errors, given.siret)
    # A SIRET begins with the SIREN: who gives the one need not type the other.
    siren = _checked_siren(errors, given.siren or siret[:9], required=country == "FR")
    if siret and not siret.startswith(siren):
        errors.add("siret", _l("A SIRET begins with the SIREN. One of the two is wrong."))
    return {
        "siren": siren,
        "siret": siret,
        "vat_number": _checked_vat_number(errors, given.vat_number, country, siren),
        "einvoice_address": _checked_einvoice_address(errors, given.einvoice_address, siren, country),
    }


def _checked_siret(errors: FieldErrors, value: str) -> str:
    number = fr_siret.compact(clean_text(value))
    if not number:
        return ""
    if len(number) != 14 or not number.isdecimal():
        errors.add("siret", _l("A SIRET has 14 digits: the SIREN, then 5 for the place."))
    elif not fr_siret.is_valid(number) or number.startswith("000000000"):
        errors.add("siret", _l("This SIRET does not exist: one of its digits is wrong."))
    return number


def _checked_einvoice_address(errors: FieldErrors, value: str, siren: str, country: str) -> str:
    address = clean_text(value)
    if address and not _EINVOICE_ADDRESS.fullmatch(address):
        errors.add(
            "einvoice_address", _l("Only letters, digits, hyphens, underscores and dots, at most 125.")
        )
    elif address and country == "FR" and not address.startswith(siren):
        errors.add("einvoice_address", _l("The address of a French customer begins with its SIREN."))
    return address


def _checked_account(errors: FieldErrors, value: str) -> str:
    try:
        return checked_account_number(clean_text(value))
    except AccountingError as error:
        errors.add("ledger_account", error.message)
        return value


def _checked_delivery(errors: FieldErrors, given: CustomerInput) -> dict[str, Any]:
    """The address of delivery, whole or not at all; a country alone is none: a form always sends one."""
    names = ("name", "address1", "address2", "postcode", "city", "country")
    typed = {name: clean_text(getattr(given, f"delivery_{name}")) for name in names}
    if not any(typed[name] for name in names[:-1]):
        return {f"delivery_{name}": "" for name in names}
    country = _checked_country(errors, "delivery_country", typed["country"] or given.country)
    return {
        "delivery_name": errors.text("delivery_name", typed["name"], 255),
        "delivery_address1": errors.text(
            "delivery_address1", typed["address1"], 255, required=_STREET_MISSING
        ),
        "delivery_address2": errors.text("delivery_address2", typed["address2"], 255),
        "delivery_postcode": _checked_postcode(errors, "delivery_postcode", typed["postcode"], country),
        "delivery_city": errors.text("delivery_city", typed["city"], 100, required=_l("Give the town.")),
        "delivery_country": country,
    }


def _checked_siren(errors: FieldErrors, value: str, *, required: bool) -> str:
    number = fr_siren.compact(clean_text(value))
    if not number:
        if required:
            errors.add("siren", _l("Give the SIREN: an invoice to a French business must show it."))
    elif len(number) != 9 or not number.isdecimal():
        errors.add("siren", _l("A SIREN has 9 digits (the first 9 of the SIRET)."))
    elif not fr_siren.is_valid(number) or number == "000000000":
        errors.add("siren", _l("This SIREN does not exist: one of its digits is wrong."))
    return number


def _checked_vat_number(errors: FieldErrors, value: str, country: str, siren: str) -> str:
    number = "".join(clean_text(value).upper().split()).replace(".", "")
    if not number:
        return ""
    if len(number) > 20:
        errors.add("vat_number", _l("This is too long: at most %(count)d characters.", count=20))
    elif country == "FR":
        if not is_french_vat_number(number, siren):
            errors.add(
                "vat_number",
                _l("This is not the VAT number of this SIREN. It is FR, two characters, then the SIREN."),
            )
    elif country in _eu_countries() and not eu_vat.is_valid(number):
        errors.add(
            "vat_number", _l("This is not a valid VAT number. It begins with the code of its country.")
        )
    return number


def is_french_vat_number(number: str, siren: str) -> bool:
    """Whether this is a French VAT number with a right key, and that of the SIREN when one is given."""
    return number.startswith("FR") and fr_vat.is_valid(number) and (not siren or number.endswith(siren))


@cache
def _eu_countries() -> frozenset[str]:
    return frozenset(code.upper() for code in eu_vat.MEMBER_STATES)


def _checked_postcode(errors: FieldErrors, field: str, value: str, country: str) -> str:
    postcode = errors.text(field, value, 16)
    if country == "FR" and not (len(postcode) == 5 and postcode.isdecimal() and postcode.isascii()):
        errors.add(field, _l("A French postcode has 5 digits."))
    return postcode


def _checked_contacts(
    errors: FieldErrors, contacts: tuple[ContactInput, ...], country: str
) -> tuple[ContactInput, ...]:
    if len(contacts) > MOST_CONTACTS:
        errors.add("contacts", _l("At most %(count)d contacts can be kept.", count=MOST_CONTACTS))
    checked = (
        replace(
            contact,
            name=errors.text(f"contacts-{index}-name", contact.name, 120),
            email=errors.email(f"contacts-{index}-email", contact.email),
            phone=checked_phone(errors, f"contacts-{index}-phone", contact.phone, country),
            mobile=checked_mobile(errors, f"contacts-{index}-mobile", contact.mobile, country),
        )
        for index, contact in enumerate(contacts[:MOST_CONTACTS])
    )
    return tuple(c for c in checked if c.name or c.email or c.phone or c.mobile)


def checked_phone(errors: FieldErrors, field: str, value: str, country: str) -> str:
    """A phone number in its international form, or empty; numbers without a prefix are of the country."""
    number = _parsed_phone(errors, field, value, country)
    return number if isinstance(number, str) else _international(number)


def checked_mobile(errors: FieldErrors, field: str, value: str, country: str) -> str:
    """A number that takes text messages, in its international form, or empty. North American ones cannot be told."""
    number = _parsed_phone(errors, field, value, country)
    if isinstance(number, str):
        return number
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if phonenumbers.number_type(number) not in kinds:
        errors.add(field, _l("This is not the number of a mobile phone. French ones begin with 06 or 07."))
    return _international(number)


def _parsed_phone(
    errors: FieldErrors, field: str, value: str, country: str
) -> phonenumbers.PhoneNumber | str:
    """The number, or what was typed when it is empty or wrong."""
    clean = clean_text(value)
    if not clean:
        return ""
    try:
        number = phonenumbers.parse(clean, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        errors.add(
            field, _l("This is not a phone number. Foreign numbers begin with + and the country’s code.")
        )
        return clean
    return number


def _international(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
