"""Tenancy: every business row belongs to one company, and a session serves one company at a time.

Reads are scoped by one criterion that SQLAlchemy adds to every ORM statement; a flush that touches another company's
row is refused; reading without a company raises. `unscoped()` is allowed in the places listed in its guard test.

What every movement of money passes goes past the ORM, which takes several times as long: such statements over tables
name the company by `COMPANY` and run by `execute_scoped`, their rows are written by `insert_row`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CursorResult,
    Executable,
    Insert,
    Select,
    Table,
    bindparam,
    event,
    insert,
)
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.schema import ForeignKey

from core.database import StrayWriteError, db, in_transaction

ScopedSelect = TypeVar("ScopedSelect", bound=Select[*tuple[Any, ...]])

_COMPANY = "company_id"
_UNSCOPED = "unscoped"
_SCOPED = "solde_scoped"


class NoCompanyError(RuntimeError):
    """A business row was read or written while no company was entered: a programmer's error."""


class ForeignCompanyError(RuntimeError):
    """A flush touched a row of another company: a programmer's error that must never reach the database."""


class CompanyScoped:
    """Mixin of every business model: carries `company_id` and is read through the scope."""

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        """The company the row belongs to."""
        return mapped_column(BigInteger, ForeignKey("company.id"), nullable=False)


def current_company_id() -> int:
    """Id of the company this session serves.

    Raises:
        NoCompanyError: none was entered.
    """
    company_id = db.session().info.get(_COMPANY)
    if company_id is None:
        raise NoCompanyError("no company was entered: call enter_company() first")
    return int(company_id)


def entered_company_id() -> int | None:
    """Id of the company this session serves, or None outside any company."""
    return db.session().info.get(_COMPANY)


def enter_company(company_id: int) -> None:
    """Make the session serve this company. Switching forgets every business row of the one before."""
    session = db.session()
    if session.info.get(_COMPANY) == company_id:
        return
    if in_transaction():
        raise ForeignCompanyError("a transaction serves one company: enter it before transaction()")
    _forget_rows()
    session.info[_COMPANY] = company_id


def leave_company() -> None:
    """Forget the company, and every business row that was read for it."""
    _forget_rows()
    db.session().info.pop(_COMPANY, None)


def _forget_rows() -> None:
    """End the read transaction and let go of business rows: `get` must not find another company's in the session.

    Rows of no company (the person signed in) stay: whoever holds them may go on reading.
    """
    session = db.session()
    session.rollback()
    for row in list(session):
        if isinstance(row, CompanyScoped):
            session.expunge(row)


@contextmanager
def in_company(company_id: int) -> Iterator[None]:
    """Serve `company_id` inside the block and what was served before after it (jobs, sweeps, commands)."""
    before = entered_company_id()
    enter_company(company_id)
    try:
        yield
    finally:
        if before is None:
            leave_company()
        else:
            enter_company(before)


@contextmanager
def unscoped() -> Iterator[None]:
    """Read across companies. Only for token look-up, sign-in, sweeps and commands; a guard test lists the places."""
    info = db.session().info
    info[_UNSCOPED] = info.get(_UNSCOPED, 0) + 1
    try:
        yield
    finally:
        info[_UNSCOPED] -= 1


COMPANY: BindParameter[int] = bindparam("company", type_=BigInteger)
"""The company entered, in a statement over tables that `execute_scoped` runs."""


def execute_scoped(statement: Executable, **parameters: Any) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement over tables for the company entered; it names the company itself, by `COMPANY`.

    Raises:
        NoCompanyError: none was entered.
    """
    return db.session.connection().execute(statement, {"company": current_company_id(), **parameters})


def insert_row(table: Table, **values: Any) -> int:
    """Write one row of the company entered in the open transaction, for nobody to go on with; its id is returned.

    Raises:
        NoCompanyError: none was entered.
        StrayWriteError: no transaction is open.
    """
    if not in_transaction():
        raise StrayWriteError("a row is written inside transaction()")
    row = {"company_id": current_company_id(), **values}
    written = db.session.connection().execute(_insert_into(table), row).inserted_primary_key
    assert written is not None
    return int(written[0])


@cache
def _insert_into(table: Table) -> Insert:
    # One object per table: SQLAlchemy keeps the key of the compiled statement on it.
    return insert(table)


# One criterion for all statements: the bind parameter asks for the company when the statement runs, so that the
# compiled statement is cached once for all companies and a missing company raises instead of reading everything.
_COMPANY_PARAMETER = bindparam("scoped_company", callable_=current_company_id, type_=BigInteger())
_SCOPE = with_loader_criteria(
    CompanyScoped,
    lambda cls: cls.company_id == _COMPANY_PARAMETER,
    include_aliases=True,
    propagate_to_loaders=False,
)


def scoped(statement: ScopedSelect) -> ScopedSelect:
    """An ORM statement with the scope built in, for one that a module builds once and every movement of money runs.

    Otherwise each run makes a scoped copy, whose key in SQLAlchemy's cache is worked out anew: as long as the read.
    """
    return statement.options(_SCOPE).execution_options(**{_SCOPED: True})


@event.listens_for(Session, "do_orm_execute")
def _scope_statement(state: ORMExecuteState) -> None:
    if state.session.info.get(_UNSCOPED) or state.is_column_load or _SCOPED in state.execution_options:
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(_SCOPE)


@event.listens_for(Session, "before_flush")
def _hold_flush_to_company(session: Session, *_: object) -> None:
    company_id = session.info.get(_COMPANY)
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, CompanyScoped):
            continue
        if company_id is None:
            raise NoCompanyError(f"{type(row).__name__} was changed while no company was entered")
        owner: int | None = row.company_id
        if owner is None:
            row.company_id = company_id
        elif owner != company_id:
            raise ForeignCompanyError(f"{type(row).__name__} belongs to another company")
