"""Books that were kept in other software: what was taken over, and the invoices still open in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "takeover",
        sa.Column("id", BigId, nullable=False),
        sa.Column("year_starts_on", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_takeover_company_id_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_takeover_company_id_company")),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["app_user.id"], name=op.f("fk_takeover_taken_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeover")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_takeover_company_id_id")),
        sa.UniqueConstraint(
            "company_id",
            "year_starts_on",
            "attempt",
            name=op.f("uq_takeover_company_id_year_starts_on_attempt"),
        ),
    )
    op.create_table(
        "opening_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("takeover_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("auxiliary", sa.Text(), nullable=False),
        sa.Column("original_cents", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_opening_item_company_id_document_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "takeover_id"],
            ["takeover.company_id", "takeover.id"],
            name=op.f("fk_opening_item_company_id_takeover_id_takeover"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_opening_item_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_item")),
        sa.UniqueConstraint("document_id", name=op.f("uq_opening_item_document_id")),
    )
    with op.batch_alter_table("opening_item", schema=None) as batch_op:
        batch_op.create_index("ix_opening_item_takeover_id", ["takeover_id"], unique=False)

    op.create_table(
        "takeover_undo",
        sa.Column("id", BigId, nullable=False),
        sa.Column("takeover_id", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=False),
        sa.Column("undone_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "takeover_id"],
            ["takeover.company_id", "takeover.id"],
            name=op.f("fk_takeover_undo_company_id_takeover_id_takeover"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_takeover_undo_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["app_user.id"], name=op.f("fk_takeover_undo_undone_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeover_undo")),
        sa.UniqueConstraint("takeover_id", name=op.f("uq_takeover_undo_takeover_id")),
    )


def downgrade() -> None:
    op.drop_table("takeover_undo")
    with op.batch_alter_table("opening_item", schema=None) as batch_op:
        batch_op.drop_index("ix_opening_item_takeover_id")

    op.drop_table("opening_item")
    op.drop_table("takeover")
