"""The form of a payment that pays several invoices of one customer: one amount for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.web.forms import MoneyField, typed_cents
from invoicing.forms.payments import PaymentForm
from invoicing.open_invoices import OpenInvoice, spread
from invoicing.record_payment import PaymentInput, PaymentPart

SPREAD, RECORD = "spread", "record"


class GroupPaymentForm(PaymentForm):
    """A payment and the parts that invoices take of it; made for the invoices that are open (`group_payment_form`)."""

    invoices: Sequence[OpenInvoice] = ()

    def part(self, invoice: OpenInvoice) -> Any:
        """The field of one invoice."""
        return self[PaymentPart(invoice.id, 0).field]

    def parts(self) -> tuple[PaymentPart, ...]:
        """What was typed for the invoices; those left empty take nothing."""
        typed = ((invoice.id, self.part(invoice).scaled) for invoice in self.invoices)
        return tuple(PaymentPart(invoice_id, cents) for invoice_id, cents in typed if cents)

    def spread(self) -> None:
        """Fill in what each invoice takes, the oldest due first."""
        taken = spread(self.amount_cents.scaled or 0, self.invoices)
        for invoice in self.invoices:
            self.part(invoice).data = typed_cents(taken.get(invoice.id))

    def accepts_parts(self) -> bool:
        """Whether what no invoice takes may become the customer's credit."""
        return self.accepts(sum(part.amount_cents for part in self.parts()))

    def as_group_input(self, actor_id: int) -> PaymentInput:
        """What the verb takes."""
        parts = self.parts()
        return replace(self.as_input(parts[0].invoice_id, actor_id), parts=parts)


def group_payment_form(invoices: Sequence[OpenInvoice]) -> GroupPaymentForm:
    """The form for these invoices, filled in from the request."""
    fields = {PaymentPart(row.id, 0).field: MoneyField(row.number) for row in invoices}
    kind = type("BoundGroupPaymentForm", (GroupPaymentForm,), {**fields, "invoices": tuple(invoices)})
    form: GroupPaymentForm = kind()
    return form
