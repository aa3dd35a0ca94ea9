"""One short form to a link that can be paid: customer, one-line invoice, issue and sending in one transaction of the
caller. For who stands at a customer's door with a phone.

The amount includes VAT; the invoice is due at once. Same e-mail address, same customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.facts import SupplyKind
from core.database import db
from core.money import CENT_DECIMALS, QUANTITY_DECIMALS, UNIT_PRICE_DECIMALS
from core.sms import sms_is_offered
from invoicing.customer_input import ContactInput, CustomerInput, checked_mobile
from invoicing.customer_search import plain_text
from invoicing.customers import save_customer
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.errors import InvalidInputError
from invoicing.input_checks import FieldErrors
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentState
from invoicing.locked_rows import locked_row
from invoicing.models import Contact, Customer, CustomerCounter, CustomerKind, Document
from invoicing.send_invoice import SendInput, send_invoice
from invoicing.send_sms import SmsInput, send_sms
from invoicing.set_invoice_type import set_deposit

COUNTRY: Final = "FR"
LARGEST_CENTS: Final = 10**10
_FIELDS: Final = {
    "lines-0-label": "label",
    "lines-0-unit_price": "amount_cents",
    "lines-0-quantity": "amount_cents",
    "lines-0-vat_rate": "vat_rate",
    "recipients": "email",
    "numbers": "mobile",
}
"""How the verbs below name what was typed here."""


@dataclass(frozen=True)
class QuickLinkInput:
    """What the form gives.

    Attributes:
        email, mobile: one at least; the link is sent to what is given, by SMS where that is offered.
        amount_cents: VAT included.
        vat_rate: in 1/100 %.
        is_deposit: a deposit on something that is delivered or done later.
        address1, postcode, city: of a new customer; may all be empty.
        request_key: made with the form; the same one twice (a double click) is one invoice, sent once.
    """

    name: str
    label: str
    amount_cents: int
    vat_rate: int
    request_key: str
    email: str = ""
    mobile: str = ""
    kind: SupplyKind = SupplyKind.SERVICE
    is_deposit: bool = False
    address1: str = ""
    postcode: str = ""
    city: str = ""
    language: str = "fr"


def quick_link(given: QuickLinkInput, *, actor_id: int | None = None) -> Document:
    """Issue an invoice of one line and send its link.

    Raises:
        InvalidInputError: naming every field that is wrong.
        NotIssuableError: the company or the customer lacks what the law asks for.
    """
    # Under the counter's lock two clicks come one after the other, and so do two forms with one address: the second
    # finds the document, or the customer, that the first has made.
    locked_row(CustomerCounter)
    made = select(Document).where(Document.request_key == given.request_key)
    earlier = db.session.scalars(made).one_or_none()
    if earlier is not None and earlier.state is DocumentState.ISSUED:
        return earlier
    email, mobile = _checked(given)
    try:
        customer = _customer(given, email, mobile, actor_id)
        draft = draft_invoice(_draft(given, customer.id), actor_id=actor_id)
        if given.is_deposit:
            set_deposit(draft.id, is_deposit=True)
        document = issue_invoice(draft.id, actor_id=actor_id)
        _send(given, document.id, email, mobile, actor_id=actor_id)
    except InvalidInputError as refused:
        raise InvalidInputError(
            {_FIELDS.get(field, field): message for field, message in refused.errors.items()}
        ) from refused
    return document


def _checked(given: QuickLinkInput) -> tuple[str, str]:
    """E-mail address and mobile number in their normal forms; everything wrong is told at once."""
    errors = FieldErrors()
    errors.text("name", given.name, 255, required=_l("Give the name."))
    errors.text("label", given.label, 255, required=_l("Say what is sold."))
    email = errors.email("email", given.email)
    mobile = checked_mobile(errors, "mobile", given.mobile, COUNTRY)
    if not given.email.strip() and not given.mobile.strip():
        errors.add("email", _l("Give an e-mail address, a mobile number or both: the link is sent there."))
    if given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.amount_cents > LARGEST_CENTS:
        errors.add("amount_cents", _l("This number is too large."))
    errors.raise_if_any()
    return email, mobile


def _customer(given: QuickLinkInput, email: str, mobile: str, actor_id: int | None) -> Customer:
    known = _find(given.name, email, mobile)
    if known is not None:
        return known
    contact = ContactInput(name=given.name, email=email, mobile=mobile)
    return save_customer(
        CustomerInput(
            kind=CustomerKind.INDIVIDUAL,
            name=given.name,
            address1=given.address1,
            postcode=given.postcode,
            city=given.city,
            country=COUNTRY,
            language=given.language,
            contacts=(contact,),
            request_key=given.request_key,
            may_lack_address=True,
        ),
        actor_id=actor_id,
    )


def _find(name: str, email: str, mobile: str) -> Customer | None:
    """The customer with this e-mail address; without one, with this number and this name: families share numbers."""
    in_use = Customer.archived_at.is_(None), Customer.merged_into_id.is_(None)
    found = select(Contact, Customer).join(Customer, Customer.id == Contact.customer_id).where(*in_use)
    found = found.where(
        func.lower(Contact.email) == email.lower() if email else Contact.mobile == mobile
    ).order_by(Customer.id)
    for contact, customer in db.session.execute(found):
        if email or plain_text(customer.full_name) == plain_text(name):
            if mobile and not contact.mobile:
                contact.mobile = mobile
            return customer
    return None


def _draft(given: QuickLinkInput, customer_id: int) -> DraftInput:
    line = LineInput(
        label=given.label,
        quantity=10**QUANTITY_DECIMALS,
        unit_price=given.amount_cents * 10 ** (UNIT_PRICE_DECIMALS - CENT_DECIMALS),
        vat_rate=given.vat_rate,
        kind=given.kind,
    )
    return DraftInput(
        customer_id=customer_id,
        lines=(line,),
        prices_include_vat=True,
        payment_terms_days=0,
        request_key=given.request_key,
    )


def _send(given: QuickLinkInput, document_id: int, email: str, mobile: str, *, actor_id: int | None) -> None:
    if email:
        send_invoice(SendInput(document_id, (email,), given.request_key, actor_id=actor_id))
    if mobile and sms_is_offered():
        send_sms(SmsInput(document_id, (mobile,), given.request_key, actor_id=actor_id))
