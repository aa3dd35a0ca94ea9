"""What a person has to look at: one list, fed by sources, shown by *To handle* and counted in the menu.

A matter is derived from rows each time; what takes it off the list is that its cause is gone (credit used, invoice
credited or claimed again, notification done) or a decision of a person (`settle_matter`). Each source is one module:
`add_source` is what it calls from `wiring`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from flask_babel import LazyString
from sqlalchemy import ColumnElement, exists, select

from core.database import db
from core.web.rights import Right
from payplug_bridge.models import PayplugDecision


@dataclass(frozen=True)
class Action:
    """A button that does something about a matter: `is_post` does it at once, else it leads to a page."""

    label: LazyString | str
    url: str
    icon: str
    is_post: bool = False
    right: Right = Right.CARDS


@dataclass(frozen=True)
class Place:
    """Where money is in the books: the entry, its number, the customer's account, and what the entry put on it.

    Cents above zero are the customer's credit, below zero due.
    """

    entry_id: int
    entry: str
    account: str
    cents: int


@dataclass(frozen=True)
class Matter:
    """One thing on the list.

    Attributes:
        subject: the row it is about, such as ("attempt", 5); with `trouble` it is what a decision names.
        trouble: a stored word for what is wrong.
        icon: a name of `icons.svg`.
        title: what it is, in a few words.
        happened: what happened, and what is to be decided.
        since: when it became known.
        amount_cents: how much money it is about; None when it is about none.
        document_id: the invoice, where there is one; `document` its number and `customer` the name.
        places: where the money is in the books; empty while it is in none (`not_booked` says so).
        actions: what can be done about it.
        can_be_settled: whether a person may take it off the list by a reason.
    """

    subject: tuple[str, int]
    trouble: str
    icon: str
    title: LazyString | str
    happened: LazyString | str
    since: datetime
    amount_cents: int | None = None
    document_id: int | None = None
    document: str = ""
    customer: str = ""
    places: Sequence[Place] = field(default_factory=tuple)
    not_booked: LazyString | str = ""
    actions: Sequence[Action] = field(default_factory=tuple)
    can_be_settled: bool = True


@dataclass(frozen=True)
class Source:
    """Where matters come from: how many there are (asked on every page), and what they are."""

    count: Callable[[], int]
    matters: Callable[[], Iterable[Matter]]


def add_source(app: Flask, name: str, source: Source) -> None:
    """Register a source under its name; called by `wiring`."""
    _sources(app)[name] = source


def count_matters() -> int:
    """How many things wait for a person in the company entered."""
    return sum(source.count() for source in _sources(current_app).values())


def matters() -> list[Matter]:
    """All of them, the oldest first."""
    found = [matter for source in _sources(current_app).values() for matter in source.matters()]
    return sorted(found, key=lambda matter: matter.since)


def find_matter(subject_kind: str, subject_id: int, trouble: str) -> Matter | None:
    """The matter of that subject and trouble, while it is on the list."""
    wanted = ((subject_kind, subject_id), trouble)
    return next((matter for matter in matters() if (matter.subject, matter.trouble) == wanted), None)


def is_undecided(
    subject_kind: str, subject_id: ColumnElement[int], trouble: ColumnElement[Any]
) -> ColumnElement[bool]:
    """SQL over a row that a matter is about: nobody has decided on it with this trouble."""
    return ~exists(
        select(PayplugDecision.id).where(
            PayplugDecision.subject_kind == subject_kind,
            PayplugDecision.subject_id == subject_id,
            PayplugDecision.trouble == trouble,
        )
    )


def is_decided(subject_kind: str, subject_id: int, trouble: str) -> bool:
    """Whether a person has taken this matter off the list; an address may name anything, also what no text holds."""
    if not f"{subject_kind}{trouble}".isprintable():
        return False
    statement = select(PayplugDecision.id).filter_by(
        subject_kind=subject_kind, subject_id=subject_id, trouble=trouble
    )
    return db.session.scalar(statement) is not None


def latest_decisions(count: int) -> list[PayplugDecision]:
    """What people took off the list, the newest first."""
    statement = select(PayplugDecision).order_by(PayplugDecision.id.desc()).limit(count)
    return list(db.session.scalars(statement))


def _sources(app: Flask) -> dict[str, Source]:
    sources: dict[str, Source] = app.extensions.setdefault("payplug_matters", {})
    return sources
