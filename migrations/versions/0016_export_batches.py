"""Batches of entries given to an accounting software, and what it wants of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_settings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("account_length", sa.Integer(), nullable=False),
        sa.Column("ximport_dot", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account_length BETWEEN 0 AND 17", name=op.f("ck_export_settings_account_length_range")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_export_settings_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_settings")),
        sa.UniqueConstraint("company_id", name=op.f("uq_export_settings_company_id")),
    )
    op.create_table(
        "export_batch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("journals", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_export_batch_in_order")),
        sa.CheckConstraint("entry_count > 0", name=op.f("ck_export_batch_not_empty")),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_export_batch_company_id_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_export_batch_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["app_user.id"], name=op.f("fk_export_batch_made_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_batch")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_export_batch_company_id_id")),
        sa.UniqueConstraint("company_id", "request_key", name=op.f("uq_export_batch_company_id_request_key")),
        sa.UniqueConstraint("company_id", "sequence", name=op.f("uq_export_batch_company_id_sequence")),
    )
    op.create_table(
        "export_batch_cancellation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=False),
        sa.Column("cancelled_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cancelled_by_id"],
            ["app_user.id"],
            name=op.f("fk_export_batch_cancellation_cancelled_by_id_app_user"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["export_batch.company_id", "export_batch.id"],
            name=op.f("fk_export_batch_cancellation_company_id_batch_id_export_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_export_batch_cancellation_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_batch_cancellation")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_export_batch_cancellation_batch_id")),
    )
    op.create_table(
        "export_batch_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("turn >= 0", name=op.f("ck_export_batch_item_turn_not_negative")),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["export_batch.company_id", "export_batch.id"],
            name=op.f("fk_export_batch_item_company_id_batch_id_export_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "entry_id"],
            ["journal_entry.company_id", "journal_entry.id"],
            name=op.f("fk_export_batch_item_company_id_entry_id_journal_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_export_batch_item_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_batch_item")),
        sa.UniqueConstraint("entry_id", "turn", name=op.f("uq_export_batch_item_entry_id_turn")),
    )
    with op.batch_alter_table("export_batch_item", schema=None) as batch_op:
        batch_op.create_index("ix_export_batch_item_batch_id", ["batch_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("export_batch_item", schema=None) as batch_op:
        batch_op.drop_index("ix_export_batch_item_batch_id")

    op.drop_table("export_batch_item")
    op.drop_table("export_batch_cancellation")
    op.drop_table("export_batch")
    op.drop_table("export_settings")
