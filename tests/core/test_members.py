"""Members: who added whom is in the log, and the last owner stays."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from core.database import db, transaction
from core.event_log import Event
from core.members import LastOwnerError, add_member
from core.models import Company, Role


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
