"""Set or end the option for VAT on debits. Called by the accounting settings; logged, never retroactive.

The regime is frozen on each document when it is issued, so documents that exist keep theirs.
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.errors import AccountingError
from accounting.models import AccountingSettings, Journal, JournalEntry, JournalKind
from core.database import db, lock
from core.event_log import record_event
from core.versions import refuse_unseen


def set_vat_on_debits(
    from_day: date | None, *, seen: str | None = None, actor_id: int | None = None
) -> AccountingSettings:
    """Have VAT on services fall due at invoicing from that invoice date on; None: on collection.

    Args:
        from_day: first invoice date of the option. Sales of that day or later must not exist yet.
        seen: the date (ISO, empty for none) that the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has set another date meanwhile.
        AccountingError: invoices of that day or later exist already (`field` is `vat_on_debits_from`).
    """
    settings = lock(select(AccountingSettings))
    assert settings is not None, "the books were set up with the company"
    before = settings.vat_on_debits_from
    refuse_unseen(seen, _iso(before), _iso(from_day))
    if from_day == before:
        return settings
    latest = last_sale()
    if from_day is not None and latest is not None and from_day <= latest:
        raise AccountingError(
            _l(
                "Invoices exist up to %(day)s: the option can only begin after them.",
                day=f"{latest:%d/%m/%Y}",
            ),
            field="vat_on_debits_from",
        )
    settings.vat_on_debits_from = from_day
    db.session.flush()
    record_event(
        "vat_on_debits.changed",
        actor_id=actor_id,
        before=before and str(before),
        after=from_day and str(from_day),
    )
    return settings


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def last_sale() -> date | None:
    """The date of the last invoice or credit note; None while there is none."""
    return db.session.scalar(
        select(func.max(JournalEntry.piece_date))
        .join(Journal, Journal.id == JournalEntry.journal_id)
        # Late penalties stand in that journal too: no invoice, so no VAT hangs on their day.
        .where(Journal.kind == JournalKind.SALES, JournalEntry.purpose == "sale")
    )
