"""A line of the bank that is several movements of the books: a decision may have several parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_LIVE = sa.text("undone_at IS NULL")


def upgrade() -> None:
    op.drop_index("uq_bank_match_line_id", table_name="bank_match")
    with op.batch_alter_table("bank_match", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_check_constraint(
            batch_op.f("ck_bank_match_part_books"), "part >= 0 AND (part = 0 OR kind IN ('entry', 'account'))"
        )
    _index(["company_id", "line_id", "part"])


def downgrade() -> None:
    # What was several movements was decided by several rows; only the first may stay.
    op.execute(sa.text("DELETE FROM bank_match WHERE part > 0"))
    op.drop_index("uq_bank_match_line_id", table_name="bank_match")
    with op.batch_alter_table("bank_match", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_bank_match_part_books"), type_="check")
        batch_op.drop_column("part")
    _index(["company_id", "line_id"])


def _index(columns: list[str]) -> None:
    op.create_index(
        "uq_bank_match_line_id",
        "bank_match",
        columns,
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
