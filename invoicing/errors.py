"""What invoicing refuses, in words for people: each error names the field, the place or the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.errors import ConflictError, SoldeError
from core.errors import NotFoundError as NotFoundError  # noqa: PLC0414  # raised under this name by every verb here

Message: TypeAlias = LazyString | str


class InvalidInputError(SoldeError):
    """Something typed cannot be taken. `errors` holds all that is wrong at once: field name to sentence.

    Fields of repeated groups are named as forms name them: `lines-0-label`, `contacts-1-email`.
    """

    default = _l("Some fields need your attention.")

    def __init__(self, errors: Mapping[str, Message]) -> None:
        assert errors, "an input error says at least one thing"
        self.errors = dict(errors)
        first = next(iter(self.errors))
        super().__init__(self.default if len(self.errors) > 1 else self.errors[first], field=first)


class Place(StrEnum):
    """Where a person goes to mend what keeps a document from being issued."""

    COMPANY = "company"
    SETTINGS = "settings"
    CUSTOMER = "customer"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Problem:
    """One thing that must be mended before issue: where, in which field, and a sentence that says what to do."""

    place: Place
    field: str
    message: Message


class NotIssuableError(SoldeError):
    """The document would not be a legal one; `problems` says all that is missing at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "a refusal says at least one thing"
        self.problems = tuple(problems)
        super().__init__(" ".join(str(problem.message) for problem in self.problems))


class NotADraftError(ConflictError):
    """The document has been issued: it can no longer be changed or deleted."""

    default = _l("This document has been issued. It can no longer be changed: make a credit note instead.")
