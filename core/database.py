"""The database: our declarative base, the one owner of transactions, and what runs after a commit.

A route, a job or a command opens `with transaction():`; verbs flush and never commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import structlog
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Select,
    TypeDecorator,
    event,
    func,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger(__name__)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLITE_WAIT_SECONDS = 30
POSTGRESQL_LOCK_TIMEOUT = "20s"
_OPEN = "open_transaction"
_WRITE = "solde_write"


class Base(DeclarativeBase):
    """Base of every model of ours; constraint names are explicit so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""Primary keys: 64 bits on both engines (only INTEGER is an alias of SQLite's rowid)."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both engines; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC, without a zone where the engine keeps none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: give it a time zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> datetime | None:
        """Back to an aware instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(kind: type[StrEnum]) -> Enum:
    """A column type that stores an enum by its value, with a named CHECK instead of a native type."""
    return Enum(
        kind,
        values_callable=lambda members: [m.value for m in members],
        native_enum=False,
        length=30,
        create_constraint=True,
        name=kind.__name__.lower(),
        validate_strings=True,
    )


def version_column() -> MappedColumn[int]:
    """The count of a row's saves, from 1: a form carries it, so that a save from an older page is found out."""
    return mapped_column(Integer, default=1, server_default="1")


def company_key(table: str, *columns: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key inside one company: (company_id, column) → (table.company_id, table.id)."""
    return ForeignKeyConstraint(["company_id", *columns], [f"{table}.company_id", f"{table}.id"], **options)


class NestedTransactionError(RuntimeError):
    """`transaction()` was opened inside another one: a programmer's error."""


class StrayWriteError(RuntimeError):
    """Something was changed, flushed or committed outside `transaction()`: a programmer's error."""


@dataclass
class _Hooks:
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)


@contextmanager
def transaction() -> Iterator[Session]:
    """Own one write transaction: commit at the end, roll everything back on any exception.

    What was read before in this session is forgotten first, so decisions rest on rows read inside. On SQLite the
    write lock is taken at once (BEGIN IMMEDIATE): a read that turns into a write would fail with "database is locked".

    Raises:
        NestedTransactionError: one is open already in this session.
        StrayWriteError: objects were changed before it was opened.
    """
    session = db.session()
    if _OPEN in session.info:
        raise NestedTransactionError("a transaction is open already; verbs flush and never open their own")
    if session.new or session.dirty or session.deleted:
        raise StrayWriteError("objects were changed before the transaction was opened")
    session.rollback()
    hooks = session.info[_OPEN] = _Hooks()
    try:
        session.connection(execution_options={_WRITE: True})
        yield session
        session.flush()
        for hook in hooks.before_commit:
            hook()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_OPEN]
    _run_after_commit(hooks.after_commit)


def commit_once(work: Callable[[], R]) -> R:
    """Do work in a transaction of its own, and once more where the same request, sent twice at once, was faster.

    A unique key refuses the second of the two; the other one has just been committed then, and the work finds what it
    has made.

    Raises:
        IntegrityError: it is refused again, for another reason.
    """
    try:
        with transaction():
            return work()
    except IntegrityError:
        with transaction():
            return work()


def _run_after_commit(hooks: list[Callable[[], None]]) -> None:
    for hook in hooks:
        try:
            hook()
        except Exception:
            # The money is committed: a wake-up that fails is repaired by the periodic sweep, never by an error page.
            log.exception("after_commit_failed", hook=getattr(hook, "__name__", repr(hook)))


def _hooks() -> _Hooks:
    hooks = db.session().info.get(_OPEN)
    if hooks is None:
        raise StrayWriteError("this needs an open transaction()")
    assert isinstance(hooks, _Hooks)
    return hooks


def in_transaction() -> bool:
    """True inside `transaction()`."""
    return _OPEN in db.session().info


def on_commit(hook: Callable[[], None]) -> None:
    """Run `hook` after the open transaction has committed; never if it rolls back. For wake-ups, not for truth."""
    _hooks().after_commit.append(hook)


def before_commit(hook: Callable[[], None]) -> None:
    """Run `hook` as the last step inside the open transaction (the seal, whose lock is taken last)."""
    _hooks().before_commit.append(hook)


def transaction_notes() -> dict[str, Any]:
    """What services keep for the length of the open transaction; gone with it, also when it rolls back."""
    return _hooks().notes


def lock(statement: Select[T]) -> T | None:
    """Read one row for update and refresh it: what was known of it before the lock is not trusted."""
    return lock_prepared(for_update(statement))


def for_update(statement: Select[T]) -> Select[T]:
    """The statement as `lock_prepared` takes it, built once by a module whose every verb runs it.

    Keys never change, so rows that only refer to the locked one are written meanwhile (FOR NO KEY UPDATE): a credit
    note names its quote, which an invoice being issued has locked, while that one waits for what the note locked.
    """
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)


def lock_prepared(statement: Select[T], **parameters: object) -> T | None:
    """`lock` by a statement that `for_update` made, with its parameters."""
    kept = _hooks().kept
    row = db.session.scalars(statement, parameters).one_or_none()
    kept.append(row)
    return row


def next_id(model: type[Base]) -> int:
    """An id taken beforehand, for rows that others point to before they are written.

    PostgreSQL gives it from the table's sequence; on SQLite the write lock is held, so the highest id plus one is safe.
    """
    _hooks()
    return int(db.session.connection().execute(_next_id_statement(model, dialect_name())).scalar_one())


def next_id_sql(model: type[Base], dialect: str) -> ColumnElement[int]:
    """SQL for `next_id`, for a statement that reads more than the id under the same lock."""
    if dialect == "postgresql":
        return func.nextval(func.pg_get_serial_sequence(model.__tablename__, "id"))
    highest = select(func.coalesce(func.max(model.__table__.c.id), 0) + 1)
    return highest.scalar_subquery()


@cache
def _next_id_statement(model: type[Base], dialect: str) -> Select[Any]:
    return select(next_id_sql(model, dialect))


def dialect_name() -> str:
    """`sqlite` or `postgresql`."""
    return db.engine.dialect.name


def init_database(app: Flask, url: str) -> None:
    """Bind the extension to the application and set each engine up."""
    app.config["SQLALCHEMY_DATABASE_URI"] = _absolute(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def _absolute(url: str) -> str:
    """Flask-SQLAlchemy would put a relative SQLite path into the instance folder; ours is relative to the caller."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        return url
    path = Path(parsed.database).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    return parsed.set(database=str(path)).render_as_string(hide_password=False)


def _engine_options(url: str) -> dict[str, Any]:
    # An error must not carry people's data into the log, so statements are shown without their parameters.
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": SQLITE_WAIT_SECONDS}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": f"-c lock_timeout={POSTGRESQL_LOCK_TIMEOUT} -c timezone=UTC"},
    }


def prepare_engine(engine: Engine) -> None:
    """Attach the SQLite pragmas and our own BEGIN to an engine (also used by the migrations)."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin)


def _sqlite_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _sqlite_begin
    cursor = connection.cursor()
    # FULL: an answer given (to PayPlug, to the owner) must survive a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@event.listens_for(Session, "before_flush")
def _refuse_stray_flush(session: Session, *_: object) -> None:
    if _OPEN not in session.info and not session.info.get("sign_in"):
        raise StrayWriteError("a flush outside transaction(): open one in the route, job or command")


@event.listens_for(Session, "pending_to_persistent")
def _keep(session: Session, row: object) -> None:
    # A session forgets what nobody holds: what was written and what is locked is kept, or the seal would read it again.
    if _OPEN in session.info:
        session.info[_OPEN].kept.append(row)


@event.listens_for(Session, "before_commit")
def _refuse_stray_commit(session: Session) -> None:
    if _OPEN not in session.info and not session.info.get("sign_in"):
        raise StrayWriteError("a commit outside transaction()")
