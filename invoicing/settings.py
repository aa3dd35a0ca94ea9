"""How the company invoices, read by the verbs; the settings page is what changes it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from core.database import db
from core.files import StoredFile
from invoicing.models import InvoicingSettings

UNSAVED = 0
"""The version of settings that nobody has saved yet."""


def invoicing_settings() -> InvoicingSettings:
    """The settings of the company entered; the defaults, as an unsaved row, while it has not chosen any."""
    return db.session.scalars(select(InvoicingSettings)).one_or_none() or default_settings()


def default_settings() -> InvoicingSettings:
    """What holds while the company has chosen nothing, as an unsaved row: the defaults of the columns."""
    columns = InvoicingSettings.metadata.tables["invoicing_settings"].columns
    defaults = {
        column.name: column.default.arg
        for column in columns
        if isinstance(column.default, ScalarElementColumnDefault)
    }
    return InvoicingSettings(**defaults | {"version": UNSAVED})


def logo_sha256(settings: InvoicingSettings) -> str:
    """The hash of the file of the company's logo; empty when it has none."""
    if settings.logo_file_id is None:
        return ""
    return db.session.get_one(StoredFile, settings.logo_file_id).sha256
