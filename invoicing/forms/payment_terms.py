"""Fields of a form that sends an invoice: by which ways and in which parts its link may be paid.

A form takes them by the mixin, calls `offer_payment_terms` once, and `choose_payment_terms` inside the transaction that
sends. The template calls `payment_terms(form)` of `macros/payment_terms.html`. Without a card processor, and for what
is no invoice, there is nothing to choose and nothing is shown.
"""

from __future__ import annotations

from typing import Any, Final

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput

from core.web.forms import choices
from core.web.rights import Right, may
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document
from invoicing.payment_link import WayChoice, card_payments

MOST_PARTS: Final = 12
_ALL, _FREE = "all", "free"


def part_choices() -> list[tuple[str, LazyString]]:
    """The rules of payment in parts, with their words."""
    counted = [
        (str(count), _l("in %(count)s equal parts", count=count)) for count in range(2, MOST_PARTS + 1)
    ]
    return [(_ALL, _l("all at once")), (_FREE, _l("any amount the customer types")), *counted]


class PaymentTermsFields:
    """The two fields; mixed into a FlaskForm."""

    pay_ways = SelectMultipleField(_l("Ways to pay"), option_widget=CheckboxInput(), validate_choice=False)
    pay_parts = SelectField(_l("To be paid"), validate_choice=False, default=_ALL)
    way_choices: tuple[WayChoice, ...] = ()

    def offer_payment_terms(self: Any, document: Document) -> None:
        """Fill in what the link of an issued invoice may offer; what was ticked in the form that was sent stays."""
        processor = card_payments()
        self.pay_parts.choices = choices(part_choices())
        self.pay_ways.choices = []
        if processor is None or document.kind is not DocumentKind.INVOICE or not may(Right.CARDS):
            return
        self.way_choices = processor.ways_for(document.id)
        self.pay_ways.choices = choices((way.value, way.name) for way in self.way_choices)
        if request.method != "POST" or "pay_terms" not in request.form:
            self.pay_ways.data = [way.value for way in self.way_choices if way.is_ticked]
            self.pay_parts.data = processor.parts_for(document.id)

    def choose_payment_terms(self: Any, document_id: int, actor_id: int | None) -> None:
        """Store what was chosen, in the open transaction; nothing when the form did not show it."""
        processor = card_payments()
        if processor is None or "pay_terms" not in request.form or not may(Right.CARDS):
            return
        processor.choose_terms(document_id, self.pay_ways.data or (), self.pay_parts.data or _ALL, actor_id)
