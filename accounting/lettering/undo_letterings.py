"""Undo letterings: a row says that they no longer hold, and why. Called by `reverse_entry` and `unletter`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, select

from accounting.models import Lettering, LetteringLine, LetteringUndo
from core.database import db
from core.event_log import record_event


def undo_letterings(line_ids: Iterable[int], reason: str, *, actor_id: int | None = None) -> list[Lettering]:
    """End every live lettering that holds one of these lines; all its lines are open again. Returns what was undone.

    An un-lettering must leave a trace: the row, and an event in the seal.
    """
    undone = exists().where(LetteringUndo.lettering_id == Lettering.id)
    holds = exists().where(
        LetteringLine.lettering_id == Lettering.id, LetteringLine.line_id.in_(sorted(set(line_ids)))
    )
    letterings = list(db.session.scalars(select(Lettering).where(holds, ~undone).order_by(Lettering.id)))
    for lettering in letterings:
        db.session.add(LetteringUndo(lettering_id=lettering.id, reason=reason[:255]))
        record_event(
            "lettering.undone",
            actor_id=actor_id,
            subject=("lettering", lettering.id),
            code=lettering.code,
            reason=reason,
        )
    db.session.flush()
    return letterings
