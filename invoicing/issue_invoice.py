"""Issues a draft: the gate, the number, the frozen copy, the e-invoice, the entry, the seal, in one transaction of the
caller. The e-invoice is built and checked before the number is taken; all that waits for the number is put into it.

The PDF is made afterwards from the frozen copy, by a job that is woken when the transaction commits.
"""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, select

from accounting.facts import Share
from accounting.record import record
from accounting.settings.chosen import books_deposits_when_paid, vat_regime_on
from core.clock import paris_today
from core.database import db
from core.errors import OutdatedError
from core.event_log import record_event
from core.jobs import wake
from core.models import Company
from core.seal import seal
from core.tenancy import scoped
from core.todo import leave_todo
from invoicing.candidate import Candidate
from invoicing.deposits import deducted_documents, lock_deposits, note_use, problems_of_deposits
from invoicing.einvoice import Einvoice, einvoice_of_draft
from invoicing.einvoice_xml import prepare_xml, write_xml
from invoicing.errors import NotFoundError, NotIssuableError, Problem
from invoicing.freeze_document import FrozenPart, freeze_document
from invoicing.gate import problems_of
from invoicing.gate_einvoice import problems_of_einvoice
from invoicing.ledger_facts import invoice_key, sale_fact
from invoicing.legal_mentions import Mention, MentionCase, mentions_for, on_debits, taxed_kinds
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, TodoKind
from invoicing.locked_documents import locked_document, read_lines
from invoicing.models import Customer, Document, InvoicingSettings
from invoicing.numbering import take_number
from invoicing.open_period import hold_open
from invoicing.parties import buyer_of, seller_of
from invoicing.payment_link import link_url, new_link
from invoicing.sealed_rows import payload_of_document
from invoicing.settings import default_settings
from invoicing.standing import note_issued
from invoicing.vat import compute_totals, terms_of
from invoicing.vat_cases import grounds_of

# The parties and the settings in one read, built once: issue holds the series' lock for others to wait on.
_CONTEXT = scoped(
    select(Customer, Company, InvoicingSettings)
    .join(Company, Company.id == Customer.company_id)
    .outerjoin(InvoicingSettings, InvoicingSettings.company_id == Customer.company_id)
    .where(Customer.id == bindparam("customer_id"))
)

OUTDATED = _l(
    "Meanwhile this draft, its customer or your settings were changed, so nothing was issued. This is the present"
    " state: look at it, then issue it."
)


def issue_invoice(
    document_id: int, *, today: date | None = None, seen: str | None = None, actor_id: int | None = None
) -> Document:
    """Issue a draft invoice for good. A document that is issued already is returned as it is.

    Args:
        document_id: the draft.
        today: the business day it is issued on; imports and demo data pass their own. None is today in Paris.
        seen: what `versions_of` gave for the page on which the person decided; None for what comes from no page.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such document.
        OutdatedError: that page showed something else than would be issued.
        NotIssuableError: it would not be a legal document; names everything to mend.
    """
    locked = lock_deposits(document_id)
    document = locked_document(document_id)
    if document.kind is not DocumentKind.INVOICE:
        raise NotFoundError(_l("This document is no invoice."))
    if document.state is DocumentState.ISSUED:
        return document
    read_lines(document)
    if not deducted_documents(document) <= locked:
        # Somebody deducted another one between the two locks.
        raise OutdatedError(document.version, OUTDATED)
    candidate = candidate_of(document, today or paris_today(), is_issuing=True)
    if seen is not None and seen != versions_of(candidate):
        raise OutdatedError(document.version, OUTDATED)
    einvoice = einvoice_of(candidate)
    problems = problems_of_issue(candidate, einvoice)
    if problems:
        raise NotIssuableError(problems)
    prepared = prepare_xml(einvoice)
    hold_open(candidate.issue_date)
    # From here on others wait for the series.
    number = take_number(candidate.settings.invoice_prefix, candidate.issue_date)
    freeze_document(document, number, einvoice.frozen)
    xml_sha256 = write_xml(document.id, prepared, number.number, link_url(new_link(document.id)))
    leave_todo(TodoKind.PDF, document.id)
    note_issued(document)
    note_use(document)
    total, vat = document.total_cents, candidate.totals.vat
    if not document.booked_when_paid:
        shares = (Share(invoice_key(document.id), total),) if total else ()
        record(sale_fact(document, vat, einvoice.frozen.buyer, shares))
    seal(document.kind.value, document.id, payload_of_document(document, vat, xml_sha256))
    record_event(
        "invoice.issued", actor_id=actor_id, subject=("document", document.id), number=document.number,
        total_cents=total,
    )  # fmt: skip
    wake("render_documents")
    return document


def candidate_of(document: Document, today: date, *, is_issuing: bool = False) -> Candidate:
    """The draft as it would be issued that day: for the gate, here and on the draft's page.

    `is_issuing` holds the regime of VAT as it is until the transaction ends.
    """
    customer, company, chosen = _context(document.customer_id)
    settings = default_settings() if chosen is None else chosen
    issue_date = document.issue_date or today
    terms = next(
        days
        for days in (document.payment_terms_days, customer.payment_terms_days, settings.payment_terms_days)
        if days is not None
    )
    return Candidate(
        document=document,
        customer=customer,
        company=company,
        settings=settings,
        totals=compute_totals(document.lines, document.prices_include_vat, terms_of(document)),
        issue_date=issue_date,
        due_date=document.due_date or issue_date + timedelta(days=terms),
        today=today,
        regime=vat_regime_on(issue_date, is_issuing=is_issuing),
    )


def versions_of(candidate: Candidate) -> str:
    """The versions of all that issue copies: the draft, its customer, the company and how it invoices."""
    rows = (candidate.document, candidate.customer, candidate.company, candidate.settings)
    return "-".join(str(row.version) for row in rows)


def _context(customer_id: int) -> tuple[Customer, Company, InvoicingSettings | None]:
    row = db.session.execute(_CONTEXT, {"customer_id": customer_id}).one()
    return row[0], row[1], row[2]


def einvoice_of(candidate: Candidate) -> Einvoice:
    """What the e-invoice of the draft would be made from: for the gate and the draft's page."""
    return einvoice_of_draft(candidate, _frozen_part(candidate))


def problems_of_issue(candidate: Candidate, einvoice: Einvoice) -> list[Problem]:
    """Everything that keeps the draft from being issued: of the law, of its deposits, of its e-invoice."""
    problems = [*problems_of(candidate), *problems_of_deposits(candidate)]
    return [*problems, *problems_of_einvoice(einvoice, problems)]


def _frozen_part(candidate: Candidate) -> FrozenPart:
    return FrozenPart(
        issue_date=candidate.issue_date,
        due_date=candidate.due_date,
        regime=candidate.regime,
        seller=seller_of(candidate.company, candidate.settings),
        buyer=buyer_of(candidate.customer),
        mentions=mentions_of(candidate),
        totals=candidate.totals,
        booked_when_paid=candidate.document.invoice_type is InvoiceType.DEPOSIT
        and books_deposits_when_paid(),
    )


def mentions_of(candidate: Candidate) -> tuple[Mention, ...]:
    """The legal wording the document would carry: for issue and preview."""
    document, settings = candidate.document, candidate.settings
    kinds = frozenset(line.kind for _, line in candidate.counted_lines())
    taxed = taxed_kinds(candidate.totals.vat)
    return mentions_for(
        MentionCase(
            day=candidate.issue_date,
            language=document.language,
            buyer=candidate.customer.kind,
            kinds=kinds,
            on_debits=on_debits(candidate.regime, taxed),
            late_penalty=settings.late_penalty,
            discount_terms=settings.discount_terms,
            discount=(settings.discount_rate, settings.discount_days) if settings.discount_rate else None,
            grounds=grounds_of(document.vat_case, candidate.totals.vat),
            mediator=settings.mediator,
            insurance=settings.insurance,
        )
    )
