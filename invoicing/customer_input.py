"""What a form or an import says about a customer, and the checks it must pass before `save_customer` writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import phonenumbers
from babel import Locale
from flask_babel import lazy_gettext as _l
from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as fr_siren
from stdnum.fr import tva as fr_vat

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
# Regions of CLDR that are no country of an address: unions, unknown, private and reserved codes.
_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}


@dataclass(frozen=True)
class ContactInput:
    """A person or mailbox at the customer; `id` names the contact that is changed, None makes a new one."""

    name: str = ""
    email: str = ""
    phone: str = ""
    receives_invoices: bool = True
    id: int | None = None


@dataclass(frozen=True)
class CustomerInput:
    """Everything about a customer as typed. Contacts that are left out are removed from an existing customer.

    `request_key` is a random key of the form of a new customer, so that sending it twice makes one. `vat_case` and
    `vat_ground` are proposed on its documents; None leaves the case to the company.
    """

    kind: CustomerKind
    name: str
    first_name: str = ""
    siren: str = ""
    vat_number: str = ""
    address1: str = ""
    address2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "FR"
    language: str = "fr"
    payment_terms_days: int | None = None
    external_reference: str | None = None
    contacts: tuple[ContactInput, ...] = ()
    request_key: str | None = None
    vat_case: VatCase | None = None
    vat_ground: str = ""


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
    country = clean_text(given.country).upper()
    if country not in country_codes():
        errors.add("country", _l("Choose a country from the list."))
    if given.language not in LANGUAGES:
        errors.add("language", _l("Choose one of the languages offered."))
    check_terms(errors, given.payment_terms_days, given.kind)
    business = given.kind is CustomerKind.BUSINESS
    siren = _checked_siren(errors, given.siren, required=country == "FR") if business else ""
    reference = errors.text("external_reference", given.external_reference or "", 100)
    checked = replace(
        given,
        name=errors.text("name", given.name, 255, required=_l("Give the name.")),
        first_name="" if business else errors.text("first_name", given.first_name, 100),
        siren=siren,
        vat_number=_checked_vat_number(errors, given.vat_number, country, siren) if business else "",
        address1=errors.text(
            "address1", given.address1, 255, required=_l("Give the street and number, or the place.")
        ),
        address2=errors.text("address2", given.address2, 255),
        postcode=_checked_postcode(errors, given.postcode, country),
        city=errors.text("city", given.city, 100, required=_l("Give the town.")),
        country=country,
        external_reference=reference or None,
        contacts=_checked_contacts(errors, given.contacts, country),
    )
    check_treatment(errors, given.vat_case, given.vat_ground)
    errors.raise_if_any()
    return checked


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


def _checked_postcode(errors: FieldErrors, value: str, country: str) -> str:
    postcode = errors.text("postcode", value, 16)
    if country == "FR" and not (len(postcode) == 5 and postcode.isdecimal() and postcode.isascii()):
        errors.add("postcode", _l("A French postcode has 5 digits."))
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
        )
        for index, contact in enumerate(contacts[:MOST_CONTACTS])
    )
    return tuple(c for c in checked if c.name or c.email or c.phone)


def checked_phone(errors: FieldErrors, field: str, value: str, country: str) -> str:
    """A phone number in its international form, or empty; numbers without a prefix are of the country."""
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
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
