"""The form of an item of the catalogue."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from accounting.facts import SupplyKind
from core.money import UNIT_PRICE_DECIMALS, format_scaled
from core.web.forms import RequestKeyField, ScaledField, VersionField, choices
from invoicing.forms.documents import KIND_CHOICES, rate_choices
from invoicing.forms.vat_treatment import line_ground_choices
from invoicing.item_input import ItemInput
from invoicing.models import Item
from invoicing.units import DEFAULT_UNIT, UNITS


class ItemForm(FlaskForm):
    """An item as typed; the verb checks everything and says what is wrong."""

    label = StringField(_l("Label"), [DataRequired(_l("Say what is sold."))])
    code = StringField(_l("Code"))
    kind = RadioField(
        _l("Kind"), choices=choices(KIND_CHOICES), default="service", validators=[DataRequired()]
    )
    unit_price = ScaledField(
        _l("Unit price"), [DataRequired(_l("Give a price, 0 if it is free."))], decimals=UNIT_PRICE_DECIMALS
    )
    price = SelectField(
        _l("This price is"), choices=choices([("net", _l("Net of VAT")), ("gross", _l("VAT included"))])
    )
    vat_rate = SelectField(_l("VAT"), coerce=int, default=2000)
    unit = SelectField(_l("Unit"), choices=choices(UNITS.items()), default=DEFAULT_UNIT)
    description = TextAreaField(_l("Longer description"))
    sales_account = StringField(_l("Sales account"))
    vat_ground = SelectField(_l("Item without VAT"), choices=choices(line_ground_choices()), default="")
    request_key = RequestKeyField()
    version = VersionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vat_rate.choices = choices(rate_choices(self.vat_rate.data))

    @classmethod
    def of(cls, item: Item) -> ItemForm:
        """The form filled with an item."""
        price = format_scaled(item.unit_price, UNIT_PRICE_DECIMALS, get_locale(), least_decimals=2)
        same = ("version", "label", "code", "vat_rate", "unit", "description", "sales_account", "vat_ground")
        return cls(
            data={
                **{name: getattr(item, name) for name in same},
                "kind": item.kind.value,
                "unit_price": price,
                "price": "gross" if item.price_includes_vat else "net",
            }
        )

    def as_input(self) -> ItemInput:
        """What the verb takes."""
        return ItemInput(
            label=self.label.data or "",
            code=self.code.data or "",
            kind=SupplyKind(self.kind.data),
            unit_price=self.unit_price.scaled or 0,
            price_includes_vat=self.price.data == "gross",
            vat_rate=self.vat_rate.data,
            unit=self.unit.data,
            description=self.description.data or "",
            sales_account=self.sales_account.data or "",
            vat_ground=self.vat_ground.data or "",
            request_key=self.request_key.key,
        )
