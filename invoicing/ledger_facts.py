"""Documents and payments in the words of the ledger: match keys, third party, sale lines, state of VAT on collection.

Used by the verbs that call `accounting.record`; invoicing names no account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import BigInteger, BindParameter, bindparam, case, func, or_, select, union_all

from accounting.facts import (
    BalanceMoveFact,
    CollectionState,
    DeductedDeposit,
    MovedKey,
    SaleFact,
    SaleLine,
    Share,
    SupplyKind,
    ThirdParty,
    Treasury,
    TreasuryPlace,
    VatRegime,
)
from accounting.match_keys import kind_of_key
from accounting.record import record
from accounting.treasury_accounts import treasury_place
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped
from invoicing.balances import DocumentBalance, balance_of
from invoicing.deposit_uses import is_advance
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType
from invoicing.models import Customer, Document, DocumentVat
from invoicing.parties import Buyer
from invoicing.payments import Payment, PaymentMethod
from invoicing.receivables import WriteOff, WriteOffVat
from invoicing.vat import VatTotals
from invoicing.vat_cases import treatment_of

TREASURY_OF = {
    PaymentMethod.TRANSFER: Treasury.BANK,
    PaymentMethod.CHEQUE: Treasury.CHEQUES,
    PaymentMethod.CASH: Treasury.CASH,
    PaymentMethod.CARD: Treasury.PAYPLUG,
    PaymentMethod.CARD_TERMINAL: Treasury.BANK,
    PaymentMethod.DIRECT_DEBIT: Treasury.BANK,
    PaymentMethod.OTHER: Treasury.BANK,
}
"""The usual treasury of a method: where its money is while the company named no other account."""


def treasury_of(payment: Payment) -> Treasury | TreasuryPlace:
    """Where the money of a payment came in, and where it goes back from."""
    if payment.treasury_account_id is not None:
        return treasury_place(payment.treasury_account_id)
    return TREASURY_OF[payment.method]


def invoice_key(invoice_id: int) -> str:
    """The match key of what a customer owes on an invoice."""
    return f"invoice:{invoice_id}"


_ADVANCE = "advance"


def advance_key(deposit_id: int) -> str:
    """The match key of what was paid on a deposit that is booked when it is paid, until an invoice deducts it."""
    return f"{_ADVANCE}:{deposit_id}"


def live_key(invoice: Document) -> str:
    """The match key on which an invoice stands now; the caller holds its lock."""
    return advance_key(invoice.id) if is_advance(invoice) else invoice_key(invoice.id)


def share_on(match_key: str, cents: int) -> Share:
    """Cents that go to a match key, told to the ledger."""
    return Share(match_key, cents, is_advance=kind_of_key(match_key) == _ADVANCE)


def moved_keys(invoices: Iterable[Document]) -> tuple[MovedKey, ...]:
    """Of these invoices the deposits that are booked when they are paid: where they do not stand, and where they do."""
    return tuple(
        MovedKey(advance_key(deposit.id), invoice_key(deposit.id), is_advance=False)
        if live_key(deposit) == invoice_key(deposit.id)
        else MovedKey(invoice_key(deposit.id), advance_key(deposit.id), is_advance=True)
        for deposit in invoices
        if deposit.booked_when_paid
    )


def payment_key(payment_id: int) -> str:
    """The match key of the surplus of a payment."""
    return f"payment:{payment_id}"


def credit_note_key(credit_note_id: int) -> str:
    """The match key of what is left of a credit note."""
    return f"credit_note:{credit_note_id}"


def refund_key(refund_id: int) -> str:
    """The match key of what went back beyond what a payment had."""
    return f"refund:{refund_id}"


def third_party(buyer: Buyer) -> ThirdParty:
    """The customer in the books, as it stands on the document; after a merge, the customer that took it over."""
    row = execute_scoped(_PARTY, number=buyer.number).one_or_none()
    if row is None:
        return ThirdParty(buyer.number, buyer.name)
    if row.target_number is None:
        return ThirdParty(buyer.number, buyer.name, row.ledger_account)
    name = f"{row.target_first_name} {row.target_name}".strip()
    return ThirdParty(row.target_number, name, row.target_account)


def follow_merge(source: tuple[str, int], customer_id: int, day: date, reference: str) -> None:
    """Move what a record has opened again on a merged customer to the one that took it over; else nothing.

    The caller holds the locks of the documents it opened again.
    """
    customer = db.session.get_one(Customer, customer_id)
    if customer.merged_into_id is None:
        return
    head = db.session.get_one(Customer, customer.merged_into_id)
    merged = select(Customer.number).where(Customer.merged_into_id == head.id).order_by(Customer.id)
    record(
        BalanceMoveFact(
            source=source,
            moved_on=day,
            reference=reference,
            from_codes=tuple(db.session.scalars(merged)),
            third_party=ThirdParty(head.number, head.full_name, head.ledger_account),
        )
    )


def waiting_vat(invoice: Document) -> dict[int, int]:
    """VAT per rate of an invoice that falls due when it is paid, in all (the W_r of cumulated rounding)."""
    return dict(_waiting_cents(invoice.id)) if _may_wait(invoice) else {}


def sale_fact(
    document: Document,
    vat: Iterable[DocumentVat | VatTotals],
    buyer: Buyer,
    shares: tuple[Share, ...],
    collection: tuple[CollectionState, ...] = (),
) -> SaleFact:
    """An issued document and its VAT per rate, told to the ledger."""
    assert document.number is not None
    assert document.issue_date is not None
    assert document.regime is not None
    is_deposit = document.invoice_type is InvoiceType.DEPOSIT
    return SaleFact(
        source=("document", document.id),
        is_credit=document.kind is DocumentKind.CREDIT_NOTE,
        number=document.number,
        issue_date=document.issue_date,
        third_party=third_party(buyer),
        lines=tuple(_sale_line(document, row) for row in vat),
        regime=document.regime,
        shares=shares,
        rounding_cents=document.rounding_cents,
        vat_waits=is_deposit,
        collection=collection,
        takes_back=tuple(("document", id_) for id_ in _taken_back_by(document)),
        is_later_discount=document.is_later_discount,
        deposits=tuple(_deducted_deposits(document)),
    )


def _deducted_deposits(document: Document) -> Iterator[DeductedDeposit]:
    """The deposits booked when they are paid that an invoice deducts, or that the credit note of all of it frees."""
    nets = Counter[int]()
    if document.invoice_type is InvoiceType.FINAL:
        for line in document.lines:
            if line.deposit_id is not None:
                nets[line.deposit_id] -= line.net_cents
    for deposit_id in sorted(nets):
        deposit = db.session.get_one(Document, deposit_id)
        if deposit.booked_when_paid:
            assert deposit.number is not None
            balance = balance_of(deposit_id)
            yield DeductedDeposit(
                number=deposit.number,
                advance_key=advance_key(deposit_id),
                invoice_key=invoice_key(deposit_id),
                total_cents=balance.total_cents - balance.credited_cents,
                vat_cents=_waiting_cents(deposit_id),
                deducted_cents=nets[deposit_id],
            )


def _taken_back_by(document: Document) -> set[int]:
    """The invoice that a credit note credits; the deposits that a final invoice deducts."""
    if document.credits_id is not None:
        return {document.credits_id}
    if document.invoice_type is not InvoiceType.FINAL:
        return set()
    return {line.deposit_id for line in document.lines if line.deposit_id is not None}


def _sale_line(document: Document, row: DocumentVat | VatTotals) -> SaleLine:
    treatment = treatment_of(document.vat_case, row)
    is_deposit = row.is_deposit or document.invoice_type is InvoiceType.DEPOSIT
    return SaleLine(row.kind, row.rate, row.net_cents, row.vat_cents, treatment, row.account, is_deposit)


def collection_states(*invoices: Document) -> tuple[CollectionState, ...]:
    """Where each invoice stands for VAT on collection now; invoices without VAT that waits are left out."""
    states = (_collection_state(invoice) for invoice in invoices if _may_wait(invoice))
    return tuple(state for state in states if state is not None)


def collection_states_at(invoice: Document, balance: DocumentBalance) -> tuple[CollectionState, ...]:
    """`collection_states` of one invoice, by a verb that knows how it stands now."""
    if not _may_wait(invoice):
        return ()
    state = _collection_state(invoice, balance)
    return () if state is None else (state,)


def _may_wait(invoice: Document) -> bool:
    """VAT on services waits under the rule; that of a deposit does so under the option for debits too."""
    return invoice.regime is VatRegime.COLLECTION or invoice.invoice_type is InvoiceType.DEPOSIT


def _collection_state(invoice: Document, balance: DocumentBalance | None = None) -> CollectionState | None:
    waiting = _waiting_cents(invoice.id)
    if not waiting:
        return None
    balance = balance or balance_of(invoice.id)
    total = balance.total_cents - balance.credited_cents - balance.reduced_cents
    collected = balance.paid_cents - balance.given_back_cents + balance.absorbed_cents
    key = live_key(invoice)
    return CollectionState(
        key, total, min(collected, total), waiting, is_advance=key != invoice_key(invoice.id)
    )


def _waiting_cents(invoice_id: int) -> tuple[tuple[int, int], ...]:
    """The W_r of cumulated rounding: VAT per rate on services, and on all of a deposit, less notes and write-offs."""
    rows = execute_scoped(_WAITING, invoice_id=invoice_id)
    return tuple((row[0], int(row[1])) for row in rows)


# Every collection passes here, so it is built once and goes past the session.
_INVOICE_ID: BindParameter[int] = bindparam("invoice_id", type_=BigInteger)
_SAID = (
    select(
        DocumentVat.rate.label("rate"),
        (case((Document.id == _INVOICE_ID, 1), else_=-1) * DocumentVat.vat_cents).label("cents"),
    )
    .join(Document, Document.id == DocumentVat.document_id)
    .where(
        Document.company_id == COMPANY,
        or_(Document.id == _INVOICE_ID, Document.credits_id == _INVOICE_ID),
        Document.state == DocumentState.ISSUED,
        DocumentVat.company_id == COMPANY,
        or_(DocumentVat.kind == SupplyKind.SERVICE, Document.invoice_type == InvoiceType.DEPOSIT),
        DocumentVat.rate > 0,
    )
)
_GIVEN_UP = (
    select(
        WriteOffVat.vat_rate.label("rate"),
        (case((WriteOff.undoes_id.is_(None), -1), else_=1) * WriteOffVat.vat_cents).label("cents"),
    )
    .join(WriteOff, WriteOff.id == WriteOffVat.write_off_id)
    .where(
        WriteOff.company_id == COMPANY,
        WriteOff.invoice_id == _INVOICE_ID,
        WriteOffVat.company_id == COMPANY,
        WriteOffVat.is_waiting.is_(True),
    )
)
_PARTS = union_all(_SAID, _GIVEN_UP).subquery("part")
_WAITING = (
    select(_PARTS.c.rate, func.sum(_PARTS.c.cents)).group_by(_PARTS.c.rate).order_by(_PARTS.c.rate.desc())
)

# Every issue and collection passes here too.
_BUYERS = Base.metadata.tables["customer"]
_TARGETS = _BUYERS.alias("target")
_PARTY = (
    select(
        _BUYERS.c.ledger_account,
        _TARGETS.c.number.label("target_number"),
        _TARGETS.c.first_name.label("target_first_name"),
        _TARGETS.c.name.label("target_name"),
        _TARGETS.c.ledger_account.label("target_account"),
    )
    .select_from(_BUYERS)
    .outerjoin(
        _TARGETS,
        (_TARGETS.c.company_id == _BUYERS.c.company_id) & (_TARGETS.c.id == _BUYERS.c.merged_into_id),
    )
    .where(_BUYERS.c.company_id == COMPANY, _BUYERS.c.number == bindparam("number"))
)
