"""Columns that the import files of customers and of invoices share."""

from __future__ import annotations

from typing import Final

from invoicing.csv_files import Column, Row, plain
from invoicing.vat_categories import VatCase

DELIVERY_COLUMNS = (
    Column("delivery_name", ("livraison nom",)),
    Column("delivery_address1", ("livraison adresse",)),
    Column("delivery_address2", ("livraison complément",)),
    Column("delivery_postcode", ("livraison code postal",)),
    Column("delivery_city", ("livraison ville",)),
    Column("delivery_country", ("livraison pays",)),
)
"""An address of delivery: all of it or nothing."""

VAT_COLUMNS = (
    Column("vat_case", ("cas de TVA",)),
    Column("vat_ground", ("fondement",)),
)
"""How VAT treats a customer or a document, and the provision by which it is exempt."""

FRENCH_CASES: Final[dict[VatCase, str]] = {
    VatCase.STANDARD: "TVA facturée",
    VatCase.FRANCHISE: "franchise",
    VatCase.CONSTRUCTION: "sous-traitance du bâtiment",
    VatCase.INTRA_EU: "UE",
    VatCase.EXPORT: "exportation",
    VatCase.EXEMPT: "exonération",
    VatCase.OUTSIDE_SCOPE: "hors du champ",
}
"""What French files write, beside the English names of the cases."""
_CASES: Final = {plain(case.value): case.value for case in VatCase} | {
    plain(name): case.value for case, name in FRENCH_CASES.items()
}


def vat_case_of(row: Row) -> VatCase | None:
    """The case a row names; None, which leaves it to the customer or the company, when it names none."""
    found = row.choice("vat_case", _CASES, "")
    return VatCase(found) if found else None


def ground_in(row: Row, column: str) -> str:
    """The key of the provision in a cell; whether there is such a one is checked with the rest."""
    return row.text(column).upper()
