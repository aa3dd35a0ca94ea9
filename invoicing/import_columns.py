"""Columns that the import files of customers and of invoices share."""

from __future__ import annotations

from invoicing.csv_files import Column

DELIVERY_COLUMNS = (
    Column("delivery_name", ("livraison nom",)),
    Column("delivery_address1", ("livraison adresse",)),
    Column("delivery_address2", ("livraison complément",)),
    Column("delivery_postcode", ("livraison code postal",)),
    Column("delivery_city", ("livraison ville",)),
    Column("delivery_country", ("livraison pays",)),
)
"""An address of delivery: all of it or nothing."""
