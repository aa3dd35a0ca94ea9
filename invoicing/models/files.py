"""What was made from a document or goes with it: PDF, e-invoice, attachments, payment link. Rows never change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.files import StoredFile
from core.tenancy import CompanyScoped


class FileKind(StrEnum):
    """What a stored file of a document is."""

    PDF = "pdf"


class EinvoiceRules(StrEnum):
    """Rules an e-invoice was checked against: the French ones bind documents to French businesses and public bodies."""

    FRENCH = "fr_ctc"
    EUROPEAN = "en16931"


class DocumentFile(CompanyScoped, Base):
    """A file made from an issued document, once; its hash has its own link in the seal."""

    __tablename__ = "document_file"
    __table_args__ = (
        UniqueConstraint("document_id", "kind"),
        company_key("document", "document_id"),
        company_key("stored_file", "stored_file_id"),
        UniqueConstraint("company_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[FileKind] = mapped_column(enum_type(FileKind))
    stored_file_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stored_file: Mapped[StoredFile] = relationship(
        primaryjoin="foreign(DocumentFile.stored_file_id) == StoredFile.id", viewonly=True
    )


class DocumentXml(CompanyScoped, Base):
    """The e-invoice of an issued document, made with it: the bytes that are embedded in its PDF.

    `rules` says which rules it was checked against before issue: those of France, or EN 16931 alone.
    """

    __tablename__ = "document_xml"
    __table_args__ = (UniqueConstraint("document_id"), company_key("document", "document_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    rules: Mapped[EinvoiceRules] = mapped_column(enum_type(EinvoiceRules))
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class PaymentLink(CompanyScoped, Base):
    """The one address of an issued invoice, for ever: `/p/<token>`. Replacing a leaked token is a new row."""

    __tablename__ = "payment_link"
    __table_args__ = (
        UniqueConstraint("token"),
        UniqueConstraint("company_id", "id"),
        company_key("document", "document_id"),
        Index("ix_payment_link_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PaymentLinkDuplicate(CompanyScoped, Base):
    """The marked duplicate of an invoice's PDF that carries a link given later; the original is never drawn again."""

    __tablename__ = "payment_link_duplicate"
    __table_args__ = (
        UniqueConstraint("link_id"),
        company_key("payment_link", "link_id"),
        company_key("stored_file", "stored_file_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(BigInteger)
    stored_file_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stored_file: Mapped[StoredFile] = relationship(
        primaryjoin="foreign(PaymentLinkDuplicate.stored_file_id) == StoredFile.id", viewonly=True
    )
