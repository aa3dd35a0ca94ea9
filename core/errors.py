"""Errors that people may see: a sentence in their language, and the field it belongs to when there is one."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


class SoldeError(Exception):
    """Base of every error that is told to a person.

    Attributes:
        message: what went wrong and what to do, translated when shown.
        field: name of the form field or CSV column it belongs to, or None.
        status: the HTTP status of the page that tells it.
    """

    default: LazyString | str = _l("This cannot be done.")
    status = 400

    def __init__(self, message: LazyString | str | None = None, *, field: str | None = None) -> None:
        self.message = message if message is not None else self.default
        self.field = field
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class ConflictError(SoldeError):
    """What was asked no longer fits the state of things (409): another tab or person was faster."""

    default = _l("This has changed in the meantime. Please look again before going on.")
    status = 409


class OutdatedError(ConflictError):
    """A page was sent that shows what has been saved anew since. Nothing was done.

    `version` is the row's present one: a form shown again with it is saved when it is sent again, on purpose.
    """

    default = _l(
        "Meanwhile this was changed in another window or by somebody else, so nothing was saved. Look at what is there"
        " now; to replace it with what stands below, save again."
    )

    def __init__(self, version: int, message: LazyString | str | None = None) -> None:
        super().__init__(message)
        self.version = version


class NotAllowedError(SoldeError):
    """The member's role does not allow it (403)."""

    default = _l("Your role in this company does not allow this.")
    status = 403


class NotFoundError(SoldeError):
    """What was asked for does not exist in this company (404)."""

    default = _l("This does not exist, or no longer exists.")
    status = 404
