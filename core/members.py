"""The members of a company: adding a person, changing her role, removing her. Called by the settings page.

A company always keeps an owner, else nobody could change its settings or its members again.
"""

from __future__ import annotations

import secrets

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.errors import ConflictError, NotFoundError
from core.event_log import record_event
from core.models import Company, Membership, Role, User
from core.tenancy import current_company_id
from core.versions import refuse_unseen
from core.web.sign_in import add_user


class LastOwnerError(ConflictError):
    """The company would have no owner left."""

    default = _l("A company needs an owner: give another member that role first.")


def members_of_company() -> list[Membership]:
    """The members of the company entered, owners first, then by address."""
    statement = (
        select(Membership)
        .join(User)
        .where(Membership.company_id == current_company_id())
        .order_by(User.email)
    )
    ranks = list(Role)
    return sorted(db.session.scalars(statement), key=lambda membership: ranks.index(membership.role))


def add_member(
    email: str, *, name: str, role: Role, language: str, actor_id: int | None = None
) -> tuple[User, bool]:
    """Give a person a role in the company entered; somebody new gets an account whose password only she can set.

    Args:
        email: checked and in its normal form.
        name: of somebody new.
        role: what she may do.
        language: of a new person's pages.
        actor_id: who does it.

    Returns:
        The person, and whether her account was made just now.

    Raises:
        LastOwnerError: the company would have no owner left.
    """
    # The owners' lock makes a form that is sent twice find, the second time, the person it has made.
    owners = _owners()
    known_id = db.session.scalars(select(User.id).where(User.email == email.lower())).one_or_none()
    if known_id is not None and role is not Role.OWNER:
        _refuse_last_owner(owners, known_id)
    company = db.session.get_one(Company, current_company_id())
    user = add_user(
        email=email,
        password=secrets.token_urlsafe(32),
        name=name,
        company=company,
        role=role,
        language=language,
        actor_id=actor_id,
    )
    return user, known_id is None


def change_role(
    membership_id: int, role: Role, *, seen: str | None = None, actor_id: int | None = None
) -> None:
    """Give a member another role.

    Args:
        membership_id: the member.
        role: what she may do from now on.
        seen: the role that the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has given her another role meanwhile.
        NotFoundError: the company entered has no such member.
        LastOwnerError: it would have no owner left.
    """
    owners, membership = _owners(), _locked(membership_id)
    refuse_unseen(seen, membership.role.value, role.value)
    if role is not Role.OWNER:
        _refuse_last_owner(owners, membership.user_id)
    membership.role = role
    db.session.flush()
    record_event("member.set", actor_id=actor_id, subject=("user", membership.user_id), role=role.value)


def allow_cards(
    membership_id: int, allowed: bool, *, seen: str | None = None, actor_id: int | None = None
) -> None:
    """Let a member use the card processor, or not; what her role does not allow stays refused.

    Args:
        membership_id: the member.
        allowed: whether she may from now on.
        seen: what the person's page showed (`yes` or `no`); None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has changed it meanwhile.
        NotFoundError: the company entered has no such member.
    """
    membership, words = _locked(membership_id), {True: "yes", False: "no"}
    refuse_unseen(seen, words[membership.uses_cards], words[allowed])
    if membership.uses_cards == allowed:
        return
    membership.uses_cards = allowed
    db.session.flush()
    record_event(
        "member.cards", actor_id=actor_id, subject=("user", membership.user_id), allowed=words[allowed]
    )


def remove_member(membership_id: int, *, actor_id: int | None = None) -> None:
    """End a membership. The person and what she did stay.

    Raises:
        NotFoundError: the company entered has no such member.
        LastOwnerError: it would have no owner left.
    """
    owners, membership = _owners(), _locked(membership_id)
    _refuse_last_owner(owners, membership.user_id)
    record_event("member.removed", actor_id=actor_id, subject=("user", membership.user_id))
    db.session.delete(membership)
    db.session.flush()


def _owners() -> set[int]:
    """Users who own the company, with their memberships locked: two owners who demote each other come in turn."""
    statement = (
        select(Membership)
        .where(Membership.company_id == current_company_id(), Membership.role == Role.OWNER)
        .order_by(Membership.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {membership.user_id for membership in db.session.scalars(statement)}


def _refuse_last_owner(owners: set[int], user_id: int) -> None:
    if owners == {user_id}:
        raise LastOwnerError


def _locked(membership_id: int) -> Membership:
    membership = lock(
        select(Membership).where(
            Membership.id == membership_id, Membership.company_id == current_company_id()
        )
    )
    if membership is None:
        raise NotFoundError
    return membership
