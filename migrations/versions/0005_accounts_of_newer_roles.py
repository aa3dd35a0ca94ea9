"""Give companies that are here the accounts of roles that came after them: sales without VAT, disbursements.

Data only. A role that has an account keeps it, and a number that is in use for something else is left alone: the role
that stands for it is used then. Companies without books have none afterwards either.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As they were proposed when this was written; what `accounting/roles.py` says later is for later companies.
ACCOUNTS = (
    ("sales_service_exempt", "706100", "Prestations de services exonérées de TVA"),
    ("sales_goods_exempt", "707100", "Ventes de marchandises exonérées de TVA"),
    ("sales_reverse_charge", "706200", "Travaux de sous-traitance – autoliquidation"),
    ("sales_service_eu", "706300", "Prestations de services intracommunautaires"),
    ("sales_goods_eu", "707300", "Livraisons intracommunautaires"),
    ("sales_export", "707400", "Ventes à l’exportation"),
    ("sales_outside_scope", "706400", "Opérations hors du champ de la TVA"),
    ("disbursements", "467100", "Débours pour le compte de clients"),
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
    connection = op.get_bind()
    for role, number, label in ACCOUNTS:
        connection.execute(sa.text(_INSERT), {"role": role, "number": number, "label": label})


def downgrade() -> None:
    connection = op.get_bind()
    for role, number, _label in ACCOUNTS:
        connection.execute(sa.text(_DELETE_UNUSED), {"role": role, "number": number})
        # What was posted stays where it is; only the use is forgotten.
        connection.execute(sa.text("UPDATE account SET role = NULL WHERE role = :role"), {"role": role})
