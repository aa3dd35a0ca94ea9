"""SMS, receipts and notices of payments, and what may be shown of the card that paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import BigId, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


TEXT_KINDS = "kind IN ('mail', 'note', 'conditions')", "kind IN ('mail', 'sms', 'note', 'conditions')"


def _text_kinds(condition: str) -> None:
    with op.batch_alter_table("text_template", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_text_template_textkind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_text_template_textkind"), sa.text(condition))


def upgrade() -> None:
    _text_kinds(TEXT_KINDS[1])
    op.create_table(
        "notice_preference",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_notice_preference_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_notice_preference_user_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_preference")),
        sa.UniqueConstraint("company_id", "user_id", name=op.f("uq_notice_preference_company_id_user_id")),
    )
    op.create_table(
        "notice_settings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sends_receipts", sa.Boolean(), nullable=False),
        sa.Column("chat_url", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_notice_settings_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_settings")),
        sa.UniqueConstraint("company_id", name=op.f("uq_notice_settings_company_id")),
    )
    op.create_table(
        "outbox_sms",
        sa.Column("id", BigId, nullable=False),
        sa.Column("company_id", BigId, nullable=True),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                name="smsstate",
                native_enum=False,
                create_constraint=True,
                length=30,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_outbox_sms_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_sms")),
    )
    with op.batch_alter_table("outbox_sms", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_sms_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "payment_card",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.String(length=40), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("is_3ds", sa.Boolean(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "payment_id"],
            ["payment.company_id", "payment.id"],
            name=op.f("fk_payment_card_company_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payment_card_company_id_company")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_card")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_payment_card_company_id_id")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_card_payment_id")),
    )
    op.create_table(
        "payment_notice",
        sa.Column("id", BigId, nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "receipt", "members", name="noticekind", native_enum=False, create_constraint=True, length=30
            ),
            nullable=False,
        ),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_payment_notice_company_id_document_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "payment_id"],
            ["payment.company_id", "payment.id"],
            name=op.f("fk_payment_notice_company_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payment_notice_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["app_user.id"], name=op.f("fk_payment_notice_requested_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notice")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_payment_notice_company_id_id")),
        sa.UniqueConstraint(
            "payment_id", "kind", "request_key", name=op.f("uq_payment_notice_payment_id_kind_request_key")
        ),
    )
    with op.batch_alter_table("payment_notice", schema=None) as batch_op:
        batch_op.create_index("ix_payment_notice_document_id", ["document_id"], unique=False)

    op.create_table(
        "sms_sending",
        sa.Column("id", BigId, nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sms_id", BigId, nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by_id", BigId, nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_sms_sending_company_id_document_id_document"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_sms_sending_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["app_user.id"], name=op.f("fk_sms_sending_requested_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(["sms_id"], ["outbox_sms.id"], name=op.f("fk_sms_sending_sms_id_outbox_sms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_sending")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_sms_sending_company_id_id")),
        sa.UniqueConstraint(
            "company_id",
            "request_key",
            "recipient",
            name=op.f("uq_sms_sending_company_id_request_key_recipient"),
        ),
    )
    with op.batch_alter_table("sms_sending", schema=None) as batch_op:
        batch_op.create_index("ix_sms_sending_document_id", ["document_id"], unique=False)
        batch_op.create_index("ix_sms_sending_sms_id", ["sms_id"], unique=False)

    op.create_table(
        "payment_notice_mail",
        sa.Column("id", BigId, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("mail_id", BigId, nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "notice_id"],
            ["payment_notice.company_id", "payment_notice.id"],
            name=op.f("fk_payment_notice_mail_company_id_notice_id_payment_notice"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_payment_notice_mail_company_id_company")
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["outbox_mail.id"], name=op.f("fk_payment_notice_mail_mail_id_outbox_mail")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notice_mail")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_payment_notice_mail_notice_id")),
    )
    with op.batch_alter_table("payment_notice_mail", schema=None) as batch_op:
        batch_op.create_index("ix_payment_notice_mail_mail_id", ["mail_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM text_template WHERE kind = 'sms'")
    _text_kinds(TEXT_KINDS[0])
    with op.batch_alter_table("payment_notice_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_notice_mail_mail_id")

    op.drop_table("payment_notice_mail")
    with op.batch_alter_table("sms_sending", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_sending_sms_id")
        batch_op.drop_index("ix_sms_sending_document_id")

    op.drop_table("sms_sending")
    with op.batch_alter_table("payment_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_notice_document_id")

    op.drop_table("payment_notice")
    op.drop_table("payment_card")
    with op.batch_alter_table("outbox_sms", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_sms_state_due_at")

    op.drop_table("outbox_sms")
    op.drop_table("notice_settings")
    op.drop_table("notice_preference")
