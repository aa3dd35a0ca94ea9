"""What people decide about card payments, how far PayPlug's list was read, and an index for what waits for somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TROUBLED = sa.text("trouble <> ''")


def upgrade() -> None:
    op.create_table(
        "payplug_walk",
        sa.Column("id", BigId, nullable=False),
        sa.Column("walked_until", UtcDateTime(), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_walk_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_walk")),
        sa.UniqueConstraint("company_id", name=op.f("uq_payplug_walk_company_id")),
    )
    op.create_table(
        "payplug_decision",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["app_user.id"], name=op.f("fk_payplug_decision_actor_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_decision_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_decision")),
        sa.UniqueConstraint(
            "company_id",
            "subject_kind",
            "subject_id",
            "trouble",
            name=op.f("uq_payplug_decision_company_id_subject_kind_subject_id_trouble"),
        ),
    )
    op.create_index(
        "ix_payment_attempt_trouble",
        "payment_attempt",
        ["company_id", "trouble"],
        sqlite_where=_TROUBLED,
        postgresql_where=_TROUBLED,
    )
    op.create_index("ix_payplug_notification_state", "payplug_notification", ["company_id", "state", "id"])


def downgrade() -> None:
    op.drop_index("ix_payplug_notification_state", "payplug_notification")
    op.drop_index("ix_payment_attempt_trouble", "payment_attempt")
    op.drop_table("payplug_decision")
    op.drop_table("payplug_walk")
