"""Statements of account that were sent to customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_statement_sending",
        sa.Column("id", BigId, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("mail_id", BigId, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("sent_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "customer_id"],
            ["customer.company_id", "customer.id"],
            name=op.f("fk_account_statement_sending_company_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_account_statement_sending_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["outbox_mail.id"], name=op.f("fk_account_statement_sending_mail_id_outbox_mail")
        ),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["app_user.id"], name=op.f("fk_account_statement_sending_sent_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_statement_sending")),
        sa.UniqueConstraint(
            "company_id", "request_key", name=op.f("uq_account_statement_sending_company_id_request_key")
        ),
    )
    with op.batch_alter_table("account_statement_sending", schema=None) as batch_op:
        batch_op.create_index(
            "ix_account_statement_sending_customer", ["company_id", "customer_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("account_statement_sending", schema=None) as batch_op:
        batch_op.drop_index("ix_account_statement_sending_customer")

    op.drop_table("account_statement_sending")
