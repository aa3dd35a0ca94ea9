"""Treasury accounts and means of payment of each company, and what it chooses for its sales and customer accounts.

Companies with books get the four treasury accounts they have used so far: bank, cash desk, cheques, wallet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

METHODS = (
    "method IN ('transfer', 'cheque', 'cash', 'card')",
    "method IN ('transfer', 'cheque', 'cash', 'card', 'card_terminal', 'direct_debit', 'other')",
)
# As they were used when this was written: role of the account, kind, code of the journal, name.
TREASURY = (
    ("bank", "bank", "bank", "BQ", "Banque"),
    ("cash", "cash", "cash", "CA", "Caisse"),
    ("cheques", "cheques", "in_transit", "BQ", "Chèques à encaisser"),
    ("payplug", "wallet", "wallet", "PP", "PayPlug"),
)
_NAME_ROLES = "UPDATE journal SET role = code WHERE code IN ('VE', 'PP', 'BQ', 'CA', 'OD', 'AN', 'AC')"
_INSERT = """
    INSERT INTO treasury_account (company_id, version, kind, role, account_id, journal_id, label, iban, is_open)
    SELECT account.company_id, 1, CAST(:kind AS VARCHAR), CAST(:role AS VARCHAR), account.id, journal.id,
           CAST(:label AS VARCHAR), '', TRUE
    FROM account JOIN journal ON journal.company_id = account.company_id AND journal.role = CAST(:code AS VARCHAR)
    WHERE account.role = CAST(:account_role AS VARCHAR)
"""
# What the older program has no name for was booked as a transfer is.
_OLD_METHODS = (
    "UPDATE payment SET method = 'transfer' WHERE method IN ('card_terminal', 'direct_debit', 'other')"
)


def _methods(condition: str) -> None:
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_payment_paymentmethod"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_payment_paymentmethod"), sa.text(condition))


def upgrade() -> None:
    op.create_table(
        "treasury_account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "bank",
                "cash",
                "in_transit",
                "wallet",
                name="treasurykind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column(
            "role",
            sa.Enum(
                "bank",
                "cash",
                "cheques",
                "payplug",
                name="treasury",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=True,
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("iban", sa.String(length=34), server_default="", nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["account.company_id", "account.id"],
            name=op.f("fk_treasury_account_company_id_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "journal_id"],
            ["journal.company_id", "journal.id"],
            name=op.f("fk_treasury_account_company_id_journal_id_journal"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_treasury_account_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_account")),
        sa.UniqueConstraint(
            "company_id", "account_id", name=op.f("uq_treasury_account_company_id_account_id")
        ),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_treasury_account_company_id_id")),
        sa.UniqueConstraint("company_id", "role", name=op.f("uq_treasury_account_company_id_role")),
    )
    op.create_table(
        "payment_means",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "transfer",
                "cheque",
                "cash",
                "card",
                "card_terminal",
                "direct_debit",
                "other",
                name="paymentmethod",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=60), server_default="", nullable=False),
        sa.Column("treasury_account_id", sa.BigInteger(), nullable=True),
        sa.Column("is_offered", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "treasury_account_id"],
            ["treasury_account.company_id", "treasury_account.id"],
            name=op.f("fk_payment_means_treasury_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payment_means_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_means")),
        sa.UniqueConstraint("company_id", "method", name=op.f("uq_payment_means_company_id_method")),
    )
    with op.batch_alter_table("accounting_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_year_starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("first_year_ends_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "sales_extension",
                sa.Enum(
                    "none",
                    "two",
                    "padded",
                    "four",
                    name="salesextension",
                    native_enum=False,
                    create_constraint=True,
                    length=30,
                ),
                server_default="none",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "customer_accounts",
                sa.Enum(
                    "collective",
                    "by_code",
                    "by_digits",
                    name="customeraccounts",
                    native_enum=False,
                    create_constraint=True,
                    length=30,
                ),
                server_default="collective",
                nullable=False,
            )
        )

    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(length=3), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_journal_company_id_role"), ["company_id", "role"])

    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("treasury_account_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_payment_company_id_treasury_account_id_treasury_account"),
            "treasury_account",
            ["company_id", "treasury_account_id"],
            ["company_id", "id"],
        )

    _methods(METHODS[1])
    op.execute(_NAME_ROLES)
    for role, account_role, kind, code, label in TREASURY:
        op.get_bind().execute(
            sa.text(_INSERT),
            {"role": role, "account_role": account_role, "kind": kind, "code": code, "label": label},
        )


def downgrade() -> None:
    op.execute(_OLD_METHODS)
    _methods(METHODS[0])
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_payment_company_id_treasury_account_id_treasury_account"), type_="foreignkey"
        )
        batch_op.drop_column("treasury_account_id")

    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_journal_company_id_role"), type_="unique")
        batch_op.drop_column("role")

    with op.batch_alter_table("accounting_settings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_accounting_settings_customeraccounts"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_accounting_settings_salesextension"), type_="check")
        batch_op.drop_column("customer_accounts")
        batch_op.drop_column("sales_extension")
        batch_op.drop_column("first_year_ends_on")
        batch_op.drop_column("first_year_starts_on")

    op.drop_table("payment_means")
    op.drop_table("treasury_account")
