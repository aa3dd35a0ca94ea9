"""Seller and buyer as they stand on a document: copied at issue as canonical JSON, so that later changes touch nothing.

`issue_invoice` and `credit_invoice` freeze them; pages, PDF and mails of an issued document read them back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.models import Company
from core.seal import canonical
from invoicing.models import Customer, CustomerKind, InvoicingSettings
from invoicing.settings import logo_sha256


@dataclass(frozen=True)
class Seller:
    """The company on a document. Empty text where the company gave nothing; the capital is in cents.

    `logo_sha256` names the file of its logo; documents from before there were logos say nothing of one.
    """

    name: str
    legal_form: str
    share_capital_cents: int | None
    siren: str
    siret: str
    vat_number: str
    registration: str
    address1: str
    address2: str
    postcode: str
    city: str
    country: str
    email: str
    phone: str
    website: str
    iban: str
    bic: str
    colour: str
    legal_notice: str
    logo_sha256: str = ""


@dataclass(frozen=True)
class Address:
    """Where goods are delivered, as typed on a document or kept for a customer."""

    name: str = ""
    address1: str = ""
    address2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "FR"


@dataclass(frozen=True)
class Buyer:
    """The customer on a document; `name` is the full name as printed.

    What has a default was not kept on documents from the beginning: reading an old one leaves it empty.
    """

    kind: CustomerKind
    number: str
    name: str
    siren: str
    vat_number: str
    address1: str
    address2: str
    postcode: str
    city: str
    country: str
    siret: str = ""
    einvoice_address: str = ""


def seller_of(company: Company, settings: InvoicingSettings) -> Seller:
    """The company as it stands now. It may read: call it before the lock of a number series is taken."""
    same = {name: getattr(company, name) for name in Seller.__dataclass_fields__ if name != "logo_sha256"}
    return Seller(logo_sha256=logo_sha256(settings), **same)


def buyer_of(customer: Customer) -> Buyer:
    """The customer as it stands now."""
    same = {name: getattr(customer, name) for name in Buyer.__dataclass_fields__ if name != "name"}
    return Buyer(name=customer.full_name, **same)


def address_json(address: Address | None) -> str:
    """How a document keeps a delivery address; empty for none."""
    return "" if address is None else canonical(vars(address))


def read_address(text: str) -> Address | None:
    """The delivery address of a document, or None."""
    return Address(**json.loads(text)) if text else None


def delivery_of(customer: Customer) -> Address | None:
    """The customer's own delivery address, or None when it is that of billing."""
    if not customer.delivery_address1:
        return None
    return Address(**{name: getattr(customer, f"delivery_{name}") for name in Address.__dataclass_fields__})


def party_json(party: Seller | Buyer) -> str:
    """The copy that is kept on the document."""
    return canonical(vars(party))


def read_seller(text: str) -> Seller:
    """The seller of an issued document."""
    return Seller(**json.loads(text))


def read_buyer(text: str) -> Buyer:
    """The buyer of an issued document."""
    values = json.loads(text)
    return Buyer(**{**values, "kind": CustomerKind(values["kind"])})
