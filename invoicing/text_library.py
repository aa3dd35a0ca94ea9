"""The company's library of texts: mails, SMS, notes and conditions, kept under an identifier and a language.

The settings page writes it; the send page and the editor take from it by identifier or a few letters. A note and
conditions hold no variables: they are copied into the draft as they are, to be worked on there, and frozen at issue.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.event_log import record_event
from core.versions import count_save
from invoicing.draft_input import LONGEST_CONDITIONS, LONGEST_NOTE
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.input_checks import FieldErrors
from invoicing.message_texts import LINK_IN_SUBJECT, LINKS, LONGEST_SUBJECT, LONGEST_TEXT, VARIABLES
from invoicing.models import TextKind, TextTemplate
from invoicing.text_variables import fault_of, variables_in

LONGEST_IDENTIFIER = 40
LONGEST_SMS = 600
"""With its variables still in it; what it makes with the values of a document is counted when it is sent."""
LANGUAGES: Final = ("fr", "en")
LONGEST: Final = {
    TextKind.MAIL: LONGEST_TEXT,
    TextKind.SMS: LONGEST_SMS,
    TextKind.NOTE: LONGEST_NOTE,
    TextKind.CONDITIONS: LONGEST_CONDITIONS,
}
_WRITE = _l("Write something here.")


@dataclass(frozen=True)
class TextInput:
    """A text as typed. `subject` is for mails only; `request_key` makes a new text's form sent twice one text."""

    kind: TextKind
    identifier: str
    text: str
    language: str = "fr"
    subject: str = ""
    is_default: bool = False
    request_key: str | None = None


def variables_of(kind: TextKind) -> Mapping[str, LazyString]:
    """What a text of this kind may hold: notes and conditions are written before the document has a number."""
    return VARIABLES if kind in (TextKind.MAIL, TextKind.SMS) else {}


def save_text(
    given: TextInput, *, text_id: int | None = None, version: int | None = None, actor_id: int | None = None
) -> TextTemplate:
    """Add a text to the library of the company entered, or change one. A default takes the place of the one before.

    Args:
        given: what was typed; the kind of a text that exists stays.
        text_id: the text to change; None for a new one.
        version: the version the person's page showed.
        actor_id: who does it.

    Raises:
        InvalidInputError: naming every field that is wrong.
        OutdatedError: the text was saved since that version.
        NotFoundError: this company has no such text.
    """
    if text_id is None and given.request_key is not None:
        made = select(TextTemplate).where(TextTemplate.request_key == given.request_key)
        if (earlier := db.session.scalars(made).one_or_none()) is not None:
            return earlier
    row = None if text_id is None else _locked(text_id)
    checked = _checked(given if row is None else replace(given, kind=row.kind), text_id)
    if row is None:
        row = TextTemplate(kind=checked.kind, request_key=given.request_key, version=0)
        db.session.add(row)
    count_save(row, version)
    for name in ("identifier", "language", "subject", "text", "is_default"):
        setattr(row, name, getattr(checked, name))
    db.session.flush()
    if checked.is_default:
        for other in _of(checked.kind, checked.language):
            other.is_default = other is row
    record_event("text.saved", actor_id=actor_id, subject=("text", row.id), identifier=row.identifier)
    return row


def delete_text(text_id: int, *, actor_id: int | None = None) -> None:
    """Take a text out of the library; mails and documents made with it keep their words.

    Raises:
        NotFoundError: this company has no such text.
    """
    row = _locked(text_id)
    record_event("text.deleted", actor_id=actor_id, subject=("text", row.id), identifier=row.identifier)
    db.session.delete(row)
    db.session.flush()


def find_text(text_id: int) -> TextTemplate:
    """A text of the company entered.

    Raises:
        NotFoundError: it has none of that id.
    """
    row = db.session.get(TextTemplate, text_id)
    if row is None:
        raise NotFoundError
    return row


def list_texts(kind: TextKind | None = None, language: str = "") -> Sequence[TextTemplate]:
    """The texts, those of a language first, of it the default first."""
    rows = select(TextTemplate)
    found = db.session.scalars(rows if kind is None else rows.where(TextTemplate.kind == kind)).all()
    return sorted(
        found, key=lambda row: (row.kind, row.language != language, not row.is_default, row.identifier)
    )


def default_text(kind: TextKind, language: str) -> TextTemplate | None:
    """The text that is proposed by itself in a language."""
    return next((row for row in reversed(_of(kind, language)) if row.is_default), None)


def text_by_letters(kind: TextKind, letters: str, language: str) -> TextTemplate:
    """The text that an identifier or a few letters mean, accents and capitals forgiven; `language` goes first.

    Raises:
        InvalidInputError: on `template`: no text fits, or several do (they are named).
    """
    rows = list_texts(kind, language)
    exact = [row for row in rows if _plain(row.identifier) == _plain(letters)]
    if exact:
        return exact[0]
    fitting = texts_with(kind, letters, language) if _plain(letters) else []
    own = [row for row in fitting if row.language == language] or fitting
    if len(own) == 1:
        return own[0]
    if not own:
        raise InvalidInputError({"template": _l("No text of the library fits these letters.")})
    names = ", ".join(row.identifier for row in own[:10])
    raise InvalidInputError({"template": _l("Several texts fit: %(names)s. Write one of them.", names=names)})


def texts_with(kind: TextKind, letters: str, language: str) -> list[TextTemplate]:
    """The texts whose identifier or subject has these letters, all without letters; those of `language` first."""
    wanted = _plain(letters)
    return [row for row in list_texts(kind, language) if wanted in _plain(f"{row.identifier} {row.subject}")]


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold().strip()


def _of(kind: TextKind, language: str) -> list[TextTemplate]:
    where = TextTemplate.kind == kind, TextTemplate.language == language
    return list(db.session.scalars(select(TextTemplate).where(*where).order_by(TextTemplate.id)))


def _locked(text_id: int) -> TextTemplate:
    row = lock(select(TextTemplate).where(TextTemplate.id == text_id))
    if row is None:
        raise NotFoundError
    return row


def _checked(given: TextInput, text_id: int | None) -> TextInput:
    errors = FieldErrors()
    identifier = errors.text(
        "identifier", given.identifier, LONGEST_IDENTIFIER, required=_l("Give an identifier.")
    )
    if given.language not in LANGUAGES:
        errors.add("language", _l("Choose a language."))
    text = errors.text("text", given.text, LONGEST[given.kind], required=_WRITE, lines=True)
    subject = ""
    if given.kind is TextKind.MAIL:
        subject = errors.text("subject", given.subject, LONGEST_SUBJECT, required=_WRITE)
    _check_variables(errors, given.kind, subject, text)
    _refuse_taken(errors, given, identifier, text_id)
    errors.raise_if_any()
    return replace(given, identifier=identifier, subject=subject, text=text)


def _check_variables(errors: FieldErrors, kind: TextKind, subject: str, text: str) -> None:
    known = variables_of(kind)
    for field, value in (("subject", subject), ("text", text)):
        fault = fault_of(value, known)
        if fault is not None:
            no_variables = _l("A note or conditions hold no variables: take {{ and }} out.")
            errors.add(field, fault if known else no_variables)
        elif field == "subject" and variables_in(value) & LINKS.keys():
            errors.add(field, LINK_IN_SUBJECT)


def _refuse_taken(errors: FieldErrors, given: TextInput, identifier: str, text_id: int | None) -> None:
    where = (
        TextTemplate.kind == given.kind,
        TextTemplate.identifier == identifier,
        TextTemplate.language == given.language,
    )
    holder = db.session.scalars(select(TextTemplate.id).where(*where)).one_or_none()
    if holder not in (None, text_id):
        errors.add("identifier", _l("Another text has this identifier in this language."))
