"""A key that makes a customer's form sent twice one customer, and versions that find out a save from an older page.

Columns and an index are added in place: rebuilding a table on SQLite would delete the rows that point to it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VERSIONED = ("company", "customer", "document", "invoicing_settings")


def upgrade() -> None:
    for table in VERSIONED:
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("customer", sa.Column("request_key", sa.String(length=64), nullable=True))
    op.create_index("ix_customer_request_key", "customer", ["company_id", "request_key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_customer_request_key", "customer")
    op.drop_column("customer", "request_key")
    for table in reversed(VERSIONED):
        op.drop_column(table, "version")
