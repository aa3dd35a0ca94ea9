"""Writes checked input onto a draft: used by the verbs that make and change drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.sales_accounts import ensure_sales_account
from core.database import db
from invoicing.attachments import attachments_json
from invoicing.customer_input import check_terms
from invoicing.draft_input import DraftInput, LineInput
from invoicing.errors import InvalidInputError
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.models import Customer, CustomerKind, Document, DocumentLine, Item
from invoicing.parties import Address, address_json, delivery_of
from invoicing.settings import invoicing_settings
from invoicing.vat import compute_totals, terms_of
from invoicing.vat_cases import charged_rate

_COPIED = (
    "issue_date", "supply_date", "due_date", "payment_terms_days", "purchase_order", "note", "external_reference",
    "vat_ground", "discount_rate", "discount_cents", "discount_label", "period_start", "period_end", "valid_until",
    "buyer_reference", "contract_reference", "conditions",
)  # fmt: skip
_COPIED_OF_LINE = (
    "role", "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate", "vat_ground",
    "sales_account", "item_id", "deposit_id",
)  # fmt: skip


def customer_of_draft(customer_id: int) -> Customer:
    """The customer a draft may be made for; of one that was merged, the customer that took its place.

    Raises:
        InvalidInputError: there is none of that id, or it was archived.
    """
    customer = db.session.get(Customer, customer_id)
    if customer is not None and customer.merged_into_id is not None:
        customer = db.session.get_one(Customer, customer.merged_into_id)
    if customer is None or customer.archived_at is not None:
        raise InvalidInputError({"customer_id": _l("Choose a customer.")})
    return customer


def write_content(document: Document, checked: DraftInput, customer: Customer) -> None:
    """Put the input, its lines and the totals they give onto the draft.

    Raises:
        InvalidInputError: terms of payment that the law does not allow for this customer; an item nobody has.
    """
    errors = FieldErrors()
    check_terms(errors, checked.payment_terms_days, customer.kind)
    _check_items(errors, checked)
    _check_deposits(errors, checked)
    _check_options(errors, checked, document.kind)
    errors.raise_if_any()
    for account in {line.sales_account for line in checked.lines if line.sales_account}:
        ensure_sales_account(account)
    document.customer_id = customer.id
    document.language = checked.language or customer.language
    document.prices_include_vat = (
        customer.kind is CustomerKind.INDIVIDUAL
        if checked.prices_include_vat is None
        else checked.prices_include_vat
    )
    document.vat_case = checked.vat_case or customer.vat_case or invoicing_settings().vat_case
    delivery = delivery_of(customer) if checked.delivery is None else checked.delivery
    document.attachments = attachments_json(checked.attachments)
    document.delivery = "" if delivery == Address() else address_json(delivery)
    for name in _COPIED:
        setattr(document, name, getattr(checked, name))
    document.vat_ground = checked.vat_ground or _usual_ground(document, customer)
    rewrite_lines(document, checked.lines)


def _usual_ground(document: Document, customer: Customer) -> str:
    """The ground of the customer, else of the company, where it goes with the document's case."""
    usual = (customer, invoicing_settings())
    return next((row.vat_ground for row in usual if row.vat_case is document.vat_case and row.vat_ground), "")


def _check_items(errors: FieldErrors, checked: DraftInput) -> None:
    named = {line.item_id for line in checked.lines if line.item_id is not None}
    known = set(db.session.scalars(select(Item.id).where(Item.id.in_(named)))) if named else set()
    for index, line in enumerate(checked.lines):
        if line.item_id is not None and line.item_id not in known:
            errors.add(f"lines-{index}-label", _l("Choose the item again."))


def _check_deposits(errors: FieldErrors, checked: DraftInput) -> None:
    named = {line.deposit_id for line in checked.lines if line.deposit_id is not None}
    issued = select(Document.id).where(
        Document.id.in_(named),
        Document.invoice_type == InvoiceType.DEPOSIT,
        Document.state == DocumentState.ISSUED,
    )
    known = set(db.session.scalars(issued)) if named else set()
    for index, line in enumerate(checked.lines):
        if line.deposit_id is not None and line.deposit_id not in known:
            errors.add(f"lines-{index}-label", _l("This deposit does not exist. Take its line out."))


def _check_options(errors: FieldErrors, checked: DraftInput, kind: DocumentKind) -> None:
    """An option counts for nothing until it is chosen, which nobody does on an invoice."""
    if kind is DocumentKind.QUOTE:
        return
    for index, line in enumerate(checked.lines):
        if line.role is LineRole.OPTION:
            errors.add(f"lines-{index}-label", _l("Only a quote has options. Take this line out."))


def rewrite_lines(document: Document, given: Sequence[LineInput]) -> None:
    """Put checked lines and the totals they give onto the draft."""
    lines = tuple(
        replace(line, vat_rate=charged_rate(document.vat_case, line.vat_rate, line.vat_ground))
        for line in given
    )
    totals = compute_totals(lines, document.prices_include_vat, terms_of(document))
    # Rows are reused by position: deleting and inserting would meet the unique (document, position) in between.
    del document.lines[len(lines) :]
    while len(document.lines) < len(lines):
        document.lines.append(DocumentLine(position=len(document.lines) + 1))
    for row, line, amounts in zip(document.lines, lines, totals.lines, strict=True):
        for name in _COPIED_OF_LINE:
            setattr(row, name, getattr(line, name))
        row.amount_cents, row.net_cents = amounts.amount_cents, amounts.net_cents
    document.net_cents, document.vat_cents = totals.net_cents, totals.vat_cents
    document.rounding_cents, document.total_cents = totals.rounding_cents, totals.total_cents
