"""Gives the company entered a logo, another one, or none. Documents issued before keep the one they have.

Called by the company's settings page, after `save_company` in the same transaction: the company's row is locked.
"""

from __future__ import annotations

from sqlalchemy import select

from core.database import db, lock
from core.event_log import record_event
from core.files import register_file
from core.models import Company
from core.versions import count_save
from invoicing.logo import LogoFile
from invoicing.models import InvoicingSettings
from invoicing.settings import logo_sha256


def set_logo(company: Company, logo: LogoFile | None, *, actor_id: int | None = None) -> None:
    """Set the logo that documents issued from now on carry; the one it has already changes nothing.

    Args:
        company: the company entered, under lock.
        logo: None takes it away.
        actor_id: who does it.
    """
    settings = lock(select(InvoicingSettings))
    if settings is None:
        settings = InvoicingSettings()
        db.session.add(settings)
    stored = None if logo is None else register_file(logo.sha256, logo.size_bytes, logo.media_type)
    before = logo_sha256(settings)
    settings.logo_file_id = None if stored is None else stored.id
    after = logo_sha256(settings)
    if before == after:
        return
    # The company's version stands for its logo too: a page that shows what would be issued is out of date.
    count_save(company, None)
    db.session.flush()
    record_event("settings.logo", actor_id=actor_id, changed={"logo": [before, after]})
