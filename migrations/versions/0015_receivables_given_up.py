"""Receivables given up, doubted, or paid beyond what was owed; where money went out; accounts of the newer roles.

The accounts are data: a role that has an account keeps it, and a number that is in use for something else is left
alone: the role that stands for it is used then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DEBITS = ("invoice_id", "reversal_id", "refund_id", "kept_id")
_CREDITS = ("payment_id", "credit_note_id", "write_off_id")
_ONE_CREDIT_OF_TWO = "(payment_id IS NULL) <> (credit_note_id IS NULL)"
_STATUSES = ("open", "partly_paid", "paid", "credited", "refunded", "disputed")
_REVERSALS = ("cancellation", "rejection")

# As they were proposed when this was written; what `accounting/roles.py` says later is for later companies.
ACCOUNTS = (
    ("provision", "491000", "Dépréciations des comptes de clients"),
    ("provision_charge", "681740", "Dotations aux dépréciations des créances"),
    ("provision_reversal", "781740", "Reprises sur dépréciations des créances"),
    ("bad_debts", "654000", "Pertes sur créances irrécouvrables"),
    ("debts_recovered", "758300", "Rentrées sur créances amorties"),
    ("discounts_given", "665000", "Escomptes accordés"),
    ("difference_loss", "658800", "Différences de règlement (pertes)"),
    ("difference_gain", "758800", "Différences de règlement (gains)"),
    ("late_penalties", "763100", "Revenus des créances commerciales"),
    ("recovery_indemnities", "758100", "Indemnités forfaitaires de recouvrement"),
    ("bank_fees", "627000", "Services bancaires et assimilés"),
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
    _create_tables()
    with op.batch_alter_table("invoicing_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("discount_rate", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("discount_days", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("difference_limit_cents", sa.BigInteger(), nullable=False, server_default="100")
        )
    with op.batch_alter_table("payment_reversal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fee_cents", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(
            batch_op.f("ck_payment_reversal_fee_not_negative"), sa.text("fee_cents >= 0")
        )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.add_column(sa.Column("treasury_account_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_refund_company_id_treasury_account_id_treasury_account"),
            "treasury_account",
            ["company_id", "treasury_account_id"],
            ["company_id", "id"],
        )
    _drop_defaults()
    _change_reversals(_REVERSALS)
    _change_statuses((*_STATUSES, "doubtful", "lost"))
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kept_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("write_off_id", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_settlement_kept", ["company_id", "kept_id"], unique=False)
        batch_op.create_index("ix_settlement_write_off", ["company_id", "write_off_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_settlement_company_id_kept_id_kept_surplus"),
            "kept_surplus",
            ["company_id", "kept_id"],
            ["company_id", "id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_settlement_company_id_write_off_id_write_off"),
            "write_off",
            ["company_id", "write_off_id"],
            ["company_id", "id"],
        )
    _change_sides(_one_of(_DEBITS), _one_of(_CREDITS))
    connection = op.get_bind()
    for role, number, label in ACCOUNTS:
        connection.execute(sa.text(_INSERT), {"role": role, "number": number, "label": label})


def downgrade() -> None:
    connection = op.get_bind()
    for role, number, _label in ACCOUNTS:
        connection.execute(sa.text(_DELETE_UNUSED), {"role": role, "number": number})
        # What was posted stays where it is; only the use is forgotten.
        connection.execute(sa.text("UPDATE account SET role = NULL WHERE role = :role"), {"role": role})
    _change_sides(_one_of(_DEBITS[:-1]), _ONE_CREDIT_OF_TWO)
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_settlement_company_id_write_off_id_write_off"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_settlement_company_id_kept_id_kept_surplus"), type_="foreignkey"
        )
        batch_op.drop_index("ix_settlement_write_off")
        batch_op.drop_index("ix_settlement_kept")
        batch_op.drop_column("write_off_id")
        batch_op.drop_column("kept_id")
    _change_statuses(_STATUSES)
    _change_reversals(_REVERSALS[:1])
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_refund_company_id_treasury_account_id_treasury_account"), type_="foreignkey"
        )
        batch_op.drop_column("treasury_account_id")
    with op.batch_alter_table("payment_reversal", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_payment_reversal_fee_not_negative"), type_="check")
        batch_op.drop_column("fee_cents")
    with op.batch_alter_table("invoicing_settings", schema=None) as batch_op:
        for column in ("difference_limit_cents", "discount_days", "discount_rate"):
            batch_op.drop_column(column)
    for table in ("write_off_vat", "kept_surplus_vat", "write_off", "kept_surplus", "doubtful_debt"):
        op.drop_table(table)


def _one_of(columns: tuple[str, ...]) -> str:
    return " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns) + " = 1"


def _change_sides(one_debit: str, one_credit: str) -> None:
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        for name, condition in (("one_debit", one_debit), ("one_credit", one_credit)):
            batch_op.drop_constraint(batch_op.f(f"ck_settlement_{name}"), type_="check")
            batch_op.create_check_constraint(batch_op.f(f"ck_settlement_{name}"), sa.text(condition))


def _change_statuses(statuses: tuple[str, ...]) -> None:
    _change_values("invoice_standing", "status", "ck_invoice_standing_paymentstatus", statuses)


def _change_reversals(kinds: tuple[str, ...]) -> None:
    _change_values("payment_reversal", "kind", "ck_payment_reversal_reversalkind", kinds)


def _change_values(table: str, column: str, constraint: str, values: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(constraint), type_="check")
        batch_op.create_check_constraint(batch_op.f(constraint), sa.text(f"{column} IN ({allowed})"))


def _drop_defaults() -> None:
    """They were for the rows that are here."""
    for table, columns in (
        ("invoicing_settings", ("discount_rate", "discount_days", "difference_limit_cents")),
        ("payment_reversal", ("fee_cents",)),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)


def _create_tables() -> None:
    op.create_table(
        "doubtful_debt",
        sa.Column("id", BigId, nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("open_cents", sa.BigInteger(), nullable=False),
        sa.Column("provision_rate", sa.Integer(), nullable=False),
        sa.Column("provision_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("ends_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("provision_cents >= 0", name=op.f("ck_doubtful_debt_provision_not_negative")),
        sa.CheckConstraint(
            "provision_rate BETWEEN 0 AND 10000", name=op.f("ck_doubtful_debt_provision_rate_range")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "ends_id"],
            ["doubtful_debt.company_id", "doubtful_debt.id"],
            name=op.f("fk_doubtful_debt_company_id_ends_id_doubtful_debt"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "invoice_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_doubtful_debt_company_id_invoice_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_doubtful_debt_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["app_user.id"], name=op.f("fk_doubtful_debt_recorded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubtful_debt")),
        sa.UniqueConstraint("company_id", "ends_id", name=op.f("uq_doubtful_debt_company_id_ends_id")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_doubtful_debt_company_id_id")),
        sa.UniqueConstraint(
            "company_id", "request_key", name=op.f("uq_doubtful_debt_company_id_request_key")
        ),
    )
    with op.batch_alter_table("doubtful_debt", schema=None) as batch_op:
        batch_op.create_index("ix_doubtful_debt_invoice_id", ["company_id", "invoice_id"], unique=False)

    op.create_table(
        "kept_surplus",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "difference",
                "penalty",
                "indemnity",
                "recovery",
                name="keptkind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("kept_on", sa.Date(), nullable=False),
        sa.Column("surplus_key", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_kept_surplus_amount_positive")),
        sa.ForeignKeyConstraint(
            ["company_id", "invoice_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_kept_surplus_company_id_invoice_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "payment_id"],
            ["payment.company_id", "payment.id"],
            name=op.f("fk_kept_surplus_company_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "undoes_id"],
            ["kept_surplus.company_id", "kept_surplus.id"],
            name=op.f("fk_kept_surplus_company_id_undoes_id_kept_surplus"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_kept_surplus_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["app_user.id"], name=op.f("fk_kept_surplus_recorded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_surplus")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_kept_surplus_company_id_id")),
        sa.UniqueConstraint("company_id", "request_key", name=op.f("uq_kept_surplus_company_id_request_key")),
        sa.UniqueConstraint("company_id", "undoes_id", name=op.f("uq_kept_surplus_company_id_undoes_id")),
    )
    with op.batch_alter_table("kept_surplus", schema=None) as batch_op:
        batch_op.create_index("ix_kept_surplus_payment_id", ["company_id", "payment_id"], unique=False)

    op.create_table(
        "write_off",
        sa.Column("id", BigId, nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "discount",
                "difference",
                "loss",
                name="writeoffkind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reduces_price", sa.Boolean(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_write_off_amount_positive")),
        sa.ForeignKeyConstraint(
            ["company_id", "invoice_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_write_off_company_id_invoice_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "undoes_id"],
            ["write_off.company_id", "write_off.id"],
            name=op.f("fk_write_off_company_id_undoes_id_write_off"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_write_off_company_id_company")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["app_user.id"], name=op.f("fk_write_off_recorded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_write_off_company_id_id")),
        sa.UniqueConstraint("company_id", "request_key", name=op.f("uq_write_off_company_id_request_key")),
        sa.UniqueConstraint("company_id", "undoes_id", name=op.f("uq_write_off_company_id_undoes_id")),
    )
    with op.batch_alter_table("write_off", schema=None) as batch_op:
        batch_op.create_index("ix_write_off_invoice_id", ["company_id", "invoice_id"], unique=False)

    op.create_table(
        "kept_surplus_vat",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("vat_cents > 0", name=op.f("ck_kept_surplus_vat_vat_positive")),
        sa.ForeignKeyConstraint(
            ["company_id", "kept_id"],
            ["kept_surplus.company_id", "kept_surplus.id"],
            name=op.f("fk_kept_surplus_vat_company_id_kept_id_kept_surplus"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_kept_surplus_vat_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_surplus_vat")),
        sa.UniqueConstraint("kept_id", "vat_rate", name=op.f("uq_kept_surplus_vat_kept_id_vat_rate")),
    )
    op.create_table(
        "write_off_vat",
        sa.Column("id", BigId, nullable=False),
        sa.Column("write_off_id", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("vat_cents > 0", name=op.f("ck_write_off_vat_vat_positive")),
        sa.ForeignKeyConstraint(
            ["company_id", "write_off_id"],
            ["write_off.company_id", "write_off.id"],
            name=op.f("fk_write_off_vat_company_id_write_off_id_write_off"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_write_off_vat_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off_vat")),
        sa.UniqueConstraint(
            "write_off_id",
            "vat_rate",
            "is_waiting",
            name=op.f("uq_write_off_vat_write_off_id_vat_rate_is_waiting"),
        ),
    )
