"""Makes the draft of a deposit invoice: a share of an accepted quote, or an amount for a customer.

A deposit invoice is compulsory for every deposit received (CGI art. 289 I-1-c). Called by the quote's page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l

from core.database import db
from core.money import (
    CENT_DECIMALS,
    QUANTITY_DECIMALS,
    UNIT_PRICE_DECIMALS,
    round_half_up_div,
    spread_by_largest_remainder,
)
from invoicing.deposits import deposits_cents
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import InvoiceType
from invoicing.models import Document
from invoicing.quotes import QuoteBasis, accepted_quote
from invoicing.vat import WHOLE


@dataclass(frozen=True)
class DepositInput:
    """How much of a quote: a percentage (1/100 %) or an amount in cents, one of the two.

    The amount is net, or VAT included when the quote's prices are.
    """

    rate: int = 0
    amount_cents: int = 0
    request_key: str | None = None


def draft_deposit(quote_id: int, given: DepositInput, *, actor_id: int | None = None) -> Document:
    """Draft a deposit invoice of an accepted quote, due on receipt; per VAT rate in proportion to the quote.

    Raises:
        NotFoundError: there is no such quote.
        ConflictError: the quote has not been accepted.
        InvalidInputError: nothing, or more than other deposits leave of the quote: `rate` or `amount_cents`.
    """
    basis = accepted_quote(quote_id)
    quote = basis.quote
    bases = [basis.shown_cents(part) for part in basis.totals.vat]
    wanted = _wanted(given, sum(bases), sum(bases) - deposits_cents(quote))
    shares = spread_by_largest_remainder(wanted, bases)
    with force_locale(quote.language):
        label = gettext("Deposit on quote %(number)s", number=quote.number)
    draft = draft_invoice(
        DraftInput(
            customer_id=quote.customer_id,
            lines=_lines(basis, shares, label),
            language=quote.language,
            prices_include_vat=quote.prices_include_vat,
            payment_terms_days=0,
            purchase_order=quote.purchase_order,
            buyer_reference=quote.buyer_reference,
            contract_reference=quote.contract_reference,
            vat_case=quote.vat_case,
            vat_ground=quote.vat_ground,
            request_key=given.request_key,
        ),
        actor_id=actor_id,
    )
    draft.invoice_type, draft.quote_id = InvoiceType.DEPOSIT, quote.id
    db.session.flush()
    return draft


def _wanted(given: DepositInput, whole: int, most: int) -> int:
    """The deposit in cents: at most what the quote's other deposits leave of it."""
    if given.rate and given.amount_cents:
        raise InvalidInputError({"amount_cents": _l("Give a percentage or an amount, not both.")})
    if given.amount_cents:
        if not 0 < given.amount_cents <= most:
            raise InvalidInputError({"amount_cents": _l("Give an amount up to what is left of the quote.")})
        return given.amount_cents
    if not 0 < given.rate <= WHOLE:
        raise InvalidInputError({"rate": _l("Give a percentage between 0 and 100, or an amount.")})
    cents = round_half_up_div(whole * given.rate, WHOLE)
    if cents > most:
        raise InvalidInputError(
            {"rate": _l("With the deposits invoiced so far this is more than the quote. Give a lower one.")}
        )
    return cents


def _lines(basis: QuoteBasis, shares: Sequence[int], label: str) -> tuple[LineInput, ...]:
    return tuple(
        LineInput(
            label=label,
            quantity=10**QUANTITY_DECIMALS,
            unit_price=cents * 10 ** (UNIT_PRICE_DECIMALS - CENT_DECIMALS),
            vat_rate=part.rate,
            kind=part.kind,
            vat_ground=part.ground if part.ground != basis.quote.vat_ground else "",
        )
        for part, cents in zip(basis.totals.vat, shares, strict=True)
        if cents > 0
    )
