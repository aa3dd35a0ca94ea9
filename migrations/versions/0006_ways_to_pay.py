"""What PayPlug accounts offer, how links may be paid, tests of the notification address, duplicates with a new link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The limits were kept once for an account; now once for the key of each mode.
_COPY = """
    INSERT INTO payplug_facts (company_id, mode, account_reference, country, currencies, least_cents, most_cents,
        permissions, methods, checked_at, failure)
    SELECT company_id, CAST(:mode AS VARCHAR), '', '', '', least_cents, most_cents, '{}', '[]', checked_at, ''
    FROM payplug_account WHERE %s IS NOT NULL
"""
_COPY_BACK = """
    UPDATE payplug_account SET
        least_cents = (SELECT max(f.least_cents) FROM payplug_facts f WHERE f.company_id = payplug_account.company_id),
        most_cents = (SELECT min(f.most_cents) FROM payplug_facts f WHERE f.company_id = payplug_account.company_id),
        checked_at = (SELECT max(f.checked_at) FROM payplug_facts f WHERE f.company_id = payplug_account.company_id)
    WHERE EXISTS (SELECT 1 FROM payplug_facts f WHERE f.company_id = payplug_account.company_id)
"""


def upgrade() -> None:
    op.create_table(
        "payplug_facts",
        sa.Column("id", BigId, nullable=False),
        sa.Column(
            "mode",
            sa.Enum("test", "live", name="payplugmode", native_enum=False, create_constraint=True, length=30),
            nullable=False,
        ),
        sa.Column("account_reference", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currencies", sa.String(length=200), nullable=False),
        sa.Column("least_cents", sa.BigInteger(), nullable=False),
        sa.Column("most_cents", sa.BigInteger(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("methods", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=80), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_facts_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_facts")),
        sa.UniqueConstraint("company_id", "mode", name=op.f("uq_payplug_facts_company_id_mode")),
    )
    op.create_table(
        "payplug_self_test",
        sa.Column("id", BigId, nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("test", "live", name="payplugmode", native_enum=False, create_constraint=True, length=30),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("notification_url", sa.String(length=500), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "started",
                "created",
                "aborted",
                "failed",
                name="selfteststate",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("payplug_id", sa.String(length=80), nullable=True),
        sa.Column("failure", sa.String(length=80), nullable=False),
        sa.Column("answer_code", sa.Integer(), nullable=True),
        sa.Column("started_by_id", BigId, nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("aborted_at", UtcDateTime(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payplug_self_test_amount_positive")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_self_test_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["app_user.id"], name=op.f("fk_payplug_self_test_started_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_self_test")),
        sa.UniqueConstraint(
            "company_id", "request_key", name=op.f("uq_payplug_self_test_company_id_request_key")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_payplug_self_test_reference")),
    )
    op.create_table(
        "payplug_link_terms",
        sa.Column("id", BigId, nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("ways", sa.String(length=300), nullable=False),
        sa.Column("parts", sa.String(length=10), nullable=False),
        sa.Column("chosen_by_id", BigId, nullable=True),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chosen_by_id"], ["app_user.id"], name=op.f("fk_payplug_link_terms_chosen_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_payplug_link_terms_company_id_document_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payplug_link_terms_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payplug_link_terms")),
    )
    with op.batch_alter_table("payplug_link_terms", schema=None) as batch_op:
        batch_op.create_index("ix_payplug_link_terms_document_id", ["document_id"], unique=False)

    op.create_table(
        "payment_link_duplicate",
        sa.Column("id", BigId, nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("stored_file_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "link_id"],
            ["payment_link.company_id", "payment_link.id"],
            name=op.f("fk_payment_link_duplicate_company_id_link_id_payment_link"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "stored_file_id"],
            ["stored_file.company_id", "stored_file.id"],
            name=op.f("fk_payment_link_duplicate_company_id_stored_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payment_link_duplicate_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_link_duplicate")),
        sa.UniqueConstraint("link_id", name=op.f("uq_payment_link_duplicate_link_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uses_cards", sa.Boolean(), server_default=sa.true(), nullable=False))

    with op.batch_alter_table("payment_attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(length=40), server_default="card", nullable=False))

    with op.batch_alter_table("payplug_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("ways", sa.String(length=300), server_default="card", nullable=False))
        batch_op.add_column(sa.Column("parts", sa.String(length=10), server_default="all", nullable=False))
        batch_op.add_column(
            sa.Column("least_part_cents", sa.BigInteger(), server_default="1000", nullable=False)
        )
        batch_op.add_column(
            sa.Column("shows_transfer", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    for mode in ("live", "test"):
        op.get_bind().execute(sa.text(_COPY % f"{mode}_key"), {"mode": mode})
    with op.batch_alter_table("payplug_account", schema=None) as batch_op:
        batch_op.drop_column("least_cents")
        batch_op.drop_column("most_cents")
        batch_op.drop_column("checked_at")


def downgrade() -> None:
    with op.batch_alter_table("payplug_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("checked_at", UtcDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("most_cents", sa.BigInteger(), nullable=False, server_default="2000000")
        )
        batch_op.add_column(sa.Column("least_cents", sa.BigInteger(), nullable=False, server_default="99"))
    op.get_bind().execute(sa.text(_COPY_BACK))
    with op.batch_alter_table("payplug_account", schema=None) as batch_op:
        batch_op.alter_column(
            "most_cents", server_default=None, existing_type=sa.BigInteger(), existing_nullable=False
        )
        batch_op.alter_column(
            "least_cents", server_default=None, existing_type=sa.BigInteger(), existing_nullable=False
        )
        batch_op.drop_column("shows_transfer")
        batch_op.drop_column("least_part_cents")
        batch_op.drop_column("parts")
        batch_op.drop_column("ways")
        batch_op.drop_column("version")

    with op.batch_alter_table("payment_attempt", schema=None) as batch_op:
        batch_op.drop_column("way")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("uses_cards")

    op.drop_table("payment_link_duplicate")
    with op.batch_alter_table("payplug_link_terms", schema=None) as batch_op:
        batch_op.drop_index("ix_payplug_link_terms_document_id")

    op.drop_table("payplug_link_terms")
    op.drop_table("payplug_self_test")
    op.drop_table("payplug_facts")
