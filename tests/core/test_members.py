"""Members: who added whom is in the log, and the last owner stays."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import db, transaction
from core.event_log import Event
from core.members import LastOwnerError, add_member, change_role
from core.models import Company, Membership, Role
from core.tenancy import in_company
from tests.conftest import make_company, make_user
from tests.payplug_bridge.shop import at_once


def test_the_log_says_who_gave_a_person_her_role(each_company: Company) -> None:
    with transaction():
        owner, is_new = add_member("owner@example.org", name="Ada", role=Role.OWNER, language="fr")
        owner_id = owner.id
    assert is_new
    with transaction():
        _, is_new = add_member(
            "Staff@example.org", name="", role=Role.STAFF, language="fr", actor_id=owner_id
        )
    assert is_new
    with transaction():
        _, is_new = add_member(
            "staff@example.org", name="", role=Role.VIEWER, language="fr", actor_id=owner_id
        )
    assert not is_new
    events = db.session.scalars(select(Event).where(Event.kind == "member.set").order_by(Event.id)).all()
    assert [(event.actor_id, json.loads(event.details)["role"]) for event in events] == [
        (None, "owner"),
        (owner_id, "staff"),
        (owner_id, "viewer"),
    ]


def test_the_last_owner_cannot_be_added_again_as_something_else(each_company: Company) -> None:
    with transaction():
        add_member("owner@example.org", name="Ada", role=Role.OWNER, language="fr")
    with pytest.raises(LastOwnerError), transaction():
        add_member("owner@example.org", name="Ada", role=Role.STAFF, language="fr")


def test_two_owners_who_demote_each_other_at_once_leave_one(each_app: Flask) -> None:
    company_id = make_company(each_app)
    for name in ("ada", "bea"):
        make_user(each_app, company_id, Role.OWNER, f"{name}@example.org")
    with each_app.app_context():
        ids = db.session.scalars(select(Membership.id).order_by(Membership.id)).all()

    def demote(membership_id: int) -> None:
        with each_app.app_context(), in_company(company_id), transaction():
            change_role(membership_id, Role.VIEWER)
            time.sleep(0.3)  # long enough for the other one to wait for the owners, or to go on without

    (refused,) = at_once(*[partial(demote, membership_id) for membership_id in ids])
    assert isinstance(refused, LastOwnerError)
    with each_app.app_context():
        roles = db.session.scalars(select(Membership.role)).all()
    assert sorted(roles) == [Role.OWNER, Role.VIEWER]
