"""Customers: made and changed by `save_customer`, found by id, by an import's reference, or by a few letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, case, func, select

from accounting.customer_account import ensure_customer_account
from accounting.errors import AccountingError
from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from core.versions import count_save, is_changed
from invoicing.balances import merged_ids
from invoicing.customer_input import ContactInput, CustomerInput, checked_customer
from invoicing.customer_search import nearest, plain_text, search_text_of
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.locked_rows import locked_row
from invoicing.models import Contact, Customer, CustomerCounter

_COPIED = (
    "kind", "name", "first_name", "siren", "siret", "vat_number", "einvoice_address", "address1", "address2",
    "postcode", "city", "country", "delivery_name", "delivery_address1", "delivery_address2", "delivery_postcode",
    "delivery_city", "delivery_country", "language", "payment_terms_days", "ledger_account", "note",
    "external_reference",
    "vat_case", "vat_ground",
)  # fmt: skip


def save_customer(
    given: CustomerInput,
    *,
    customer_id: int | None = None,
    version: int | None = None,
    actor_id: int | None = None,
) -> Customer:
    """Make a customer, or change the one named. Documents already issued keep what they said.

    An import run twice, or a form sent twice, is harmless: a new customer whose external reference or request key
    exists returns the earlier one unchanged.

    Args:
        given: what was typed; `contacts` replace those the customer has.
        customer_id: the customer to change; None makes a new one and gives it the next number (C00001…).
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        InvalidInputError: naming every field that is wrong.
        OutdatedError: the customer was saved since that version, and says something else.
        NotFoundError: `customer_id` names no customer of this company.
        ConflictError: it was merged into another customer.
    """
    checked = checked_customer(given)
    if customer_id is None:
        # The counter's lock makes two imports of one reference, or two sendings of one form, come one after the other.
        counter = locked_row(CustomerCounter)
        earlier = find_by_reference(checked.external_reference) or _find_by_request(checked.request_key)
        if earlier is not None:
            return earlier
        counter.last += 1
        customer = Customer(number=f"C{counter.last:05d}", request_key=checked.request_key)
        _write(customer, checked)
        db.session.add(customer)
    else:
        customer = locked_customer(customer_id)
        _refuse_merged(customer)
        _refuse_taken_reference(checked.external_reference, customer_id)
        with db.session.no_autoflush:
            _write(customer, checked)
            if not is_changed():
                return customer
            count_save(customer, version)
    db.session.flush()
    kind = "customer.created" if customer_id is None else "customer.changed"
    record_event(kind, actor_id=actor_id, subject=("customer", customer.id))
    return customer


def _write(customer: Customer, checked: CustomerInput) -> None:
    _ensure_account(checked)
    for name in _COPIED:
        setattr(customer, name, getattr(checked, name))
    stored = list(customer.contacts)
    customer.contacts[:] = [_contact(stored, contact) for contact in checked.contacts]
    customer.search_text = search_text_of(customer)


def _ensure_account(checked: CustomerInput) -> None:
    if not checked.ledger_account:
        return
    try:
        ensure_customer_account(checked.ledger_account, f"{checked.first_name} {checked.name}".strip())
    except AccountingError as error:
        raise InvalidInputError({"ledger_account": error.message}) from error


def _refuse_merged(customer: Customer) -> None:
    if customer.merged_into_id is not None:
        raise ConflictError(_l("This customer was merged into another one, which has taken its place."))


def locked_customer(customer_id: int) -> Customer:
    """The customer, locked and re-read.

    Raises:
        NotFoundError: this company has none of that id.
    """
    customer = lock(select(Customer).where(Customer.id == customer_id))
    if customer is None:
        raise NotFoundError(_l("This customer does not exist."))
    return customer


def _refuse_taken_reference(reference: str | None, customer_id: int) -> None:
    holder = find_by_reference(reference)
    if holder is not None and holder.id != customer_id:
        message = _l("Customer %(number)s already has this reference.", number=holder.number)
        raise InvalidInputError({"external_reference": message})


def _contact(stored: list[Contact], given: ContactInput) -> Contact:
    """The stored contact that is meant, taken out of the list, or a new one."""
    contact = next((c for c in stored if _is_meant(c, given)), None)
    if contact is None:
        contact = Contact()
    else:
        stored.remove(contact)
    contact.name, contact.email = given.name, given.email
    contact.phone, contact.mobile = given.phone, given.mobile
    contact.receives_invoices = given.receives_invoices
    return contact


def _is_meant(contact: Contact, given: ContactInput) -> bool:
    """By its id; one without an id that says the same was added by the same form, sent before."""
    if given.id is not None:
        return contact.id == given.id
    told = (given.name, given.email, given.phone, given.mobile, given.receives_invoices)
    stored = (contact.name, contact.email, contact.phone, contact.mobile, contact.receives_invoices)
    return stored == told


def find_customer(customer_id: int) -> Customer:
    """The customer of that id.

    Raises:
        NotFoundError: this company has none.
    """
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise NotFoundError(_l("This customer does not exist."))
    return customer


def find_by_reference(external_reference: str | None) -> Customer | None:
    """The customer with that external reference, if any."""
    if external_reference is None:
        return None
    return db.session.scalars(
        select(Customer).where(Customer.external_reference == external_reference)
    ).one_or_none()


def _find_by_request(request_key: str | None) -> Customer | None:
    if request_key is None:
        return None
    return db.session.scalars(select(Customer).where(Customer.request_key == request_key)).one_or_none()


def find_by_number(number: str) -> Customer | None:
    """The customer with that number (C00001), if any."""
    return db.session.scalars(select(Customer).where(Customer.number == number)).one_or_none()


def contacts_of(customer_id: int) -> list[Contact]:
    """Whom to write to about the customer's documents; after a merge, the contacts of the customer in its place."""
    statement = select(Contact).where(Contact.customer_id.in_(merged_ids(customer_id)))
    return list(db.session.scalars(statement.order_by(Contact.id)))


def search_customers(
    text: str = "", *, archived: bool = False, limit: int = 50, offset: int = 0
) -> list[Customer]:
    """The first customers that `found_customers` finds."""
    return list(db.session.scalars(found_customers(text, archived=archived).limit(limit).offset(offset)))


def count_found(found: Select[Customer]) -> int:
    """How many customers a statement of `found_customers` finds in all."""
    ids = found.order_by(None).with_only_columns(Customer.id)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def customer_ids_matching(text: str) -> Select[int]:
    """SQL: the ids of the customers of which each word is a part, archived or not, for lists of their documents."""
    return _matching(text).with_only_columns(Customer.id)


def found_customers(text: str, *, archived: bool = False) -> Select[Customer]:
    """SQL: customers whose name, number, SIREN, town or contacts contain each word, in order of name; all when empty.

    Accents and capitals do not count. When nobody is found so, those that resemble what was typed, the likest first:
    the search for them is made here, once, and the statement names who was found.

    Args:
        archived: search the archived ones instead of those in use.
    """
    in_use = Customer.archived_at.is_not(None) if archived else Customer.archived_at.is_(None)
    exact = _matching(text).where(in_use).order_by(Customer.name, Customer.first_name, Customer.id)
    if not text.strip() or db.session.scalars(exact.with_only_columns(Customer.id).limit(1)).first():
        return exact
    rows = db.session.execute(select(Customer.id, Customer.search_text).where(in_use))
    near = nearest(text, {row[0]: row[1] for row in rows})
    if not near:
        return exact
    rank = case({key: position for position, key in enumerate(near)}, value=Customer.id)
    return select(Customer).where(Customer.id.in_(near)).order_by(rank)


def _matching(text: str) -> Select[Customer]:
    statement = select(Customer)
    for word in plain_text(text).split():
        statement = statement.where(Customer.search_text.contains(word, autoescape=True))
    return statement
