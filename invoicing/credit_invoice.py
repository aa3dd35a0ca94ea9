"""Credits an invoice, whole or in part: an issued credit note that meets its open part and leaves the rest as credit.

An issued invoice is never changed or deleted; this is how it is corrected. Called by the invoice's page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask_babel import lazy_gettext as _l

from accounting.facts import AdvanceCreditFact, Share, VatRegime
from accounting.record import record
from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.jobs import wake
from core.models import Company
from core.seal import seal
from core.tenancy import current_company_id
from core.todo import leave_todo
from invoicing.credit_amounts import Credit, CreditChoice, credit_of
from invoicing.credit_left import CreditLeft, credit_left
from invoicing.credit_refusals import refuse_uncreditable, refuse_wrong_credit
from invoicing.deposit_uses import deposits_of, is_advance
from invoicing.einvoice import Einvoice, Preceding, buyer_mail
from invoicing.einvoice_xml import prepare_xml, write_xml
from invoicing.errors import InvalidInputError, NotIssuableError, Place, Problem
from invoicing.freeze_document import FrozenPart, freeze_document
from invoicing.gate_einvoice import problems_of_einvoice
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import (
    advance_key,
    collection_states,
    credit_note_key,
    invoice_key,
    sale_fact,
    share_on,
    third_party,
)
from invoicing.legal_mentions import Mention, MentionCase, mentions_for, on_debits, taxed_kinds
from invoicing.lifecycle import DocumentKind, DocumentState, TodoKind
from invoicing.locked_documents import locked_document, locked_issued_invoice
from invoicing.models import Customer, Document, DocumentLine, InvoicingSettings
from invoicing.numbering import is_prefix, take_number
from invoicing.open_period import hold_open
from invoicing.parties import Buyer, buyer_of, read_buyer, seller_of
from invoicing.settings import invoicing_settings
from invoicing.settle import settle
from invoicing.standing import note_changed
from invoicing.vat_cases import grounds_of

_COPIED = (
    "customer_id", "invoice_type", "language", "prices_include_vat", "vat_case", "vat_ground", "discount_label",
    "supply_date", "period_start", "period_end", "purchase_order",
    "buyer_reference", "contract_reference", "delivery", "quote_id",
)  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """What a credit note is made from: the invoice, its frozen buyer, the amounts, the words and the day."""

    invoice: Document
    buyer: Buyer
    credit: Credit
    reason: str
    day: date
    request_key: str | None
    is_later_discount: bool


def credit_invoice(
    invoice_id: int,
    *,
    reason: str,
    choice: CreditChoice | None = None,
    is_later_discount: bool = False,
    request_key: str | None = None,
    today: date | None = None,
    actor_id: int | None = None,
) -> Document:
    """Issue a credit note of an invoice. An invoice may be credited several times, never above what is left of it.

    What is open on the invoice is settled; what was paid on it becomes the customer's credit.

    Args:
        invoice_id: the issued invoice.
        reason: printed on the credit note.
        choice: what of it; None is everything that is left. Asked for everything again, the last note is returned.
        is_later_discount: a reduction of the price granted after the sale (rabais, remise, ristourne), booked on 709;
            False cancels what was sold.
        request_key: a random key of the form; sent twice, the note made before is returned.
        today: the business day of the note; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: no reason, a wrong day, or more than is left.
        NotIssuableError: the company's settings, the dates of the series or the e-invoice do not allow it, or a
            discount on a deposit is asked for.
    """
    invoice = _locked_with_deposits(invoice_id)
    left = credit_left(invoice)
    earlier = _earlier(left, choice, request_key)
    if earlier is not None:
        return earlier
    refuse_uncreditable(invoice)
    credit = credit_of(left, choice)
    refuse_wrong_credit(invoice, credit, is_later_discount=is_later_discount)
    case = _Case(
        invoice, read_buyer(invoice.buyer), credit, _checked_reason(reason), _checked_day(invoice, today),
        request_key, is_later_discount,
    )  # fmt: skip
    note = _issued_note(case, actor_id)
    settlement = settle(
        at_most_cents=note.total_cents, settled_on=case.day, invoice_id=invoice.id, credit_note_id=note.id
    )
    settled = settlement.amount_cents if settlement else 0
    note_changed(invoice.id)
    _book(case, note, settled)
    seal(note.kind.value, note.id)
    _log(case, note, settled, actor_id)
    leave_todo(TodoKind.PDF, note.id)
    wake("render_documents")
    return note


def _locked_with_deposits(invoice_id: int) -> Document:
    """The invoice and the deposits it deducts, which its credit note may free, locked by id: the one order of locks."""
    for document_id in sorted({invoice_id} | deposits_of(invoice_id)):
        locked_document(document_id)
    return locked_issued_invoice(invoice_id)


def _book(case: _Case, note: Document, settled: int) -> None:
    """Tell the ledger. Of a deposit that is booked when it is paid, only what had been paid of it is in the books."""
    invoice = case.invoice
    if not is_advance(invoice):
        shares = _shares(note, settled)
        record(sale_fact(note, note.vat_lines, case.buyer, shares, collection_states(invoice)))
        return
    assert note.number is not None
    record(
        AdvanceCreditFact(
            source=("document", note.id),
            number=note.number,
            issue_date=case.day,
            third_party=third_party(case.buyer),
            advance=share_on(advance_key(invoice.id), note.total_cents - settled),
            credit_key=credit_note_key(note.id),
            collection=collection_states(invoice),
        )
    )


def _log(case: _Case, note: Document, settled: int, actor_id: int | None) -> None:
    for kind, document in (("invoice.credited", case.invoice), ("credit_note.issued", note)):
        record_event(
            kind, actor_id=actor_id, subject=("document", document.id), number=note.number,
            total_cents=note.total_cents, settled_cents=settled, is_later_discount=case.is_later_discount,
        )  # fmt: skip


def _earlier(left: CreditLeft, choice: CreditChoice | None, request_key: str | None) -> Document | None:
    """The note that this very request has made, or the last one when there is nothing left to credit."""
    for note in left.notes:
        if request_key is not None and note.request_key == request_key:
            return note
    return left.notes[-1] if choice is None and left.is_nothing else None


def _checked_reason(reason: str) -> str:
    errors = FieldErrors()
    checked = errors.text(
        "reason", reason, 255, required=_l("Say why: the reason is printed on the credit note.")
    )
    errors.raise_if_any()
    return checked


def _checked_day(invoice: Document, today: date | None) -> date:
    day = today or paris_today()
    assert invoice.issue_date is not None
    if day < invoice.issue_date:
        raise InvalidInputError({"today": _l("A credit note cannot be dated before its invoice.")})
    return day


def _issued_note(case: _Case, actor_id: int | None) -> Document:
    settings = invoicing_settings()
    if not is_prefix(settings.credit_note_prefix):
        message = _l(
            "The prefix of credit note numbers may only hold capitals, digits and - / _ +. Mend it in the settings."
        )
        raise NotIssuableError([Problem(Place.SETTINGS, "credit_note_prefix", message)])
    note = _draft_note(case, actor_id)
    db.session.add(note)
    db.session.flush()
    einvoice = _einvoice(case, note, settings)
    problems = problems_of_einvoice(einvoice)
    if any(problem.place is Place.CUSTOMER for problem in problems):
        # What is wrong on the invoice, issued before this was asked, can only be mended on the customer as it is now.
        customer = db.session.get_one(Customer, case.invoice.customer_id)
        einvoice = _einvoice(replace(case, buyer=buyer_of(customer)), note, settings)
        problems = problems_of_einvoice(einvoice)
    if problems:
        raise NotIssuableError(problems)
    prepared = prepare_xml(einvoice)
    hold_open(case.day)
    number = take_number(settings.credit_note_prefix, case.day)
    freeze_document(note, number, einvoice.frozen)
    write_xml(note.id, prepared, number.number)
    db.session.flush()
    return note


def _einvoice(case: _Case, note: Document, settings: InvoicingSettings) -> Einvoice:
    """What issue adds to the note: the seller as it stands now, the buyer of the case."""
    invoice, company = case.invoice, db.session.get_one(Company, current_company_id())
    assert invoice.regime is not None
    assert invoice.number is not None
    assert invoice.issue_date is not None
    frozen = FrozenPart(
        issue_date=case.day,
        due_date=None,
        regime=invoice.regime,
        seller=seller_of(company, settings),
        buyer=case.buyer,
        mentions=_mentions(case, invoice.regime),
        totals=case.credit.totals,
    )
    return Einvoice(
        document=note,
        frozen=frozen,
        seller_address=settings.einvoice_address.strip() or company.siren,
        buyer_mail=buyer_mail(case.buyer, invoice.customer_id),
        preceding=(Preceding(invoice.number, invoice.issue_date),),
    )


def _draft_note(case: _Case, actor_id: int | None) -> Document:
    invoice, credit = case.invoice, case.credit
    return Document(
        kind=DocumentKind.CREDIT_NOTE,
        state=DocumentState.DRAFT,
        **{name: getattr(invoice, name) for name in _COPIED},
        discount_rate=credit.discount_rate,
        discount_cents=credit.discount_cents,
        credits_id=invoice.id,
        reason=case.reason,
        is_later_discount=case.is_later_discount,
        request_key=case.request_key,
        created_by_id=actor_id,
        lines=[DocumentLine(**columns) for columns in credit.lines],
    )


def _mentions(case: _Case, regime: VatRegime) -> tuple[Mention, ...]:
    kinds = frozenset(line["kind"] for line in case.credit.lines)
    assert case.invoice.number is not None
    assert case.invoice.issue_date is not None
    return mentions_for(
        MentionCase(
            day=case.day,
            language=case.invoice.language,
            buyer=case.buyer.kind,
            kinds=kinds,
            on_debits=on_debits(regime, taxed_kinds(case.credit.totals.vat)),
            grounds=grounds_of(case.invoice.vat_case, case.credit.totals.vat),
            credited=(case.invoice.number, case.invoice.issue_date),
        )
    )


def _shares(note: Document, settled: int) -> tuple[Share, ...]:
    assert note.credits_id is not None
    shares = (
        Share(invoice_key(note.credits_id), settled),
        Share(credit_note_key(note.id), note.total_cents - settled),
    )
    return tuple(share for share in shares if share.amount_cents)
