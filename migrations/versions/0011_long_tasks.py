"""Work that the worker does because it takes longer than a page may, with what it made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "long_task",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                name="taskstate",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_long_task_company_id_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_long_task_company_id_company")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["app_user.id"], name=op.f("fk_long_task_created_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_task")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_long_task_company_id_id")),
        sa.UniqueConstraint("company_id", "request_key", name=op.f("uq_long_task_company_id_request_key")),
    )
    with op.batch_alter_table("long_task", schema=None) as batch_op:
        batch_op.create_index("ix_long_task_kind", ["company_id", "kind", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("long_task", schema=None) as batch_op:
        batch_op.drop_index("ix_long_task_kind")

    op.drop_table("long_task")
