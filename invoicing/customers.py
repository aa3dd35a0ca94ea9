"""Customers: made and changed by `save_customer`, found by id, by an import's reference, or by a few letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select

from core.database import db, lock
from core.event_log import record_event
from core.versions import count_save, is_changed
from invoicing.customer_input import ContactInput, CustomerInput, checked_customer
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.locked_rows import locked_row
from invoicing.models import Contact, Customer, CustomerCounter

_COPIED = (
    "kind", "name", "first_name", "siren", "vat_number", "address1", "address2", "postcode", "city", "country",
    "language", "payment_terms_days", "external_reference",
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
        customer = _locked_customer(customer_id)
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
    for name in _COPIED:
        setattr(customer, name, getattr(checked, name))
    stored = list(customer.contacts)
    customer.contacts[:] = [_contact(stored, contact) for contact in checked.contacts]


def _locked_customer(customer_id: int) -> Customer:
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
    contact.name, contact.email, contact.phone = given.name, given.email, given.phone
    contact.receives_invoices = given.receives_invoices
    return contact


def _is_meant(contact: Contact, given: ContactInput) -> bool:
    """By its id; one without an id that says the same was added by the same form, sent before."""
    if given.id is not None:
        return contact.id == given.id
    told = (given.name, given.email, given.phone, given.receives_invoices)
    return (contact.name, contact.email, contact.phone, contact.receives_invoices) == told


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


def search_customers(text: str = "", *, limit: int = 50, offset: int = 0) -> list[Customer]:
    """Customers whose name, number, SIREN, town or e-mail contains the text, in order of name; all when it is empty."""
    ordered = _matching(text).order_by(Customer.name, Customer.first_name, Customer.id)
    return list(db.session.scalars(ordered.limit(limit).offset(offset)))


def count_customers(text: str = "") -> int:
    """How many customers `search_customers` would find in all."""
    return db.session.scalar(select(func.count()).select_from(_matching(text).subquery())) or 0


def customer_ids_matching(text: str) -> Select[int]:
    """SQL: the ids of the customers that `search_customers` finds, for lists of their documents and payments."""
    return _matching(text).with_only_columns(Customer.id)


def _matching(text: str) -> Select[Customer]:
    statement = select(Customer).where(Customer.archived_at.is_(None))
    for word in text.split():
        by_contact = select(Contact.customer_id).where(Contact.email.icontains(word, autoescape=True))
        columns = (Customer.name, Customer.first_name, Customer.number, Customer.siren, Customer.city)
        statement = statement.where(
            or_(*(column.icontains(word, autoescape=True) for column in columns), Customer.id.in_(by_contact))
        )
    return statement
