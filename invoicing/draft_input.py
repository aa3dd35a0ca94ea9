"""What a form or an import says about a draft, and the checks each field must pass before a verb writes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import lazy_gettext as _l

from accounting.facts import SupplyKind
from accounting.sales_accounts import checked_number
from core.clock import paris_today
from core.mail import Attachment
from core.money import QUANTITY_DECIMALS, UNIT_PRICE_DECIMALS
from invoicing.attachments import check_attachments
from invoicing.customer_input import LANGUAGES, LONGEST_TERMS_DAYS, country_codes
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import LineRole
from invoicing.parties import Address
from invoicing.units import DEFAULT_UNIT, UNITS
from invoicing.vat import WHOLE, line_amount
from invoicing.vat_categories import VatCase
from invoicing.vat_checks import check_line_ground, check_treatment
from invoicing.vat_rates import allowed_rates

LONGEST_LABEL = 255
LONGEST_DESCRIPTION = 2000
LONGEST_NOTE = 2000
LONGEST_CONDITIONS = 10_000
LONGEST_REFERENCE = 100
MOST_LINES = 500
LARGEST_QUANTITY = 10**8 * 10**QUANTITY_DECIMALS
LARGEST_PRICE = 10**8 * 10**UNIT_PRICE_DECIMALS
LARGEST_LINE_CENTS = 10**12


NOT_A_SALES_ACCOUNT = _l("A sales account begins with 70 and has 3 to 17 digits and capital letters.")


@dataclass(frozen=True)
class LineInput:
    """One line as typed. Scaled integers: quantity 4 decimals, unit price 6 (euros), discount and VAT rate 1/100 %.

    The unit price is net, or VAT included when the document's prices are. Headings and sub-totals have a label only.
    `vat_ground`, `sales_account`, `item_id` and `deposit_id` are those of `DocumentLine`.
    """

    label: str
    quantity: int
    unit_price: int
    vat_rate: int
    kind: SupplyKind = SupplyKind.SERVICE
    description: str = ""
    unit: str = DEFAULT_UNIT
    discount: int = 0
    role: LineRole = LineRole.ITEM
    vat_ground: str = ""
    sales_account: str = ""
    item_id: int | None = None
    deposit_id: int | None = None

    @classmethod
    def of(cls, line: object) -> LineInput:
        """The input that a row was written from."""
        return cls(**{name: getattr(line, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class DraftInput:
    """Everything about a draft as typed.

    Attributes:
        language: of the document; None takes the customer's.
        prices_include_vat: None takes the default: VAT included for an individual, net for a business.
        issue_date: None is the day of issue.
        supply_date: when goods were delivered or the service done, if known and different.
        due_date: None follows from the payment terms.
        payment_terms_days: None takes the customer's, else the company's.
        external_reference: an import's own key, unique in the company.
        request_key: a random key of the form, so that sending it twice makes one draft.
        vat_case: None takes the customer's, else the company's.
        discount_rate, discount_cents: taken off the whole, as `DocumentTerms` has them; never both.
        delivery: where goods go; None takes the customer's own, `Address()` that of billing.
        valid_until: of a quote.
        attachments: stored files that go along in the document's mails.
    """

    customer_id: int
    lines: tuple[LineInput, ...] = ()
    language: str | None = None
    prices_include_vat: bool | None = None
    issue_date: date | None = None
    supply_date: date | None = None
    due_date: date | None = None
    payment_terms_days: int | None = None
    purchase_order: str = ""
    note: str = ""
    external_reference: str | None = None
    request_key: str | None = None
    vat_case: VatCase | None = None
    vat_ground: str = ""
    discount_rate: int = 0
    discount_cents: int = 0
    discount_label: str = ""
    period_start: date | None = None
    period_end: date | None = None
    valid_until: date | None = None
    buyer_reference: str = ""
    contract_reference: str = ""
    delivery: Address | None = None
    conditions: str = ""
    attachments: tuple[Attachment, ...] = ()


def checked_draft(given: DraftInput) -> DraftInput:
    """The input cleaned.

    Raises:
        InvalidInputError: naming every field that is wrong (`lines-0-label` for the first line's label).
    """
    errors = FieldErrors()
    if given.language is not None and given.language not in LANGUAGES:
        errors.add("language", _l("Choose one of the languages offered."))
    issue_date = _check_dates(errors, given)
    _check_discount(errors, given)
    check_treatment(errors, given.vat_case, given.vat_ground)
    if len(given.lines) > MOST_LINES:
        errors.add("lines", _l("At most %(count)d lines fit on one document.", count=MOST_LINES))
    rates = allowed_rates(issue_date or paris_today())
    checked = replace(
        given,
        lines=tuple(_checked_line(errors, i, line, rates) for i, line in enumerate(given.lines[:MOST_LINES])),
        purchase_order=errors.text("purchase_order", given.purchase_order, LONGEST_REFERENCE),
        buyer_reference=errors.text("buyer_reference", given.buyer_reference, LONGEST_REFERENCE),
        contract_reference=errors.text("contract_reference", given.contract_reference, LONGEST_REFERENCE),
        discount_label=errors.text("discount_label", given.discount_label, LONGEST_LABEL),
        note=errors.text("note", given.note, LONGEST_NOTE, lines=True),
        delivery=_checked_delivery(errors, given.delivery),
        conditions=errors.text("conditions", given.conditions, LONGEST_CONDITIONS, lines=True),
        external_reference=errors.text(
            "external_reference", given.external_reference or "", LONGEST_REFERENCE
        )
        or None,
    )
    checked = replace(checked, attachments=check_attachments(errors, given.attachments))
    errors.raise_if_any()
    return checked


def _check_dates(errors: FieldErrors, given: DraftInput) -> date | None:
    issue_date = errors.day("issue_date", given.issue_date)
    errors.day("supply_date", given.supply_date)
    errors.day("due_date", given.due_date)
    errors.day("period_start", given.period_start)
    errors.day("period_end", given.period_end)
    errors.day("valid_until", given.valid_until)
    if given.period_start and given.period_end and given.period_end < given.period_start:
        errors.add("period_end", _l("The period cannot end before it begins."))
    if given.due_date and given.issue_date and given.due_date < given.issue_date:
        errors.add("due_date", _l("The due date cannot lie before the invoice date."))
    terms = given.payment_terms_days
    if terms is not None and not 0 <= terms <= LONGEST_TERMS_DAYS:
        errors.add(
            "payment_terms_days", _l("Give a number of days between 0 and %(most)d.", most=LONGEST_TERMS_DAYS)
        )
    return issue_date


def _check_discount(errors: FieldErrors, given: DraftInput) -> None:
    if not 0 <= given.discount_rate <= WHOLE:
        errors.add("discount_rate", _l("Give a discount between 0 and 100."))
    if not 0 <= given.discount_cents <= LARGEST_LINE_CENTS:
        errors.add("discount_cents", _l("Give an amount that is not negative."))
    elif given.discount_rate and given.discount_cents:
        errors.add("discount_cents", _l("Give a percentage or an amount, not both."))


def _checked_delivery(errors: FieldErrors, given: Address | None) -> Address | None:
    if given is None or given == Address():
        return given
    country = given.country.strip().upper()
    if country not in country_codes():
        errors.add("delivery_country", _l("Choose a country from the list."))
    street = _l("Give the street and number, or the place.")
    return Address(
        name=errors.text("delivery_name", given.name, 255),
        address1=errors.text("delivery_address1", given.address1, 255, required=street),
        address2=errors.text("delivery_address2", given.address2, 255),
        postcode=errors.text("delivery_postcode", given.postcode, 16),
        city=errors.text("delivery_city", given.city, 100, required=_l("Give the town.")),
        country=country,
    )


def _checked_line(errors: FieldErrors, index: int, line: LineInput, rates: Collection[int]) -> LineInput:
    field = f"lines-{index}"
    if line.role in (LineRole.SECTION, LineRole.SUBTOTAL):
        required = _l("Give the heading.") if line.role is LineRole.SECTION else None
        label = errors.text(f"{field}-label", line.label, LONGEST_LABEL, required=required)
        # Whatever stood in the hidden fields: a heading has no amounts.
        return LineInput(label=label, quantity=0, unit_price=0, vat_rate=0, role=line.role)
    check_line_ground(errors, f"{field}-vat_ground", line.vat_ground)
    label = errors.text(f"{field}-label", line.label, LONGEST_LABEL, required=_l("Say what is sold."))
    description = errors.text(f"{field}-description", line.description, LONGEST_DESCRIPTION, lines=True)
    if line.unit not in UNITS:
        errors.add(f"{field}-unit", _l("Choose a unit from the list."))
    if line.vat_rate not in rates:
        errors.add(
            f"{field}-vat_rate", _l("Choose a VAT rate from the list. Other rates are added in the settings.")
        )
    if not 0 <= line.discount <= WHOLE:
        errors.add(f"{field}-discount", _l("Give a discount between 0 and 100."))
    _check_amounts(errors, field, line)
    account = checked_number(line.sales_account)
    if account is None:
        errors.add(f"{field}-sales_account", NOT_A_SALES_ACCOUNT)
    return replace(line, label=label, description=description, sales_account=account or "")


def _check_amounts(errors: FieldErrors, field: str, line: LineInput) -> None:
    if line.unit_price < 0:
        errors.add(
            f"{field}-unit_price",
            _l("A price cannot be negative. For a return, give a negative quantity instead."),
        )
    elif line.unit_price > LARGEST_PRICE:
        errors.add(f"{field}-unit_price", _l("This number is too large."))
    if abs(line.quantity) > LARGEST_QUANTITY:
        errors.add(f"{field}-quantity", _l("This number is too large."))
    elif abs(line_amount(line)) > LARGEST_LINE_CENTS:
        errors.add(f"{field}-quantity", _l("The amount of this line is too large."))
