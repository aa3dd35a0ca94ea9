"""Refunds, disputes, what they open again and the owner's decisions; the requests to PayPlug to give money back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ONE_DEBIT = "(invoice_id IS NULL) <> (reversal_id IS NULL)"
_ONE_DEBIT_OF_THREE = (
    "CASE WHEN invoice_id IS NULL THEN 0 ELSE 1 END + CASE WHEN reversal_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN refund_id IS NULL THEN 0 ELSE 1 END = 1"
)
_STATUSES = "status IN ('open', 'partly_paid', 'paid', 'credited')"
_STATUSES_WITH_HOLDS = "status IN ('open', 'partly_paid', 'paid', 'credited', 'refunded', 'disputed')"


def upgrade() -> None:
    _create_refund()
    _create_reopened()
    _create_win()
    _create_claim()
    _create_request()
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refund_id", sa.BigInteger(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_settlement_one_debit"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_settlement_one_debit"), sa.text(_ONE_DEBIT_OF_THREE))
        batch_op.create_foreign_key(
            batch_op.f("fk_settlement_company_id_refund_id_refund"),
            "refund",
            ["company_id", "refund_id"],
            ["company_id", "id"],
        )
        batch_op.create_index("ix_settlement_refund", ["company_id", "refund_id"], unique=False)
    _change_statuses(_STATUSES_WITH_HOLDS)


def downgrade() -> None:
    _change_statuses(_STATUSES)
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.drop_index("ix_settlement_refund")
        batch_op.drop_constraint(batch_op.f("fk_settlement_company_id_refund_id_refund"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_settlement_one_debit"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_settlement_one_debit"), sa.text(_ONE_DEBIT))
        batch_op.drop_column("refund_id")
    for table in ("payplug_refund", "invoice_claim", "dispute_win", "reopened_invoice", "refund"):
        op.drop_table(table)


def _change_statuses(statuses: str) -> None:
    with op.batch_alter_table("invoice_standing", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invoice_standing_paymentstatus"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_invoice_standing_paymentstatus"), sa.text(statuses))


def _of_company(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id"], ["company.id"], name=op.f(f"fk_{table}_company_id_company")
    )


def _inside(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", column],
        [f"{parent}.company_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_company_id_{column}_{parent}"),
    )


def _by_user(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["app_user.id"], name=op.f(f"fk_{table}_{column}_app_user"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _create_refund() -> None:
    op.create_table(
        "refund",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "refund",
                "dispute",
                name="refundkind",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_amount_positive")),
        _inside("refund", "payment_id", "payment"),
        _inside("refund", "credit_note_id", "document"),
        _of_company("refund"),
        _by_user("refund", "recorded_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        _unique("refund", "company_id", "id"),
        _unique("refund", "company_id", "external_id"),
        _unique("refund", "company_id", "request_key"),
    )
    op.create_index("ix_refund_payment_id", "refund", ["company_id", "payment_id"])
    op.create_index("ix_refund_list", "refund", ["company_id", "refunded_on", "amount_cents"])


def _create_reopened() -> None:
    op.create_table(
        "reopened_invoice",
        sa.Column("id", BigId, nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_reopened_invoice_amount_positive")),
        _inside("reopened_invoice", "refund_id", "refund"),
        _inside("reopened_invoice", "invoice_id", "document"),
        _of_company("reopened_invoice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopened_invoice")),
        _unique("reopened_invoice", "company_id", "id"),
        _unique("reopened_invoice", "refund_id", "invoice_id"),
    )
    op.create_index("ix_reopened_invoice_invoice", "reopened_invoice", ["company_id", "invoice_id"])


def _create_win() -> None:
    op.create_table(
        "dispute_win",
        sa.Column("id", BigId, nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("won_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_dispute_win_amount_positive")),
        _inside("dispute_win", "refund_id", "refund"),
        _of_company("dispute_win"),
        _by_user("dispute_win", "recorded_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_win")),
        _unique("dispute_win", "company_id", "id"),
        _unique("dispute_win", "refund_id"),
        _unique("dispute_win", "company_id", "external_id"),
    )
    op.create_index("ix_dispute_win_list", "dispute_win", ["company_id", "won_on", "amount_cents"])


def _create_claim() -> None:
    op.create_table(
        "invoice_claim",
        sa.Column("id", BigId, nullable=False),
        sa.Column("reopened_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        _inside("invoice_claim", "reopened_id", "reopened_invoice"),
        _inside("invoice_claim", "invoice_id", "document"),
        _of_company("invoice_claim"),
        _by_user("invoice_claim", "claimed_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_claim")),
        _unique("invoice_claim", "reopened_id"),
    )


def _create_request() -> None:
    op.create_table(
        "payplug_refund",
        sa.Column("id", BigId, nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("requested_by_id", BigId, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "unconfirmed",
                "done",
                "refused",
                name="refundstate",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("payplug_id", sa.String(length=80), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("failure_code", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payplug_refund_amount_positive")),
        _inside("payplug_refund", "attempt_id", "payment_attempt"),
        _inside("payplug_refund", "payment_id", "payment"),
        _inside("payplug_refund", "credit_note_id", "document"),
        _inside("payplug_refund", "refund_id", "refund"),
        _of_company("payplug_refund"),
        _by_user("payplug_refund", "requested_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_refund")),
        _unique("payplug_refund", "company_id", "id"),
        _unique("payplug_refund", "company_id", "request_key"),
        _unique("payplug_refund", "reference"),
        _unique("payplug_refund", "payplug_id"),
    )
    is_open = sa.text("state IN ('prepared', 'unconfirmed')")
    op.create_index(
        "uq_payplug_refund_open",
        "payplug_refund",
        ["attempt_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_payplug_refund_state", "payplug_refund", ["company_id", "state", "created_at"])
    op.create_index("ix_payplug_refund_payment_id", "payplug_refund", ["company_id", "payment_id"])
