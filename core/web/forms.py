"""What every form shares: numbers as people type them, errors of a verb put beside their fields, rows added and removed
by buttons that need no script, and the key that makes a double click one act.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from flask import request
from flask_babel import LazyString, get_locale, gettext
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from wtforms import Field, FieldList, Form, FormField, HiddenField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice

from core.errors import OutdatedError
from core.money import CENT_DECIMALS, MoneyTextError, format_scaled, parse_scaled

LONGEST_KEY = 64


def choices(pairs: Iterable[tuple[Any, LazyString | str]]) -> list[SelectChoice]:
    """The options of a select or radio field, from (value, label) pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


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
        if field is None or isinstance(field, HiddenField):
            form.form_errors.append(str(message))
        else:
            field.errors = [*field.errors, str(message)]
    for field in fields.values():
        if isinstance(field, FieldList):
            _tell_list(field)


def _tell_list(field: FieldList) -> None:
    """A list of sub-forms repeats the errors of its entries, as its own validation does."""
    own = [error for error in field.errors if isinstance(error, str)]
    nested = [entry.errors for entry in field.entries]
    field.errors = [*own, *nested] if any(nested) else own


class ScaledField(StringField):
    """A number typed as people write it (decimal comma or point), kept as typed, read as a scaled integer."""

    def __init__(self, *args: Any, decimals: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decimals = decimals

    @property
    def scaled(self) -> int | None:
        """What was typed, as an integer scaled by 10**decimals; None for nothing and for what is no number."""
        try:
            return self._read()
        except MoneyTextError:
            return None

    def post_validate(self, form: Form, validation_stopped: bool) -> None:  # noqa: ARG002  # WTForms' signature
        """Refuse what is no number.

        Raises:
            ValidationError: the sentence says how to write one.
        """
        if validation_stopped:
            return
        try:
            self._read()
        except MoneyTextError as error:
            raise ValidationError(str(error.message)) from error

    def _read(self) -> int | None:
        text = (self.data or "").strip()
        return parse_scaled(text, self.decimals) if text else None


class MoneyField(ScaledField):
    """An amount in euros, read as cents."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, decimals=CENT_DECIMALS, **kwargs)


def typed_cents(cents: int | None) -> str:
    """An amount as a person would type it into a `MoneyField`."""
    return (
        ""
        if cents is None
        else format_scaled(cents, CENT_DECIMALS, get_locale(), least_decimals=CENT_DECIMALS)
    )


class RequestKeyField(HiddenField):
    """The hidden value of a form that must act once, however often it is sent; made when the form is first shown.

    The key is that of the value together with what was typed: a page gone back to and filled in otherwise is a second
    act, not the first one again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, default=lambda: uuid4().hex, **kwargs)

    @property
    def key(self) -> str:
        """The key of what was sent; a new one when somebody sent no value, or one that cannot be ours."""
        if not (self.data and len(self.data) <= LONGEST_KEY and self.data.isalnum()):
            return uuid4().hex
        typed = sorted((name, values) for name, values in request.form.lists() if name != "csrf_token")
        return hashlib.sha256(json.dumps([self.data, typed, *_sent_files()]).encode()).hexdigest()


def _sent_files() -> list[tuple[str, str, str]]:
    """Field, name and hash of each file that was sent with the form."""
    found = []
    for name, upload in request.files.items(multi=True):
        if upload.filename:
            upload.stream.seek(0)
            found.append((name, upload.filename, hashlib.file_digest(upload.stream, "sha256").hexdigest()))  # type: ignore[arg-type]
            upload.stream.seek(0)
    return found


class VersionField(HiddenField):
    """The hidden version of the row that a form shows, so that a save from an older page is found out."""

    @property
    def seen(self) -> int | None:
        """The version shown; None when somebody sent none, 0 (never the row's) for what is no version."""
        if not self.data:
            return None
        text = str(self.data)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def tell_outdated(form: Form, version: VersionField, error: OutdatedError, url: str) -> None:
    """Say at the top that the row was saved meanwhile, with the way to what is there; sent again, the form is saved."""
    link = Markup('{} <a href="{}" target="_blank" rel="noopener">{}</a>')
    form.form_errors.append(link.format(str(error), url, gettext("See what is there now (new tab)")))
    version.data = str(error.version)


def refuse_unknown_button(*known: str) -> None:
    """Refuse a button that the form does not have; Enter in a field sends none, which means save.

    Raises:
        BadRequest: the page with 400; nothing is saved.
    """
    if request.form.get("action", "") not in ("", *known):
        raise BadRequest


def press_row_button(rows: FieldList, noun: str) -> bool:
    """Do what a row's button asks when scripts are off: add, remove or move a row, for the form to be shown again.

    Args:
        rows: the list of sub-forms.
        noun: what the buttons call a row: `add-line`, `remove-line-2`, `line-up-2`, `line-down-2`.

    Returns:
        True when such a button was pressed; nothing is to be saved then.
    """
    action, _, number = request.form.get("action", "").rpartition("-")
    if (action, number) == ("add", noun):
        if not rows.max_entries or len(rows.entries) < rows.max_entries:
            rows.append_entry()
        return True
    if not (number.isascii() and number.isdecimal() and len(number) < 5):
        return False
    index = int(number)
    if action == f"remove-{noun}":
        _remove(rows, index)
    elif action in (f"{noun}-up", f"{noun}-down"):
        _move(rows, index, index + (1 if action.endswith("down") else -1))
    else:
        return False
    return True


def _remove(rows: FieldList, index: int) -> None:
    if index < len(rows.entries):
        rows.pop_entry(index)
    if not rows.entries:
        rows.append_entry()


def _move(rows: FieldList, index: int, other: int) -> None:
    if index < len(rows.entries) and 0 <= other < len(rows.entries):
        rows.insert_entry(other, rows.pop_entry(index).data)
