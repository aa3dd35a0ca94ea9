"""Imports customers from a CSV file: all of it or nothing, and nothing twice. Template: docs/guide/import.md."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from invoicing.csv_files import Column, ImportCount, Progress, Row, lines_sharing, read_rows, refuse_faulty
from invoicing.customer_input import MOST_CONTACTS, ContactInput, CustomerInput, checked_customer
from invoicing.customers import find_by_number, find_by_reference, save_customer
from invoicing.errors import InvalidInputError
from invoicing.import_columns import DELIVERY_COLUMNS, VAT_COLUMNS, ground_in, vat_case_of
from invoicing.models import CustomerKind

_CONTACT = (
    Column("contact_name", ("contact", "nom du contact")),
    Column("email", ("e-mail", "courriel", "mail")),
    Column("phone", ("téléphone",)),
    Column("mobile", ("portable", "mobile")),
    Column("receives_invoices", ("reçoit les factures",)),
)


def contact_columns(number: int) -> tuple[Column, ...]:
    """The columns of the contact of that number, counted from 1; from the second on the number stands behind."""
    if number == 1:
        return _CONTACT
    return tuple(
        Column(f"{column.name}_{number}", tuple(f"{name} {number}" for name in column.french))
        for column in _CONTACT
    )


COLUMNS = (
    Column("reference", ("référence",), required=True),
    Column("kind", ("type", "nature")),
    Column("name", ("nom", "raison sociale"), required=True),
    Column("first_name", ("prénom",)),
    Column("siren"),
    Column("siret"),
    Column("vat_number", ("numéro de TVA", "TVA intracommunautaire")),
    Column("einvoice_address", ("adresse de facturation électronique",)),
    Column("address1", ("adresse", "adresse 1"), required=True),
    Column("address2", ("complément d'adresse", "adresse 2")),
    Column("postcode", ("code postal",), required=True),
    Column("city", ("ville",), required=True),
    Column("country", ("pays",)),
    Column("language", ("langue",)),
    Column("payment_terms_days", ("délai de paiement", "délai")),
    *VAT_COLUMNS,
    *DELIVERY_COLUMNS,
    Column("ledger_account", ("compte comptable", "compte")),
    Column("note", ("remarque interne", "remarque")),
    *(column for number in range(1, MOST_CONTACTS + 1) for column in contact_columns(number)),
)
_KINDS = {
    "business": "business", "entreprise": "business", "professionnel": "business", "societe": "business",
    "individual": "individual", "particulier": "individual",
    "public": "public", "organisme_public": "public", "administration": "public", "collectivite": "public",
}  # fmt: skip
_LANGUAGES = {"fr": "fr", "francais": "fr", "en": "en", "anglais": "en"}
_YES_NO = {"yes": "yes", "oui": "yes", "1": "yes", "no": "no", "non": "no", "0": "no"}
_CONTACT_FIELDS = ("name", "email", "phone", "mobile", "receives_invoices")
_COLUMN_OF_FIELD = {
    "external_reference": "reference",
    # What is refused there is a provision that does not go with the case.
    "vat_case": "vat_ground",
    **{
        f"contacts-{number - 1}-{field}": column.name
        for number in range(1, MOST_CONTACTS + 1)
        for field, column in zip(_CONTACT_FIELDS, contact_columns(number), strict=True)
    },
}


def import_customers(
    content: bytes, *, actor_id: int | None = None, progress: Progress | None = None
) -> ImportCount:
    """Create every customer of the file that is not here yet, in the open transaction.

    Args:
        content: the file as it is.
        actor_id: who does it.
        progress: told how many customers of how many are saved.

    Raises:
        FileRefusedError: with every fault of every row; the caller's transaction must roll back.
    """
    rows = read_rows(content, COLUMNS)
    customers = [_customer(row) for row in rows]
    for row, customer in zip(rows, customers, strict=True):
        _check(row, customer)
    for first, other in lines_sharing(rows, "reference"):
        other.fault("reference", _l("Line %(line)d has this reference too.", line=first.line))
    refuse_faulty(rows)
    return _save(customers, actor_id, progress)


def _save(customers: Sequence[CustomerInput], actor_id: int | None, progress: Progress | None) -> ImportCount:
    created = 0
    for done, customer in enumerate(customers, start=1):
        if not _is_known(customer.external_reference):
            save_customer(customer, actor_id=actor_id)
            created += 1
        if progress is not None:
            progress(done, len(customers))
    return ImportCount(created, len(customers) - created)


def _is_known(reference: str | None) -> bool:
    """By its reference, or by its number: an export names by it the customers that have no reference."""
    return find_by_reference(reference) is not None or find_by_number(reference or "") is not None


def _customer(row: Row) -> CustomerInput:
    if not row.text("reference"):
        row.fault(
            "reference", _l("Give each row a reference of its own: it keeps a second run from doubling it.")
        )
    return CustomerInput(
        kind=CustomerKind(row.choice("kind", _KINDS, "business")),
        name=row.text("name"),
        first_name=row.text("first_name"),
        siren=row.text("siren"),
        siret=row.text("siret"),
        einvoice_address=row.text("einvoice_address"),
        ledger_account=row.text("ledger_account"),
        note=row.text("note"),
        delivery_name=row.text("delivery_name"),
        delivery_address1=row.text("delivery_address1"),
        delivery_address2=row.text("delivery_address2"),
        delivery_postcode=row.text("delivery_postcode"),
        delivery_city=row.text("delivery_city"),
        delivery_country=row.text("delivery_country"),
        vat_number=row.text("vat_number"),
        address1=row.text("address1"),
        address2=row.text("address2"),
        postcode=row.text("postcode"),
        city=row.text("city"),
        country=row.text("country") or "FR",
        language=row.choice("language", _LANGUAGES, "fr"),
        payment_terms_days=row.whole("payment_terms_days"),
        vat_case=vat_case_of(row),
        vat_ground=ground_in(row, "vat_ground"),
        external_reference=row.text("reference"),
        contacts=_contacts(row),
    )


def _contacts(row: Row) -> tuple[ContactInput, ...]:
    """The contacts up to the last one that says something, so that each keeps its number in messages."""
    given = [_contact(row, number) for number in range(1, MOST_CONTACTS + 1)]
    while given and given[-1] in (ContactInput(), ContactInput(receives_invoices=False)):
        given.pop()
    return tuple(given)


def _contact(row: Row, number: int) -> ContactInput:
    name, email, phone, mobile, receives = (column.name for column in contact_columns(number))
    return ContactInput(
        name=row.text(name),
        email=row.text(email),
        phone=row.text(phone),
        mobile=row.text(mobile),
        receives_invoices=row.choice(receives, _YES_NO, "yes") == "yes",
    )


def _check(row: Row, customer: CustomerInput) -> None:
    try:
        checked_customer(customer)
    except InvalidInputError as error:
        for name, message in error.errors.items():
            row.fault(_COLUMN_OF_FIELD.get(name, name), message)
