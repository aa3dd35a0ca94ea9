"""Imports customers from a CSV file: all of it or nothing, and nothing twice. Template: docs/guide/import.md."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from invoicing.csv_files import Column, ImportCount, Progress, Row, lines_sharing, read_rows, refuse_faulty
from invoicing.customer_input import ContactInput, CustomerInput, checked_customer
from invoicing.customers import find_by_reference, save_customer
from invoicing.errors import InvalidInputError
from invoicing.models import CustomerKind

COLUMNS = (
    Column("reference", ("référence",), required=True),
    Column("kind", ("type", "nature")),
    Column("name", ("nom", "raison sociale"), required=True),
    Column("first_name", ("prénom",)),
    Column("siren"),
    Column("vat_number", ("numéro de TVA", "TVA intracommunautaire")),
    Column("address1", ("adresse", "adresse 1"), required=True),
    Column("address2", ("complément d'adresse", "adresse 2")),
    Column("postcode", ("code postal",), required=True),
    Column("city", ("ville",), required=True),
    Column("country", ("pays",)),
    Column("language", ("langue",)),
    Column("payment_terms_days", ("délai de paiement", "délai")),
    Column("contact_name", ("contact", "nom du contact")),
    Column("email", ("e-mail", "courriel", "mail")),
    Column("phone", ("téléphone", "portable")),
)
_KINDS = {
    "business": "business", "entreprise": "business", "professionnel": "business", "societe": "business",
    "individual": "individual", "particulier": "individual",
}  # fmt: skip
_LANGUAGES = {"fr": "fr", "francais": "fr", "en": "en", "anglais": "en"}
_COLUMN_OF_FIELD = {
    "contacts-0-name": "contact_name", "contacts-0-email": "email", "contacts-0-phone": "phone",
    "external_reference": "reference",
}  # fmt: skip


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
        if find_by_reference(customer.external_reference) is None:
            save_customer(customer, actor_id=actor_id)
            created += 1
        if progress is not None:
            progress(done, len(customers))
    return ImportCount(created, len(customers) - created)


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
        vat_number=row.text("vat_number"),
        address1=row.text("address1"),
        address2=row.text("address2"),
        postcode=row.text("postcode"),
        city=row.text("city"),
        country=row.text("country") or "FR",
        language=row.choice("language", _LANGUAGES, "fr"),
        payment_terms_days=row.whole("payment_terms_days"),
        external_reference=row.text("reference"),
        contacts=(
            ContactInput(name=row.text("contact_name"), email=row.text("email"), phone=row.text("phone")),
        ),
    )


def _check(row: Row, customer: CustomerInput) -> None:
    try:
        checked_customer(customer)
    except InvalidInputError as error:
        for name, message in error.errors.items():
            row.fault(_COLUMN_OF_FIELD.get(name, name), message)
