"""Who pays, in PayPlug's own keys: from the invoice's frozen buyer and the customer's contact, else from the payer.

Used by `start_payment`. The lengths are those PayPlug's own plugins cut at; which keys are mandatory is not documented:
those here are what a production integration sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from invoicing.customers import contacts_of
from invoicing.models import Contact, CustomerKind, Document
from invoicing.parties import Buyer, read_buyer
from payplug_bridge.errors import BillingIncomplete

LENGTHS: Final[Mapping[str, int]] = {
    "first_name": 100,
    "last_name": 100,
    "email": 255,
    "company_name": 100,
    "address1": 255,
    "address2": 255,
    "postcode": 16,
    "city": 100,
    "country": 2,
    "language": 2,
    "mobile_phone_number": 20,
}
REQUIRED: Final = ("first_name", "last_name", "email", "address1", "postcode", "city", "country")


def billing_for(
    document: Document, answers: Mapping[str, str], besides: tuple[str, ...] = ()
) -> dict[str, str]:
    """PayPlug's `billing` of an issued invoice; what the payer typed wins over what we know.

    Args:
        document: the invoice.
        answers: what the payer typed.
        besides: keys that the way to pay asks for beside the usual ones.

    Raises:
        BillingIncomplete: naming the keys that are missing, or an e-mail address or a number that is none.
    """
    known = known_billing(document)
    required = (*REQUIRED, *besides)
    typed = {key: value.strip() for key, value in answers.items() if key in required and value.strip()}
    billing = {**known, **typed}
    billing["mobile_phone_number"] = _mobile(
        billing.get("mobile_phone_number", ""), billing.get("country", "")
    )
    cut = {key: billing[key][:length] for key, length in LENGTHS.items() if billing.get(key)}
    missing = tuple(key for key in required if not cut.get(key))
    if missing:
        raise BillingIncomplete(missing)
    if not _is_address(cut["email"]):
        raise BillingIncomplete(("email",))
    return cut


def known_billing(document: Document) -> dict[str, str]:
    """What we know of the payer; keys may be missing or empty."""
    buyer = read_buyer(document.buyer)
    contact = _contact(document)
    first_name, last_name = _names(document, buyer, contact)
    return {
        "first_name": first_name,
        "last_name": last_name,
        "email": contact.email if contact else "",
        "company_name": buyer.name if buyer.kind is CustomerKind.BUSINESS else "",
        "address1": buyer.address1,
        "address2": buyer.address2,
        "postcode": buyer.postcode,
        "city": buyer.city,
        "country": buyer.country,
        "language": document.language,
        "mobile_phone_number": contact.mobile if contact else "",
    }


def _contact(document: Document) -> Contact | None:
    """The person who receives invoices, else anybody who can be written to."""
    reachable = [contact for contact in contacts_of(document.customer_id) if contact.email]
    receiving = [contact for contact in reachable if contact.receives_invoices]
    return next(iter(receiving or reachable), None)


def _names(document: Document, buyer: Buyer, contact: Contact | None) -> tuple[str, str]:
    customer = document.customer
    if customer.first_name and customer.full_name == buyer.name:
        return customer.first_name, customer.name
    name = contact.name if contact and contact.name else buyer.name
    first, _, last = name.strip().partition(" ")
    # One word alone: PayPlug wants both names.
    return first, last.strip() or first


def _mobile(text: str, country: str) -> str:
    """A number in the international form PayPlug asks for (E.164); empty when it is none, for then it is left out."""
    try:
        number = phonenumbers.parse(text, country or "FR")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True
