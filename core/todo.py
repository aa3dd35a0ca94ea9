"""What a transaction leaves to a worker: one small row per thing to do, deleted by the transaction that does it.

Written together with the row that asks for it, so it is lost no more than that row is; a sweep reads what is left and
nothing of what was done in all the years before. Issued documents and sendings are frozen: no mark could change there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, BigId, db
from core.tenancy import CompanyScoped, insert_row, unscoped


class Todo(CompanyScoped, Base):
    """One thing to do about one row; `kind` names the sweep's work, `subject_id` the row."""

    __tablename__ = "todo"
    __table_args__ = (UniqueConstraint("kind", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)


_TODOS = Base.metadata.tables["todo"]


def leave_todo(kind: str, subject_id: int) -> None:
    """Leave a thing to do, in the open transaction that makes the row it is about."""
    insert_row(_TODOS, kind=kind, subject_id=subject_id)


def strike_todo(kind: str, subject_id: int) -> None:
    """Strike it off, in the open transaction that has done it."""
    db.session.execute(
        delete(Todo)
        .where(Todo.kind == kind, Todo.subject_id == subject_id)
        .execution_options(synchronize_session=False)
    )


def open_todos(kind: str) -> list[tuple[int, int]]:
    """What is left to do of a kind, in all companies: company id and subject id, in their order."""
    statement = select(Todo.company_id, Todo.subject_id).where(Todo.kind == kind)
    with unscoped():
        return [(row[0], row[1]) for row in db.session.execute(statement.order_by(Todo.company_id, Todo.id))]
