"""Give companies that are here an account for sales that have none by what is sold: item, then kind, then this one.

Data only, as in 0005: a number that is in use for something else is left alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# As it was proposed when this was written.
ACCOUNT = {"role": "sales", "number": "700000", "label": "Ventes"}
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
    op.get_bind().execute(sa.text(_INSERT), ACCOUNT)


def downgrade() -> None:
    op.get_bind().execute(sa.text(_DELETE_UNUSED), {"role": ACCOUNT["role"], "number": ACCOUNT["number"]})
    op.execute("UPDATE account SET role = NULL WHERE role = 'sales'")
