"""The editor of a draft: header and lines as typed, kept as typed, read as scaled integers."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional

from accounting.facts import SupplyKind
from core.clock import paris_today
from core.database import db
from core.money import QUANTITY_DECIMALS, RATE_DECIMALS, UNIT_PRICE_DECIMALS, format_scaled
from core.web.addresses import LARGEST_ID
from core.web.forms import MoneyField, RequestKeyField, ScaledField, VersionField, choices, typed_cents
from invoicing.attachments import read_attachments
from invoicing.customer_input import LONGEST_BUSINESS_TERMS_DAYS
from invoicing.draft_input import MOST_LINES, DraftInput, LineInput
from invoicing.errors import InvalidInputError
from invoicing.forms.attachments import AttachedField, FilesField, receive_files
from invoicing.forms.customers import LONGEST_ID_DIGITS, country_choices
from invoicing.forms.lines_of_items import typed_item
from invoicing.forms.vat_treatment import TreatmentField, line_ground_choices, treatment_code
from invoicing.item_prices import ShownPrices
from invoicing.items import find_by_code
from invoicing.lifecycle import LineRole
from invoicing.models import Customer, Document, DocumentLine, TextKind
from invoicing.parties import Address, delivery_of, read_address
from invoicing.text_library import text_by_letters
from invoicing.units import DEFAULT_UNIT, UNITS
from invoicing.vat_rates import allowed_rates, offered_rates

KIND_CHOICES = (("service", _l("Service")), ("goods", _l("Goods")))
_SCALED = (("quantity", QUANTITY_DECIMALS), ("unit_price", UNIT_PRICE_DECIMALS), ("discount", RATE_DECIMALS))


def _id_of(value: Any) -> int:
    number = int(value or 0)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError("no row can have this id")
    return number


_ROLES = {role.value: role for role in LineRole}
_HEADINGS = (LineRole.SECTION, LineRole.SUBTOTAL)


def _row_id(text: Any) -> int | None:
    """The row a hidden field names; None for none. What cannot be an id is 0, which no row has."""
    text = str(text or "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID_DIGITS else 0


class LineForm(Form):
    """One line as typed: something sold, a heading, or a sub-total; the last two have a label only.

    Options of a quote and deductions of deposits, which other pages make, stay what they are.
    """

    role = HiddenField(default=LineRole.ITEM.value)
    item_id = HiddenField()
    deposit_id = HiddenField()
    kind = SelectField(_l("Kind"), choices=choices(KIND_CHOICES), default="service")
    label = StringField(_l("Label"), [DataRequired(_l("Say what is sold."))])
    description = TextAreaField(_l("Longer description"))
    quantity = ScaledField(
        _l("Quantity"), [DataRequired(_l("Give a quantity."))], decimals=QUANTITY_DECIMALS, default="1"
    )
    unit = SelectField(_l("Unit"), choices=choices(UNITS.items()), default=DEFAULT_UNIT)
    unit_price = ScaledField(
        _l("Unit price"), [DataRequired(_l("Give a price, 0 if it is free."))], decimals=UNIT_PRICE_DECIMALS
    )
    discount = ScaledField(_l("Discount"), decimals=RATE_DECIMALS)
    vat_rate = SelectField(_l("VAT"), coerce=int, default=2000)
    vat_ground = SelectField(_l("Line without VAT"), choices=choices(line_ground_choices()), default="")
    sales_account = StringField(_l("Sales account"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vat_rate.choices = choices(rate_choices(self.vat_rate.data))
        if self.line_role in _HEADINGS:
            self.quantity.validators, self.unit_price.validators = [], []
        if self.line_role is LineRole.SUBTOTAL:
            self.label.validators = []

    @property
    def line_role(self) -> LineRole:
        """What the line is; an item when somebody sent a role that is none, or a deduction of nothing."""
        role = _ROLES.get(self.role.data or "", LineRole.ITEM)
        return LineRole.ITEM if role is LineRole.DEPOSIT and not self.deposit_id.data else role

    def take_item_of_code(self, shown: ShownPrices) -> None:
        """Fill the line from the catalogue when all that was typed is the code of an item; done without scripts."""
        if self.line_role is not LineRole.ITEM or self.unit_price.data:
            return
        item = find_by_code(self.label.data or "")
        if item is None:
            return
        for name, value in typed_item(item, shown).items():
            if name in self._fields:
                self[name].data = value
        self.vat_rate.choices = choices(rate_choices(self.vat_rate.data))

    def as_input(self) -> LineInput:
        """What the verbs take; what could not be read counts as 0 or the default (the form does not validate then)."""
        rates = {choice.value for choice in self.vat_rate.choices}
        return LineInput(
            label=self.label.data or "",
            quantity=self.quantity.scaled or 0,
            unit_price=self.unit_price.scaled or 0,
            vat_rate=self.vat_rate.data if self.vat_rate.data in rates else 0,
            kind=SupplyKind.GOODS if self.kind.data == "goods" else SupplyKind.SERVICE,
            description=self.description.data or "",
            unit=self.unit.data,
            discount=self.discount.scaled or 0,
            vat_ground=self.vat_ground.data or "",
            role=self.line_role,
            sales_account=self.sales_account.data or "",
            item_id=_row_id(self.item_id.data),
            deposit_id=_row_id(self.deposit_id.data) if self.line_role is LineRole.DEPOSIT else None,
        )


_PLACES = (
    ("customer", _l("The customer’s usual address")),
    ("billing", _l("The billing address")),
    ("other", _l("Another address")),
)
_DAYS = ("period_start", "period_end", "valid_until")
_TEXTS = ("buyer_reference", "contract_reference", "discount_label", "note", "conditions")
_SAME = (*_DAYS, *_TEXTS)


class DocumentForm(FlaskForm):
    """A draft as typed; the verb checks everything and says what is wrong."""

    longest_terms = LONGEST_BUSINESS_TERMS_DAYS
    customer_id = SelectField(
        _l("Customer"), coerce=_id_of, validators=[DataRequired(_l("Choose a customer."))]
    )
    prices = SelectField(
        _l("Prices"),
        choices=choices(
            [("", _l("Customer’s usual")), ("net", _l("Net of VAT")), ("gross", _l("VAT included"))]
        ),
    )
    vat_case = TreatmentField(_l("VAT treatment"), usual=_l("Customer’s usual"))
    issue_date = DateField(_l("Invoice date"), [Optional()])
    supply_date = DateField(_l("Date of delivery or service"), [Optional()])
    payment_terms_days = IntegerField(_l("Payment terms (days)"), [Optional()])
    due_date = DateField(_l("Due date"), [Optional()])
    purchase_order = StringField(_l("Customer’s order number"))
    buyer_reference = StringField(_l("Buyer reference"))
    contract_reference = StringField(_l("Contract reference"))
    period_start = DateField(_l("Period of service: first day"), [Optional()])
    period_end = DateField(_l("Period of service: last day"), [Optional()])
    discount_rate = ScaledField(_l("Discount in %"), decimals=RATE_DECIMALS)
    discount_cents = MoneyField(_l("Discount as an amount"))
    discount_label = StringField(_l("Label of the discount"))
    delivers_to = SelectField(_l("Deliver to"), choices=choices(_PLACES), default="customer")
    delivery_name = StringField(_l("Name at the place of delivery"))
    delivery_address1 = StringField(_l("Address"))
    delivery_address2 = StringField(_l("Address, second line"))
    delivery_postcode = StringField(_l("Postcode"))
    delivery_city = StringField(_l("Town"))
    delivery_country = SelectField(_l("Country"), default="FR")
    note = TextAreaField(_l("Note on the invoice"))
    note_text = StringField(_l("Add a text of the library"))
    conditions = TextAreaField(_l("Conditions"))
    conditions_text = StringField(_l("Add conditions of the library"))
    valid_until = DateField(_l("Valid until"), [Optional()])
    attached = AttachedField(_l("Attached files"))
    files = FilesField(_l("Add files"))
    request_key = RequestKeyField()
    version = VersionField()
    lines = FieldList(FormField(LineForm), label=_l("Line"), min_entries=1, max_entries=MOST_LINES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = _customer_choices(self.customer_id.data)
        self.customer_id.choices = choices([("", _l("Choose a customer")), *offered])
        self.delivery_country.choices = country_choices()
        self.attached.show(self.attached.attachments)

    @classmethod
    def of(cls, document: Document) -> DocumentForm:
        """The form filled with a draft."""
        form = cls(
            data={
                "version": document.version,
                "customer_id": document.customer_id,
                "prices": "gross" if document.prices_include_vat else "net",
                "vat_case": treatment_code(document.vat_case, document.vat_ground),
                "issue_date": document.issue_date,
                "supply_date": document.supply_date,
                "payment_terms_days": document.payment_terms_days,
                "due_date": document.due_date,
                "purchase_order": document.purchase_order,
                **{name: getattr(document, name) for name in _SAME},
                "discount_rate": _typed_rate(document.discount_rate),
                "discount_cents": typed_cents(document.discount_cents or None),
                **_typed_delivery(document),
                "lines": [_typed(line) for line in document.lines] or [{}],
            }
        )
        form.attached.show(read_attachments(document.attachments))
        return form

    @property
    def includes_vat(self) -> bool | None:
        """What the person chose; None leaves it to the customer's kind."""
        return {"net": False, "gross": True}.get(self.prices.data or "")

    @property
    def language(self) -> str:
        """The language of the customer chosen, which is that of the document; French while there is none."""
        customer = db.session.get(Customer, self.customer_id.data) if self.customer_id.data else None
        return "fr" if customer is None else customer.language

    def take_text(self, kind: TextKind) -> bool:
        """Put the text of the library that was named by a few letters behind what stands in the field of its kind.

        Returns:
            False when no text, or several, are meant: it stands beside the letters.
        """
        named, into = self[f"{kind.value}_text"], self[kind.value]
        try:
            found = text_by_letters(kind, named.data or "", self.language)
        except InvalidInputError as error:
            named.errors = [*named.errors, *(str(message) for message in error.errors.values())]
            return False
        into.data = "\n\n".join(filter(None, ((into.data or "").rstrip(), found.text)))
        named.data = ""
        return True

    def receive_files(self) -> None:
        """Store the files that were sent with the form, and attach them."""
        receive_files(self.attached, self.files)

    def add_special_line(self, role: LineRole) -> None:
        """Add a heading, a sub-total or an option below the lines."""
        if len(self.lines.entries) < MOST_LINES:
            self.lines.append_entry({"role": role.value})

    def take_items_of_codes(self, shown: ShownPrices) -> None:
        """Fill the lines in which the code of an item was typed, and nothing else."""
        for entry in self.lines.entries:
            entry.form.take_item_of_code(shown)

    def _delivery(self) -> Address | None:
        """Where goods go: None for the customer's usual place, an address without a word for that of billing."""
        if self.delivers_to.data != "other":
            return Address() if self.delivers_to.data == "billing" else None
        names = Address.__dataclass_fields__
        return Address(**{name: getattr(self, f"delivery_{name}").data or "" for name in names})

    def line_inputs(self) -> tuple[LineInput, ...]:
        """The lines as the verbs take them."""
        return tuple(entry.form.as_input() for entry in self.lines.entries)

    def as_input(self, external_reference: str | None = None) -> DraftInput:
        """What the verbs take."""
        said: dict[str, Any] = {name: getattr(self, name).data for name in _DAYS}
        said |= {name: getattr(self, name).data or "" for name in _TEXTS}
        return DraftInput(
            customer_id=self.customer_id.data or 0,
            lines=self.line_inputs(),
            prices_include_vat=self.includes_vat,
            vat_case=self.vat_case.case,
            vat_ground=self.vat_case.ground,
            issue_date=self.issue_date.data,
            supply_date=self.supply_date.data,
            due_date=self.due_date.data,
            payment_terms_days=self.payment_terms_days.data,
            purchase_order=self.purchase_order.data or "",
            **said,
            discount_rate=self.discount_rate.scaled or 0,
            discount_cents=self.discount_cents.scaled or 0,
            delivery=self._delivery(),
            attachments=self.attached.attachments,
            external_reference=external_reference,
            request_key=self.request_key.key,
        )


def _typed_rate(rate: int) -> str:
    return format_scaled(rate, RATE_DECIMALS, get_locale()) if rate else ""


def _typed_delivery(document: Document) -> dict[str, Any]:
    stored, usual = read_address(document.delivery), delivery_of(document.customer)
    if stored == usual:
        return {"delivers_to": "customer"}
    if stored is None:
        return {"delivers_to": "billing"}
    return {"delivers_to": "other", **{f"delivery_{name}": value for name, value in vars(stored).items()}}


def _typed(line: DocumentLine) -> dict[str, Any]:
    numbers = {
        name: format_scaled(
            getattr(line, name), decimals, get_locale(), least_decimals=2 if name == "unit_price" else 0
        )
        for name, decimals in _SCALED
    }
    if not line.discount:
        numbers["discount"] = ""
    return {
        "kind": line.kind.value, "label": line.label, "description": line.description, "unit": line.unit,
        "vat_rate": line.vat_rate, "role": line.role.value, "item_id": line.item_id or "",
        "deposit_id": line.deposit_id or "",
        "sales_account": line.sales_account, "vat_ground": line.vat_ground, **numbers,
    }  # fmt: skip


def rate_choices(chosen: int | None) -> list[tuple[int, str]]:
    """Rates of mainland France and the company's own; also the line's one, where it is allowed elsewhere in France."""
    if "rates_offered" not in g:
        g.rates_offered, g.rates_allowed = offered_rates(paris_today()), allowed_rates(paris_today())
    rates = {*g.rates_offered, *({chosen} & g.rates_allowed)}
    return [(rate, _percent(rate)) for rate in sorted(rates, reverse=True)]


def _percent(rate: int) -> str:
    return f"{format_scaled(rate, RATE_DECIMALS, get_locale())}\u00a0%"


def _customer_choices(chosen: int | None) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(Customer.id, Customer.name, Customer.first_name, Customer.number)
        .where((Customer.archived_at.is_(None)) | (Customer.id == chosen))
        .order_by(Customer.name, Customer.first_name, Customer.id)
    )
    return [(id_, f"{name} {first}".strip() + f" · {number}") for id_, name, first, number in rows]


class OneClickForm(FlaskForm):
    """A button that makes a document of another one: its key makes a double click one document."""

    request_key = RequestKeyField()
