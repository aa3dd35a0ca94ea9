"""The chain of seals: it holds when nothing was touched, and says where when something was."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.clock import utc_now
from core.database import db, transaction
from core.event_log import Event, record_event
from core.models import Company
from core.seal import Fault, SealChain, SealLink, canonical, seal, verify_chain
from core.triggers import missing_triggers, registered
from tests.payplug_bridge.shop import at_once


def _write(statement: str) -> None:
    with transaction():
        db.session.execute(text(statement))


def _write_behind_the_triggers(statement: str) -> None:
    """What somebody with full access to the database can do."""
    with transaction():
        for table in ("event", "seal_link"):
            for trigger in (t for t in registered() if t.table == table):
                on = f" ON {table}" if db.engine.dialect.name == "postgresql" else ""
                db.session.execute(text(f"DROP TRIGGER IF EXISTS {trigger.name}{on}"))
        db.session.execute(text(statement))


def _three_events(company: Company) -> None:
    for name in ("first", "second", "third"):
        with transaction():
            record_event("test.happened", name=name)


def _faults(company: Company) -> list[Fault]:
    return list(verify_chain(company.id))


def test_an_untouched_chain_holds(each_company: Company) -> None:
    _three_events(each_company)
    assert _faults(each_company) == []


def test_links_of_one_transaction_follow_each_other(each_company: Company) -> None:
    with transaction():
        record_event("test.one")
        record_event("test.two")
    links = select(SealLink.sequence).join(SealChain).where(SealChain.company_id == each_company.id)
    sequences = list(db.session.scalars(links.order_by(SealLink.id)))
    # The addition of the company and the two.
    assert sequences == [1, 2, 3]
    assert _faults(each_company) == []


@pytest.mark.parametrize("table", ["event", "seal_link"])
@pytest.mark.parametrize("change", ["UPDATE {} SET kind = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_is_sealed(
    each_company: Company, table: str, change: str
) -> None:
    _three_events(each_company)
    with pytest.raises(DBAPIError, match="is frozen"):
        _write(change.format(table))


def test_the_database_refuses_insert_or_replace(company: Company) -> None:
    _three_events(company)
    with pytest.raises(DBAPIError, match="is frozen"):
        _write("INSERT OR REPLACE INTO event SELECT * FROM event")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE event SET details = '{}' WHERE kind = 'test.happened'", "no longer say what was sealed"),
        ("DELETE FROM event WHERE kind = 'test.happened'", "are gone"),
        ("UPDATE seal_link SET payload = '{}' WHERE sequence = 2", "hash is not that of the link"),
        ("DELETE FROM seal_link WHERE sequence = 2", "is missing"),
        ("DELETE FROM seal_link WHERE sequence = (SELECT max(sequence) FROM seal_link)", "cut off"),
        ("DELETE FROM seal_link WHERE sequence = (SELECT max(sequence) FROM seal_link)", "without a link"),
        ("UPDATE seal_link SET hmac = 'x' WHERE sequence = 2", "HMAC"),
    ],
)
def test_verify_finds_what_was_changed_behind_the_triggers(
    each_company: Company, change: str, reason: str
) -> None:
    _three_events(each_company)
    _write_behind_the_triggers(change)
    assert any(reason in fault.reason for fault in _faults(each_company))


def test_every_registered_trigger_is_in_the_migrated_database(each_company: Company) -> None:
    assert missing_triggers(db.session.connection()) == []
    assert len(registered()) > 10


def test_verify_reads_the_rows_whatever_a_verb_said_they_hold(each_company: Company) -> None:
    with transaction():
        event = Event(company_id=each_company.id, at=utc_now(), kind="test.happened")
        db.session.add(event)
        db.session.flush()
        seal("event", event.id, {"kind": "test.invented"})
    assert [fault.reason for fault in _faults(each_company)] == ["the rows no longer say what was sealed"]


def test_verify_command_ends_with_one_when_something_was_changed(app: Flask, company: Company) -> None:
    _three_events(company)
    assert app.test_cli_runner().invoke(args=["verify"]).exit_code == 0
    _write_behind_the_triggers("UPDATE event SET details = '{}' WHERE kind = 'test.happened'")
    db.session.rollback()
    answer = app.test_cli_runner().invoke(args=["verify"])
    assert answer.exit_code == 1
    assert "no longer say what was sealed" in answer.output


def test_canonical_text_refuses_floats_hidden_in_objects() -> None:
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'
    with pytest.raises(TypeError):
        canonical({"a": object()})


def test_what_a_rolled_back_transaction_wanted_sealed_does_not_follow_into_the_next(
    each_company: Company,
) -> None:
    def undo() -> None:
        with transaction():
            record_event("test.undone")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undo()
    with transaction():
        record_event("test.done")
    assert _faults(each_company) == []


@pytest.mark.parametrize("is_first", [True, False])
def test_many_who_seal_at_once_hang_their_links_on_one_chain(each_app: Flask, is_first: bool) -> None:
    if not is_first:
        _seal_one(each_app)
    ready = threading.Barrier(4)

    def seal_one() -> None:
        _seal_one(each_app, ready if each_app.config["SOLDE"].database_url.startswith("postgresql") else None)

    assert at_once(*[seal_one] * 4) == []
    with each_app.app_context():
        assert list(verify_chain(None)) == []
        (chain,) = db.session.scalars(select(SealChain))
        assert chain.last_sequence == (4 if is_first else 5)


def _seal_one(app: Flask, ready: threading.Barrier | None = None) -> None:
    """Record an event of the installation; on PostgreSQL all have theirs before the first one asks for the head."""
    with app.app_context(), transaction():
        record_event("test.happened")
        if ready is not None:
            ready.wait(30)
