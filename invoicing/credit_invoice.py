"""Credits a whole invoice: an issued credit note that mirrors it, meets its open part, and leaves the rest as credit.

An issued invoice is never changed or deleted; this is how it is corrected. Called by the invoice's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import Share, VatRegime
from accounting.record import record
from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.jobs import wake
from core.models import Company
from core.seal import seal
from core.tenancy import current_company_id
from core.todo import leave_todo
from invoicing.errors import InvalidInputError, NotIssuableError, Place, Problem
from invoicing.freeze_document import FrozenPart, freeze_document
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import collection_states, credit_note_key, invoice_key, sale_fact
from invoicing.legal_mentions import Mention, MentionCase, mentions_for, on_debits
from invoicing.lifecycle import DocumentKind, DocumentState, TodoKind
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Document, DocumentLine
from invoicing.numbering import is_prefix, take_number
from invoicing.parties import Buyer, read_buyer, seller_of
from invoicing.settings import invoicing_settings
from invoicing.settle import settle
from invoicing.standing import note_changed
from invoicing.vat import LineTotals, Totals, vat_totals

_COPIED_OF_LINE = (
    "position", "role", "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate",
    "vat_ground", "sales_account", "item_id", "deposit_id", "amount_cents", "net_cents",
)  # fmt: skip
_COPIED = (
    "customer_id", "invoice_type", "language", "prices_include_vat", "vat_case", "vat_ground", "discount_rate",
    "discount_cents", "discount_label", "supply_date", "period_start", "period_end", "purchase_order",
    "buyer_reference", "contract_reference", "delivery", "quote_id",
)  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """What a credit note is made from: the invoice, its frozen buyer, the words and the day."""

    invoice: Document
    buyer: Buyer
    reason: str
    day: date


def credit_invoice(
    invoice_id: int, *, reason: str, today: date | None = None, actor_id: int | None = None
) -> Document:
    """Issue the credit note of a whole invoice. An invoice is credited once: again, the same note is returned.

    What is open on the invoice is settled; what was paid on it becomes the customer's credit.

    Args:
        invoice_id: the issued invoice.
        reason: printed on the credit note.
        today: the business day of the note; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: no reason, or a wrong day.
        NotIssuableError: the company's settings or the dates of the series do not allow it.
    """
    invoice = locked_issued_invoice(invoice_id)
    earlier = credit_note_of(invoice_id)
    if earlier is not None:
        return earlier
    case = _Case(invoice, read_buyer(invoice.buyer), _checked_reason(reason), _checked_day(invoice, today))
    note = _issued_note(case, actor_id)
    settlement = settle(
        at_most_cents=note.total_cents, settled_on=case.day, invoice_id=invoice.id, credit_note_id=note.id
    )
    settled = settlement.amount_cents if settlement else 0
    note_changed(invoice.id)
    record(sale_fact(note, note.vat_lines, case.buyer, _shares(note, settled), collection_states(invoice)))
    seal(note.kind.value, note.id)
    for kind, document in (("invoice.credited", invoice), ("credit_note.issued", note)):
        record_event(
            kind, actor_id=actor_id, subject=("document", document.id), number=note.number,
            total_cents=note.total_cents, settled_cents=settled,
        )  # fmt: skip
    leave_todo(TodoKind.PDF, note.id)
    wake("render_documents")
    return note


def credit_note_of(invoice_id: int) -> Document | None:
    """The credit note of an invoice, or None."""
    return db.session.scalars(select(Document).where(Document.credits_id == invoice_id)).one_or_none()


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
    regime = case.invoice.regime
    assert regime is not None
    company = db.session.get_one(Company, current_company_id())
    frozen = FrozenPart(
        number=take_number(settings.credit_note_prefix, case.day),
        issue_date=case.day,
        due_date=None,
        regime=regime,
        seller=seller_of(company),
        buyer=case.buyer,
        mentions=_mentions(case, regime),
        totals=_totals_of(case.invoice),
    )
    freeze_document(note, frozen)
    db.session.flush()
    return note


def _draft_note(case: _Case, actor_id: int | None) -> Document:
    invoice = case.invoice
    return Document(
        kind=DocumentKind.CREDIT_NOTE,
        state=DocumentState.DRAFT,
        **{name: getattr(invoice, name) for name in _COPIED},
        credits_id=invoice.id,
        reason=case.reason,
        created_by_id=actor_id,
        lines=[
            DocumentLine(**{name: getattr(line, name) for name in _COPIED_OF_LINE}) for line in invoice.lines
        ],
    )


def _totals_of(invoice: Document) -> Totals:
    """The amounts of the invoice, copied and not computed again: the note mirrors it to the cent for ever."""
    return Totals(
        tuple(LineTotals(line.amount_cents, line.net_cents) for line in invoice.lines),
        tuple(vat_totals(row) for row in invoice.vat_lines),
        invoice.net_cents,
        invoice.vat_cents,
        invoice.rounding_cents,
        invoice.total_cents,
    )


def _mentions(case: _Case, regime: VatRegime) -> tuple[Mention, ...]:
    kinds = frozenset(line.kind for line in case.invoice.lines)
    assert case.invoice.number is not None
    assert case.invoice.issue_date is not None
    return mentions_for(
        MentionCase(
            day=case.day,
            language=case.invoice.language,
            buyer=case.buyer.kind,
            kinds=kinds,
            on_debits=on_debits(regime, kinds),
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
