"""What PayPlug's accounting reports told and what was booked of it; the suppliers' account that its fees need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Data: companies that are here get the account of a role that came after them, as it was proposed at that time.
_ROLE = {"role": "suppliers", "number": "401000", "label": "Fournisseurs"}
_USE = "UPDATE account SET role = :role WHERE number = :number AND role IS NULL"
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
    op.create_table(
        "payplug_report",
        sa.Column("id", BigId, nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "api", "upload", name="reportorigin", native_enum=False, create_constraint=True, length=30
            ),
            nullable=False,
        ),
        sa.Column("request_key", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "wanted",
                "making",
                "stored",
                "read",
                "refused",
                "discarded",
                name="reportstate",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("payplug_id", sa.String(length=80), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("new_rows", sa.Integer(), nullable=False),
        sa.Column("known_rows", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by_id", BigId, nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_payplug_report_company_id_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_report_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["app_user.id"], name=op.f("fk_payplug_report_requested_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_report")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_payplug_report_company_id_id")),
        sa.UniqueConstraint(
            "company_id", "request_key", name=op.f("uq_payplug_report_company_id_request_key")
        ),
    )
    with op.batch_alter_table("payplug_report", schema=None) as batch_op:
        batch_op.create_index("ix_payplug_report_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_payplug_report_payplug_id", ["company_id", "payplug_id"], unique=False)

    op.create_table(
        "payplug_operation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "payment",
                "refund",
                "fee_invoice",
                "payout",
                "dispute",
                "dispute_fee",
                "unknown",
                name="operationkind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("type_text", sa.String(length=120), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("payplug_id", sa.String(length=80), nullable=False),
        sa.Column("related_id", sa.String(length=80), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=True),
        sa.Column("balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "report_id"],
            ["payplug_report.company_id", "payplug_report.id"],
            name=op.f("fk_payplug_operation_company_id_report_id_payplug_report"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_operation_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_operation")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_payplug_operation_company_id_id")),
        sa.UniqueConstraint("company_id", "key", name=op.f("uq_payplug_operation_company_id_key")),
    )
    with op.batch_alter_table("payplug_operation", schema=None) as batch_op:
        batch_op.create_index("ix_payplug_operation_payplug_id", ["company_id", "payplug_id"], unique=False)
        batch_op.create_index("ix_payplug_operation_time", ["company_id", "happened_at"], unique=False)

    op.create_table(
        "payplug_wallet_opening",
        sa.Column("id", BigId, nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("account_number", sa.String(length=20), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(amount_cents = 0) = (entry_id IS NULL)", name=op.f("ck_payplug_wallet_opening_entry_of_amount")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "entry_id"],
            ["journal_entry.company_id", "journal_entry.id"],
            name=op.f("fk_payplug_wallet_opening_company_id_entry_id_journal_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_wallet_opening_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["app_user.id"],
            name=op.f("fk_payplug_wallet_opening_recorded_by_id_app_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_wallet_opening")),
        sa.UniqueConstraint("company_id", name=op.f("uq_payplug_wallet_opening_company_id")),
    )
    op.create_table(
        "payplug_booking",
        sa.Column("id", BigId, nullable=False),
        sa.Column("operation_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "fee_invoice",
                "fee_taken",
                "payout",
                "other_activity",
                "other_activity_back",
                "dispute",
                name="bookingpurpose",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "entry_id"],
            ["journal_entry.company_id", "journal_entry.id"],
            name=op.f("fk_payplug_booking_company_id_entry_id_journal_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "operation_id"],
            ["payplug_operation.company_id", "payplug_operation.id"],
            name=op.f("fk_payplug_booking_company_id_operation_id_payplug_operation"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_booking_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_booking")),
        sa.UniqueConstraint(
            "company_id",
            "operation_id",
            "purpose",
            name=op.f("uq_payplug_booking_company_id_operation_id_purpose"),
        ),
    )
    with op.batch_alter_table("payplug_booking", schema=None) as batch_op:
        batch_op.create_index("ix_payplug_booking_entry_id", ["entry_id"], unique=False)

    connection = op.get_bind()
    without_label = {name: _ROLE[name] for name in ("role", "number")}
    connection.execute(sa.text(_USE), without_label)
    connection.execute(sa.text(_INSERT), _ROLE)


def downgrade() -> None:
    with op.batch_alter_table("payplug_booking", schema=None) as batch_op:
        batch_op.drop_index("ix_payplug_booking_entry_id")

    op.drop_table("payplug_booking")
    op.drop_table("payplug_wallet_opening")
    with op.batch_alter_table("payplug_operation", schema=None) as batch_op:
        batch_op.drop_index("ix_payplug_operation_time")
        batch_op.drop_index("ix_payplug_operation_payplug_id")

    op.drop_table("payplug_operation")
    with op.batch_alter_table("payplug_report", schema=None) as batch_op:
        batch_op.drop_index("ix_payplug_report_payplug_id")
        batch_op.drop_index("ix_payplug_report_due")

    op.drop_table("payplug_report")

    connection = op.get_bind()
    connection.execute(sa.text(_DELETE_UNUSED), {name: _ROLE[name] for name in ("role", "number")})
    # What was posted stays where it is; only the use is forgotten.
    connection.execute(sa.text("UPDATE account SET role = NULL WHERE role = :role"), {"role": _ROLE["role"]})
