"""Takes one customer into another: the same customer was entered twice. Called by the page that shows what will happen.

Issued documents and payments keep the customer they were made for, and entries their auxiliary code: both are frozen.
What is open moves by one entry, and whatever comes later goes to the target (`ledger_facts.third_party`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from accounting.facts import BalanceMoveFact, ThirdParty
from accounting.record import record
from core.clock import paris_today, utc_now
from core.database import db, for_update
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from core.versions import count_save
from invoicing.balances import customer_credit_cents, customer_due_cents
from invoicing.customer_input import MOST_CONTACTS
from invoicing.customer_search import search_text_of
from invoicing.customers import locked_customer
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import DocumentState
from invoicing.models import Contact, Customer, CustomerMerge, Document
from invoicing.payments import Payment


@dataclass(frozen=True)
class MergePreview:
    """What a merge will do, for the page that asks.

    Attributes:
        drafts: how many drafts go to the target.
        issued: how many issued documents stay as they are.
        contacts: how many contacts the target gets.
        due_cents: what is open on invoices and moves.
        credit_cents: credit of the source that moves.
        differs: both are known by a SIREN, and not by the same, or one is an individual and the other is not.
    """

    drafts: int
    issued: int
    contacts: int
    due_cents: int
    credit_cents: int
    differs: bool


def preview_merge(source: Customer, target: Customer) -> MergePreview:
    """What merging the source into the target will do.

    Raises:
        InvalidInputError: it cannot be done; the field is `into`.
    """
    _refuse_impossible(source, target)
    rows = db.session.execute(
        select(Document.state, func.count()).where(Document.customer_id == source.id).group_by(Document.state)
    )
    states = {row[0]: row[1] for row in rows}
    return MergePreview(
        drafts=states.get(DocumentState.DRAFT, 0),
        issued=states.get(DocumentState.ISSUED, 0),
        contacts=len(_contacts_to_move(source, target)),
        due_cents=customer_due_cents(source.id),
        credit_cents=customer_credit_cents(source.id),
        differs=source.kind is not target.kind
        or bool(source.siren and target.siren and source.siren != target.siren),
    )


def merge_customers(
    source_id: int, target_id: int, *, today: date | None = None, actor_id: int | None = None
) -> CustomerMerge:
    """Merge the source into the target; merged twice, the first merge is returned.

    Drafts and contacts go to the target, the open balance goes there by one entry, the source is archived.

    Args:
        source_id: the customer that is taken over.
        target_id: the customer that stays.
        today: the business day of the merge; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: one of them does not exist.
        InvalidInputError: it is the same customer, one is archived, or there would be too many contacts.
        ConflictError: the source was merged into another customer meanwhile.
    """
    locked = {customer_id: locked_customer(customer_id) for customer_id in sorted({source_id, target_id})}
    source, target = locked[source_id], locked[target_id]
    earlier = db.session.scalars(
        select(CustomerMerge).where(CustomerMerge.source_id == source_id)
    ).one_or_none()
    if earlier is not None:
        if earlier.target_id == target_id:
            return earlier
        raise ConflictError(_l("This customer was merged into another one, which has taken its place."))
    _refuse_impossible(source, target)
    _lock_what_moves(source)
    _move_contacts(source, target)
    _move_drafts(source, target)
    return _merged(source, target, today or paris_today(), actor_id)


def _refuse_impossible(source: Customer, target: Customer) -> None:
    if source.id == target.id:
        raise InvalidInputError({"into": _l("Choose another customer than this one.")})
    for customer in (source, target):
        if customer.archived_at is not None:
            message = _l("Customer %(number)s is archived. Take it back first.", number=customer.number)
            raise InvalidInputError({"into": message})
    if len(_contacts_to_move(source, target)) + len(target.contacts) > MOST_CONTACTS:
        message = _l(
            "Together they would have more than %(count)d contacts. Remove some first.", count=MOST_CONTACTS
        )
        raise InvalidInputError({"into": message})


def _lock_what_moves(source: Customer) -> None:
    """Documents by id, then payments by id: whoever settles or issues one of them is waited for, or comes after."""
    for model in (Document, Payment):
        db.session.execute(
            for_update(select(model.id).where(model.customer_id == source.id).order_by(model.id))
        )


def _said(contact: Contact) -> tuple[str, ...]:
    return (contact.name, contact.email.casefold(), contact.phone, contact.mobile)


def _contacts_to_move(source: Customer, target: Customer) -> list[Contact]:
    """The contacts of the source that the target does not have."""
    known = {_said(contact) for contact in target.contacts}
    return [contact for contact in source.contacts if _said(contact) not in known]


def _move_contacts(source: Customer, target: Customer) -> None:
    source.contacts[:] = _contacts_to_move(source, target)
    db.session.flush()
    db.session.execute(update(Contact).where(Contact.customer_id == source.id).values(customer_id=target.id))
    for customer in (source, target):
        db.session.expire(customer, ["contacts"])


def _move_drafts(source: Customer, target: Customer) -> None:
    drafts = select(Document).where(Document.customer_id == source.id, Document.state == DocumentState.DRAFT)
    for draft in db.session.scalars(drafts.execution_options(populate_existing=True)):
        draft.customer_id = target.id
        # A page of the draft that is open elsewhere still names the source.
        count_save(draft, None)


def _merged(source: Customer, target: Customer, day: date, actor_id: int | None) -> CustomerMerge:
    merged_before = select(Customer).where(Customer.merged_into_id == source.id).order_by(Customer.id)
    taken_over = [source, *db.session.scalars(merged_before)]
    for customer in taken_over:
        customer.merged_into_id = target.id
    source.archived_at = utc_now()
    target.search_text = search_text_of(target)
    for customer in (source, target):
        count_save(customer, None)
    merge = CustomerMerge(source_id=source.id, target_id=target.id, merged_on=day, merged_by_id=actor_id)
    db.session.add(merge)
    db.session.flush()
    record(
        BalanceMoveFact(
            source=("customer_merge", merge.id),
            moved_on=day,
            reference=f"FUSION {source.number}",
            from_codes=tuple(customer.number for customer in taken_over),
            third_party=ThirdParty(target.number, target.full_name, target.ledger_account),
        )
    )
    seal("customer_merge", merge.id)
    record_event(
        "customer.merged", actor_id=actor_id, subject=("customer", target.id), source=source.number,
        target=target.number,
    )  # fmt: skip
    return merge
