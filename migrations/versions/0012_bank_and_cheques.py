"""Slips of cheques; statements of the bank, their lines, and what was decided on each of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_layout",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "bank_account_id"],
            ["account.company_id", "account.id"],
            name=op.f("fk_bank_layout_company_id_bank_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_bank_layout_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_layout")),
        sa.UniqueConstraint(
            "company_id", "bank_account_id", name=op.f("uq_bank_layout_company_id_bank_account_id")
        ),
    )
    op.create_table(
        "bank_statement",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "camt", "csv", name="statementformat", native_enum=False, create_constraint=True, length=30
            ),
            nullable=False,
        ),
        sa.Column("opening_cents", sa.BigInteger(), nullable=True),
        sa.Column("closing_cents", sa.BigInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("new_lines", sa.Integer(), nullable=False),
        sa.Column("known_lines", sa.Integer(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("read_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "bank_account_id"],
            ["account.company_id", "account.id"],
            name=op.f("fk_bank_statement_company_id_bank_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_bank_statement_company_id_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_bank_statement_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["read_by_id"], ["app_user.id"], name=op.f("fk_bank_statement_read_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sa.UniqueConstraint(
            "company_id",
            "bank_account_id",
            "file_id",
            name=op.f("uq_bank_statement_company_id_bank_account_id_file_id"),
        ),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_bank_statement_company_id_id")),
    )
    op.create_table(
        "cheque_deposit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("cheque_count", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("undone_on", sa.Date(), nullable=True),
        sa.Column("undone_reason", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_cheque_deposit_amount_positive")),
        sa.CheckConstraint("cheque_count > 0", name=op.f("ck_cheque_deposit_count_positive")),
        sa.ForeignKeyConstraint(
            ["company_id", "bank_account_id"],
            ["account.company_id", "account.id"],
            name=op.f("fk_cheque_deposit_company_id_bank_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_cheque_deposit_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["app_user.id"], name=op.f("fk_cheque_deposit_recorded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque_deposit")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_cheque_deposit_company_id_id")),
        sa.UniqueConstraint(
            "company_id", "request_key", name=op.f("uq_cheque_deposit_company_id_request_key")
        ),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", BigId, nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("wording", sa.String(length=500), nullable=False),
        sa.Column("party", sa.String(length=140), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_bank_line_amount_moves")),
        sa.ForeignKeyConstraint(
            ["company_id", "bank_account_id"],
            ["account.company_id", "account.id"],
            name=op.f("fk_bank_line_company_id_bank_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "statement_id"],
            ["bank_statement.company_id", "bank_statement.id"],
            name=op.f("fk_bank_line_company_id_statement_id_bank_statement"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_bank_line_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint(
            "company_id", "bank_account_id", "key", name=op.f("uq_bank_line_company_id_bank_account_id_key")
        ),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_bank_line_company_id_id")),
    )
    with op.batch_alter_table("bank_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bank_line_list", ["company_id", "bank_account_id", "booked_on", "id"], unique=False
        )

    op.create_table(
        "cheque_deposit_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("deposit_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "deposit_id"],
            ["cheque_deposit.company_id", "cheque_deposit.id"],
            name=op.f("fk_cheque_deposit_item_company_id_deposit_id_cheque_deposit"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "payment_id"],
            ["payment.company_id", "payment.id"],
            name=op.f("fk_cheque_deposit_item_company_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_cheque_deposit_item_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque_deposit_item")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_cheque_deposit_item_company_id_id")),
    )
    with op.batch_alter_table("cheque_deposit_item", schema=None) as batch_op:
        batch_op.create_index("ix_cheque_deposit_item_deposit", ["company_id", "deposit_id"], unique=False)
        batch_op.create_index(
            "uq_cheque_deposit_item_payment",
            ["company_id", "payment_id"],
            unique=True,
            sqlite_where=sa.text("returned_on IS NULL"),
            postgresql_where=sa.text("returned_on IS NULL"),
        )

    op.create_table(
        "bank_match",
        sa.Column("id", BigId, nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "entry",
                "payment",
                "payout",
                "account",
                "ignored",
                name="matchkind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'ignored') = (entry_id IS NULL)", name=op.f("ck_bank_match_entry_unless_ignored")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "entry_id"],
            ["journal_entry.company_id", "journal_entry.id"],
            name=op.f("fk_bank_match_company_id_entry_id_journal_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "line_id"],
            ["bank_line.company_id", "bank_line.id"],
            name=op.f("fk_bank_match_company_id_line_id_bank_line"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "payment_id"],
            ["payment.company_id", "payment.id"],
            name=op.f("fk_bank_match_company_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "payout_entry_id"],
            ["journal_entry.company_id", "journal_entry.id"],
            name=op.f("fk_bank_match_company_id_payout_entry_id_journal_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_bank_match_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_bank_match_decided_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_match")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_bank_match_company_id_id")),
    )
    with op.batch_alter_table("bank_match", schema=None) as batch_op:
        batch_op.create_index(
            "uq_bank_match_entry_id",
            ["company_id", "entry_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_index(
            "uq_bank_match_line_id",
            ["company_id", "line_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_index(
            "uq_bank_match_payout_entry_id",
            ["company_id", "payout_entry_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("bank_match", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bank_match_payout_entry_id",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_bank_match_line_id",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_bank_match_entry_id",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.drop_table("bank_match")
    with op.batch_alter_table("cheque_deposit_item", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cheque_deposit_item_payment",
            sqlite_where=sa.text("returned_on IS NULL"),
            postgresql_where=sa.text("returned_on IS NULL"),
        )
        batch_op.drop_index("ix_cheque_deposit_item_deposit")

    op.drop_table("cheque_deposit_item")
    with op.batch_alter_table("bank_line", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_line_list")

    op.drop_table("bank_line")
    op.drop_table("cheque_deposit")
    op.drop_table("bank_statement")
    op.drop_table("bank_layout")
