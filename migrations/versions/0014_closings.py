"""Months closed for the time being, and the accounts that opening entries put the result of the year before on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# As they were proposed when this was written; what `accounting/roles.py` says later is for later companies.
ACCOUNTS = (
    ("profit", "120000", "Résultat de l’exercice (bénéfice)"),
    ("loss", "129000", "Résultat de l’exercice (perte)"),
)
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
    with op.batch_alter_table("fiscal_year", schema=None) as batch_op:
        batch_op.add_column(sa.Column("months_closed_through", sa.Date(), nullable=True))
    connection = op.get_bind()
    for role, number, label in ACCOUNTS:
        connection.execute(sa.text(_INSERT), {"role": role, "number": number, "label": label})


def downgrade() -> None:
    connection = op.get_bind()
    for role, number, _label in ACCOUNTS:
        connection.execute(sa.text(_DELETE_UNUSED), {"role": role, "number": number})
        # What was posted stays where it is; only the use is forgotten.
        connection.execute(sa.text("UPDATE account SET role = NULL WHERE role = :role"), {"role": role})
    with op.batch_alter_table("fiscal_year", schema=None) as batch_op:
        batch_op.drop_column("months_closed_through")
