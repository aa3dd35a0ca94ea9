"""What every form shares: errors of a verb put beside their fields, and the key that makes a double click one act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from wtforms import Field, FieldList, Form, FormField, StringField, ValidationError

from core.money import MoneyTextError, parse_scaled


def flat_fields(form: Form) -> Iterator[Field]:
    """Every field of a form, those of sub-forms and lists included."""
    for field in form:
        yield from _flat(field)


def _flat(field: Field) -> Iterator[Field]:
    yield field
    if isinstance(field, FieldList):
        for entry in field.entries:
            yield from _flat(entry)
    elif isinstance(field, FormField):
        yield from (inner for part in field.form for inner in _flat(part))


def put_errors(form: Form, errors: Mapping[str, Any]) -> None:
    """Put each sentence beside the field it names; what has no field stands at the top of the form."""
    fields = {field.name: field for field in flat_fields(form) if not isinstance(field, FormField)}
    for name, message in errors.items():
        field = fields.get(name)
        if field is None:
            form.form_errors.append(str(message))
        else:
            field.errors = [*field.errors, str(message)]


class ScaledField(StringField):
    """A number typed as people write it (decimal comma or point), kept as typed, read as a scaled integer.

    `scaled` is the integer after validation; None when nothing was typed.
    """

    def __init__(self, *args: Any, decimals: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decimals = decimals
        self.scaled: int | None = None

    def post_validate(self, form: Form, validation_stopped: bool) -> None:  # noqa: ARG002  # WTForms' signature
        """Read the number. Raises ValidationError with a sentence when it is none."""
        text = (self.data or "").strip()
        self.scaled = None
        if not text or validation_stopped:
            return
        try:
            self.scaled = parse_scaled(text, self.decimals)
        except MoneyTextError as error:
            raise ValidationError(str(error)) from error


def new_request_key() -> str:
    """The hidden value of a form that must act once, however often it is sent."""
    return uuid4().hex
