"""Who may do what: a right on every route, held against the member's role in the company of the session."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, g, request, session
from flask_security import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import db
from core.errors import NotAllowedError
from core.models import Company, Membership, Role
from core.tenancy import enter_company

P = ParamSpec("P")
R = TypeVar("R")


class Right(StrEnum):
    """What a route asks for."""

    READ = "read"
    INVOICE = "invoice"
    CARDS = "cards"
    BOOKS = "books"
    WRITE_OFF = "write_off"
    RECONCILE = "reconcile"
    SETTINGS = "settings"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.STAFF: frozenset({Right.READ, Right.INVOICE, Right.CARDS, Right.WRITE_OFF, Right.RECONCILE}),
    Role.ACCOUNTANT: frozenset({Right.READ, Right.BOOKS, Right.WRITE_OFF, Right.RECONCILE}),
    Role.VIEWER: frozenset({Right.READ}),
}


class NoCompanyYet(Exception):
    """The person signed in is a member of no company."""


def requires(right: Right) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Guard a route: signed in, member of the session's company, with this right there.

    The wrapped view runs with that company entered, so every read and write is scoped to it.
    """

    def guard(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if not current_user.is_authenticated:
                answer: Response = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
                return answer
            enter_membership()
            if not _holds(g.membership, right):
                raise NotAllowedError
            return view(*args, **kwargs)

        guarded.required_right = right  # type: ignore[attr-defined]  # read by the guard test
        return guarded

    return guard


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a route that needs no sign-in; the guard test lists every one of them."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def signed_in(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Guard a route that needs a person but no company (switching company, preferences)."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if not current_user.is_authenticated:
            answer: Response = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            return answer
        return view(*args, **kwargs)

    guarded.required_right = "signed-in"  # type: ignore[attr-defined]
    return guarded


def enter_membership() -> None:
    """Enter the company the session names, or the person's first one; `g.membership` and `g.company` say which.

    Raises:
        NoCompanyYet: she is a member of none.
        NotAllowedError: a form was sent for a company she has been removed from.
    """
    statement = (
        select(Membership).where(Membership.user_id == current_user.id).order_by(Membership.company_id)
    )
    memberships = list(db.session.scalars(statement))
    if not memberships:
        raise NoCompanyYet
    membership = _chosen(memberships)
    # Entering a company forgets what was read, so the ids are kept before and the rows read again after.
    membership_id, company_id = membership.id, membership.company_id
    enter_company(company_id)
    g.membership = db.session.get_one(Membership, membership_id)
    g.company = db.session.get_one(Company, company_id)


def _chosen(memberships: list[Membership]) -> Membership:
    wanted = session.get("company_id")
    chosen = next((m for m in memberships if m.company_id == wanted), None)
    if chosen is not None:
        return chosen
    work_in(memberships[0].company_id)
    if wanted is not None and request.method not in ("GET", "HEAD"):
        # What she filled in was meant for the company she has lost, not for this one.
        raise NotAllowedError
    return memberships[0]


def work_in(company_id: int) -> None:
    """Serve this company from now on. Forms still open for another one in a tab are worth nothing any more."""
    if "company_id" in session:
        session.pop("csrf_token", None)
    session["company_id"] = company_id


def may(right: str) -> bool:
    """True when the member of this request has the right (for templates: what is not allowed is not shown)."""
    membership = g.get("membership")
    return membership is not None and _holds(membership, Right(right))


def _holds(membership: Membership, right: Right) -> bool:
    """Card payments are besides allowed or not for each member; keys and rules for all are settings."""
    is_allowed = right is not Right.CARDS or membership.uses_cards
    return is_allowed and right in RIGHTS[membership.role]
