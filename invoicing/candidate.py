"""A draft about to be issued: what the gate looks at. Made by `issue_invoice.candidate_of`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from accounting.facts import VatRegime
from core.models import Company
from invoicing.models import Customer, Document, DocumentLine, InvoicingSettings
from invoicing.parties import read_address
from invoicing.vat import Totals, counts


@dataclass(frozen=True)
class Candidate:
    """A draft about to be issued: its rows, the totals computed from them, its dates and regime, and today's date."""

    document: Document
    customer: Customer
    company: Company
    settings: InvoicingSettings
    totals: Totals
    issue_date: date
    due_date: date
    today: date
    regime: VatRegime

    def counted_lines(self) -> Iterator[tuple[int, DocumentLine]]:
        """The lines that have amounts, with their places on the form."""
        return ((index, line) for index, line in enumerate(self.document.lines) if counts(line))

    @property
    def delivery_country(self) -> str:
        """Where goods go: the country of the delivery address, else the customer's."""
        delivery = read_address(self.document.delivery)
        return self.customer.country if delivery is None else delivery.country
