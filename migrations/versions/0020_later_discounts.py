"""Credit notes that grant a discount after the sale, with their accounts; payments long before the books; 44551.

Companies that are here get the accounts as in 0005: a role that has one keeps it, a number that is in use for something
else is left alone. What was issued so far cancelled a sale.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# As they were proposed when this was written; what `accounting/roles.py` says later is for later companies.
ACCOUNTS = (
    ("rebates_service", "709600", "Rabais, remises et ristournes sur prestations de services"),
    ("rebates_goods", "709700", "Rabais, remises et ristournes sur ventes de marchandises"),
    # No rule posts on it, so it has no role.
    (None, "445510", "TVA à décaisser"),
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
    DELETE FROM account WHERE number = :number AND COALESCE(role, '') = :role
    AND NOT EXISTS (SELECT 1 FROM entry_line WHERE entry_line.account_id = account.id)
    AND NOT EXISTS (SELECT 1 FROM lettering WHERE lettering.account_id = account.id)
    AND NOT EXISTS (SELECT 1 FROM lettering_counter WHERE lettering_counter.account_id = account.id)
"""


def upgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_later_discount", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("invoicing_settings", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("early_payment_months", sa.Integer(), nullable=False, server_default="12")
        )
    for role, number, label in ACCOUNTS:
        op.get_bind().execute(sa.text(_INSERT), {"role": role, "number": number, "label": label})


def downgrade() -> None:
    connection = op.get_bind()
    for role, number, _label in ACCOUNTS:
        connection.execute(sa.text(_DELETE_UNUSED), {"role": role or "", "number": number})
    # What was posted stays where it is; only the use is forgotten.
    connection.execute(sa.text("UPDATE account SET role = NULL WHERE role LIKE 'rebates%'"))
    with op.batch_alter_table("invoicing_settings", schema=None) as batch_op:
        batch_op.drop_column("early_payment_months")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("is_later_discount")
