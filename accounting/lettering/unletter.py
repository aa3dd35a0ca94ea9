"""Ends a lettering because a person asks for it, with her reason. Called by the lettering page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.carried_lines import carried_among
from accounting.errors import AccountingError
from accounting.lettering.undo_letterings import undo_letterings
from accounting.models import Lettering, LetteringLine
from core.database import db, lock
from core.errors import NotFoundError

LONGEST_REASON = 255


def unletter(lettering_id: int, reason: str, *, actor_id: int | None = None) -> bool:
    """End one lettering; its lines are open again. Done twice, nothing is written the second time.

    Returns:
        Whether it held until now.

    Raises:
        NotFoundError: the company has no such lettering.
        AccountingError: no reason, or a line of it belongs to a closed financial year.
    """
    lettering = lock(select(Lettering).where(Lettering.id == lettering_id))
    if lettering is None:
        raise NotFoundError
    said = " ".join(reason.split())[:LONGEST_REASON]
    if not said:
        raise AccountingError(_l("Say why: the reason stays in the history."), field="reason")
    lines = list(
        db.session.scalars(select(LetteringLine.line_id).where(LetteringLine.lettering_id == lettering_id))
    )
    if carried_among(lines):
        raise AccountingError(_l("This lettering belongs to a closed financial year: it stays as it is."))
    return bool(undo_letterings(lines, said, actor_id=actor_id))
