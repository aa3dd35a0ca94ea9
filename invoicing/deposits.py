"""Deposit invoices: which ones a final invoice has to deduct, the lines it deducts them by, and who has used them.

A deposit is deducted once, a quote is invoiced once, and its deposits never ask for more than it comes to. A final
invoice that was credited in full frees its deposits and its quote; what of a deposit was credited is not deducted. Read
under the locks of the quote and the deposits by the verbs that decide; pages read the same to tell early.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.money import CENT_DECIMALS, QUANTITY_DECIMALS, UNIT_PRICE_DECIMALS
from invoicing.balances import merged_ids
from invoicing.candidate import Candidate
from invoicing.credit_left import CreditLeft, credit_left, credit_notes_of
from invoicing.deposit_uses import final_of
from invoicing.draft_input import LineInput
from invoicing.errors import Message, Place, Problem
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.locked_documents import locked_document
from invoicing.models import DepositUse, Document, DocumentLine
from invoicing.quotes import accepted_quote, invoices_of
from invoicing.vat import VatTotals

_ONE = 10**QUANTITY_DECIMALS
_PRICE_OF_CENT = 10 ** (UNIT_PRICE_DECIMALS - CENT_DECIMALS)


def open_deposits(customer_id: int, quote_id: int | None) -> list[Document]:
    """The issued deposit invoices of a quote (None: of the customer, without a quote) that may still be deducted.

    Those of customers merged with this one are its own.
    """
    issued = (
        select(Document)
        .where(
            Document.kind == DocumentKind.INVOICE,
            Document.state == DocumentState.ISSUED,
            Document.invoice_type == InvoiceType.DEPOSIT,
            Document.customer_id.in_(merged_ids(customer_id)),
            Document.quote_id.is_(None) if quote_id is None else Document.quote_id == quote_id,
        )
        .order_by(Document.id)
    )
    return [d for d in db.session.scalars(issued) if not credit_left(d).is_nothing and final_of(d.id) is None]


def deduction_lines(
    deposits: Iterable[Document], language: str, *, includes_vat: bool
) -> tuple[LineInput, ...]:
    """The lines that deduct deposits: one per deposit and VAT part, of negative quantity, in a document's language.

    `includes_vat`: as the prices of the document that deducts them are, whatever those of the deposits were.
    """
    return tuple(line for deposit in deposits for line in _deduction(deposit, language, includes_vat))


def _deduction(deposit: Document, language: str, includes_vat: bool) -> Iterator[LineInput]:
    assert deposit.issue_date is not None
    left = credit_left(deposit)
    day = deposit.issue_date.strftime("%d/%m/%Y")
    with force_locale(language):
        label = gettext("Deposit of invoice %(number)s of %(date)s", number=deposit.number, date=day)
    for part in left.parts:
        if part.net_cents:
            yield LineInput(
                label=label,
                # What the deposit itself took off at a rate is added.
                quantity=-_ONE if part.net_cents > 0 else _ONE,
                unit_price=abs(_shown_cents(left, part, includes_vat)) * _PRICE_OF_CENT,
                vat_rate=part.rate,
                kind=part.kind,
                vat_ground=part.ground if part.ground != deposit.vat_ground else "",
                role=LineRole.DEPOSIT,
                deposit_id=deposit.id,
            )


def _shown_cents(left: CreditLeft, part: VatTotals, includes_vat: bool) -> int:
    """What is left of a part of a deposit, as the prices of the document that deducts it are: net, or VAT included."""
    if left.invoice.prices_include_vat is includes_vat:
        return left.shown_cents(part)
    return part.net_cents + part.vat_cents if includes_vat else part.net_cents


def deposits_cents(quote: Document) -> int:
    """What the deposit invoices of a quote ask for, less credit notes: cents, as the quote's prices are shown."""
    issued = select(Document).where(
        Document.kind == DocumentKind.INVOICE,
        Document.state == DocumentState.ISSUED,
        Document.invoice_type == InvoiceType.DEPOSIT,
        Document.quote_id == quote.id,
    )
    parts = [part for deposit in db.session.scalars(issued) for part in credit_left(deposit).parts]
    return sum(p.net_cents + (p.vat_cents if quote.prices_include_vat else 0) for p in parts)


def problems_of_deposits(candidate: Candidate) -> list[Problem]:
    """What keeps a draft from being issued after its quote and deposits.

    The quote is invoiced already, or its deposits would ask for more than it comes to; a deposit that the draft deducts
    was used, credited or changed; one is left out.
    """
    document = candidate.document
    return [*_problems_of_quote(candidate), *_problems_of_deduction(document)]


def _problems_of_quote(candidate: Candidate) -> Iterator[Problem]:
    document = candidate.document
    if document.quote_id is None or document.kind is not DocumentKind.INVOICE:
        return
    if document.invoice_type is InvoiceType.DEPOSIT:
        basis = accepted_quote(document.quote_id)
        asked = sum(basis.shown_cents(part) for part in candidate.totals.vat)
        if asked + deposits_cents(basis.quote) > sum(basis.shown_cents(part) for part in basis.totals.vat):
            yield _problem(
                _l("With this deposit, more would be asked for than the quote comes to. Lower the amount.")
            )
        return
    other = invoice_of_quote(document.quote_id)
    if other is not None:
        yield _problem(
            _l(
                "This quote is invoiced already, by %(number)s. Credit that invoice first, or write one without"
                " the quote.",
                number=other.number,
            )
        )


def invoice_of_quote(quote_id: int) -> Document | None:
    """The issued invoice that a quote was invoiced by, deposits apart; None when it was credited in full."""
    for made in invoices_of(quote_id):
        is_sale = made.state is DocumentState.ISSUED and made.invoice_type is not InvoiceType.DEPOSIT
        if is_sale and not credit_left(made).is_nothing:
            return made
    return None


def _problems_of_deduction(document: Document) -> list[Problem]:
    deducted, is_final = _deducted(document), document.invoice_type is InvoiceType.FINAL
    if not deducted and not is_final:
        return []
    if not deducted:
        return [_problem(_l("This final invoice deducts no deposit. Deduct the deposits anew."))]
    if not is_final:
        # No page makes one; its entry would leave a deposit that is booked when it is paid where it is.
        return [_problem(_l("Only a final invoice deducts deposits. Deduct the deposits anew."))]
    wanted = open_deposits(document.customer_id, document.quote_id)
    found = [_problem(message) for message in _wrong(wanted, deducted, document.prices_include_vat)]
    if document.quote_id is not None:
        missing = [deposit for deposit in wanted if deposit.id not in {key[0] for key in deducted}]
        found += [
            _problem(
                _l("Deposit %(number)s of this quote is not deducted. Deduct it first.", number=d.number)
            )
            for d in missing
        ]
    return found


def _problem(message: Message) -> Problem:
    return Problem(Place.DOCUMENT, "lines", message)


def _deducted(document: Document) -> Counter[tuple[int, int]]:
    """Cents deducted, as prices are shown, per deposit and rate."""
    found: Counter[tuple[int, int]] = Counter()
    for line in document.lines:
        if line.deposit_id is not None:
            found[line.deposit_id, line.vat_rate] -= line.amount_cents
    return found


def _wrong(
    wanted: Sequence[Document], deducted: Counter[tuple[int, int]], includes_vat: bool
) -> Iterator[Message]:
    of_id = {deposit.id: deposit for deposit in wanted}
    for deposit_id in sorted({key[0] for key in deducted}):
        deposit = of_id.get(deposit_id)
        if deposit is None:
            number = db.session.get_one(Document, deposit_id).number
            yield _l("Deposit %(number)s can no longer be deducted here: take its line out.", number=number)
            continue
        taken = {rate: cents for (id_, rate), cents in deducted.items() if id_ == deposit_id}
        if taken != _left_by_rate(deposit, includes_vat):
            yield _l("What is left of deposit %(number)s has changed. Deduct it anew.", number=deposit.number)


def _left_by_rate(deposit: Document, includes_vat: bool) -> dict[int, int]:
    left, found = credit_left(deposit), Counter[int]()
    for part in left.parts:
        found[part.rate] += _shown_cents(left, part, includes_vat)
    return {rate: cents for rate, cents in found.items() if cents}


def lock_deposits(draft_id: int) -> set[int]:
    """Lock the quote of a draft and the deposits it deducts, by id, before the draft, which is younger, is locked.

    So two final invoices cannot deduct one deposit at once, two deposits of one quote see each other, and whoever locks
    many documents by id (`merge_customers`) waits in one order with this.

    Returns:
        The ids that are locked; of a draft that names others when it is locked itself, somebody has changed it.
    """
    deposits = select(DocumentLine.deposit_id).where(
        DocumentLine.document_id == draft_id, DocumentLine.deposit_id.is_not(None)
    )
    quote = select(Document.quote_id).where(Document.id == draft_id, Document.quote_id.is_not(None))
    found = {id_ for id_ in db.session.scalars(deposits.union(quote)) if id_ is not None}
    for document_id in sorted(found):
        locked_document(document_id)
    return found


def deducted_documents(document: Document) -> set[int]:
    """The quote and the deposits that a draft, its lines read, names."""
    found = {line.deposit_id for line in document.lines} | {document.quote_id}
    return {id_ for id_ in found if id_ is not None}


def note_use(document: Document) -> None:
    """Write down which deposits a final invoice deducts, in the transaction of its issue and under their locks."""
    for deposit_id in sorted({line.deposit_id for line in document.lines if line.deposit_id is not None}):
        generations = select(DepositUse.generation).where(DepositUse.deposit_id == deposit_id)
        last = max(db.session.scalars(generations), default=0)
        last_note_id = max((note.id for note in credit_notes_of(deposit_id)), default=None)
        db.session.add(
            DepositUse(
                deposit_id=deposit_id, final_id=document.id, generation=last + 1, last_note_id=last_note_id
            )
        )
    db.session.flush()
