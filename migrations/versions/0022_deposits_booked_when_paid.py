"""Deposit invoices that are booked when they are paid: the company's choice, what each was issued with, an account.

The account as in 0005: a number that is in use for something else is left alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# As it was proposed when this was written.
ACCOUNT = {"role": "vat_on_deposits", "number": "445880", "label": "TVA à régulariser – acomptes reçus"}
_INSERT = """
    INSERT INTO account (company_id, number, label, role)
    SELECT company.id, CAST(:number AS VARCHAR), CAST(:label AS VARCHAR), CAST(:role AS VARCHAR) FROM company
    WHERE EXISTS (SELECT 1 FROM account WHERE account.company_id = company.id)
    AND NOT EXISTS (
        SELECT 1 FROM account
        WHERE account.company_id = company.id
        AND (account.role = CAST(:role AS VARCHAR) OR account.number = CAST(:number AS VARCHAR))
    )
"""
_DELETE_UNUSED = """
    DELETE FROM account WHERE role = :role AND number = :number
    AND NOT EXISTS (SELECT 1 FROM entry_line WHERE entry_line.account_id = account.id)
    AND NOT EXISTS (SELECT 1 FROM lettering WHERE lettering.account_id = account.id)
    AND NOT EXISTS (SELECT 1 FROM lettering_counter WHERE lettering_counter.account_id = account.id)
"""


def upgrade() -> None:
    with op.batch_alter_table("accounting_settings", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "deposits_scheme",
                sa.Enum(
                    "at_issue",
                    "when_paid",
                    name="depositsscheme",
                    native_enum=False,
                    create_constraint=True,
                    length=30,
                ),
                server_default="at_issue",
                nullable=False,
            )
        )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("booked_when_paid", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("deposit_use", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_note_id", sa.BigInteger(), nullable=True))
    op.get_bind().execute(sa.text(_INSERT), ACCOUNT)


def downgrade() -> None:
    op.get_bind().execute(sa.text(_DELETE_UNUSED), {"role": ACCOUNT["role"], "number": ACCOUNT["number"]})
    op.execute("UPDATE account SET role = NULL WHERE role = 'vat_on_deposits'")
    with op.batch_alter_table("deposit_use", schema=None) as batch_op:
        batch_op.drop_column("last_note_id")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("booked_when_paid")
    with op.batch_alter_table("accounting_settings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_accounting_settings_depositsscheme"), type_="check")
        batch_op.drop_column("deposits_scheme")
