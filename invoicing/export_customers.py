"""Writes customers into a CSV file that `import_customers` takes back unchanged. Called by the list of customers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.database import db
from invoicing.csv_files import Column, guarded
from invoicing.import_columns import FRENCH_CASES
from invoicing.import_customers import COLUMNS, contact_columns
from invoicing.models import Contact, Customer
from invoicing.vat_categories import VatCase

_AT_ONCE = 1000
_FRENCH = {
    "business": "entreprise", "individual": "particulier", "public": "organisme public", "yes": "oui", "no": "non",
}  # fmt: skip


def export_customers(*, archived: bool = False, language: str = "fr") -> bytes:
    """The customers in use, or the archived ones that were not merged: UTF-8 with a mark, semicolons.

    A customer without a reference of its own is named by its number, which an import knows again.

    Args:
        archived: the archived ones instead.
        language: of the titles of columns: `fr` or `en`.
    """
    in_use = Customer.archived_at.is_not(None) if archived else Customer.archived_at.is_(None)
    statement = (
        select(Customer)
        .where(in_use, Customer.merged_into_id.is_(None))
        .order_by(Customer.id)
        .options(selectinload(Customer.contacts))
    )
    customers = list(db.session.scalars(statement.execution_options(yield_per=_AT_ONCE)))
    most = max((len(customer.contacts) for customer in customers), default=0)
    columns = _columns(max(most, 1))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_title(column, language) for column in columns)
    for customer in customers:
        writer.writerow(guarded(cell) for cell in _cells(customer, columns, language))
    return text.getvalue().encode("utf-8-sig")


def _columns(contacts: int) -> tuple[Column, ...]:
    """The columns of customers and of as many contacts as somebody has."""
    first = COLUMNS.index(contact_columns(1)[0])
    return COLUMNS[: first + contacts * len(contact_columns(1))]


def _title(column: Column, language: str) -> str:
    return column.french[0] if language == "fr" and column.french else column.name


def _cells(customer: Customer, columns: tuple[Column, ...], language: str) -> Iterator[str]:
    said = {
        **{column.name: getattr(customer, column.name, "") for column in columns},
        "reference": customer.external_reference or customer.number,
        "vat_case": _case(customer.vat_case, language),
        "kind": _word(customer.kind.value, language),
    }
    for number, contact in enumerate(customer.contacts, start=1):
        names = (column.name for column in contact_columns(number))
        said.update(zip(names, _contact_cells(contact, language), strict=True))
    return ("" if said[column.name] is None else str(said[column.name]) for column in columns)


def _contact_cells(contact: Contact, language: str) -> tuple[str, ...]:
    receives = _word("yes" if contact.receives_invoices else "no", language)
    return contact.name, contact.email, contact.phone, contact.mobile, receives


def _case(case: VatCase | None, language: str) -> str:
    if case is None:
        return ""
    return FRENCH_CASES[case] if language == "fr" else case.value


def _word(word: str, language: str) -> str:
    return _FRENCH[word] if language == "fr" else word
