"""Makes a recurring invoice of an invoice, draft or issued: a pattern that says the same, with its calendar."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from invoicing.calendar_input import CalendarInput, checked_calendar
from invoicing.documents import find_document
from invoicing.draft_pattern import draft_pattern
from invoicing.duplicate_invoice import copied_input
from invoicing.models import Document
from invoicing.recurring import may_be_repeated
from invoicing.recurring_dates import months_between, moved_period
from invoicing.set_calendar import set_calendar


def repeat_invoice(
    document_id: int,
    calendar: CalendarInput,
    *,
    request_key: str | None = None,
    today: date | None = None,
    actor_id: int | None = None,
) -> Document:
    """Make and start a recurring invoice; its pattern is returned. A request key seen before returns its pattern.

    The period of service moves from the invoice's month to that of the first date.

    Raises:
        NotFoundError: there is no such document.
        ConflictError: it is no invoice, or one that belongs to one sale (a deposit, or what follows it).
        InvalidInputError: the calendar is not right, its customer was archived, or a VAT rate has ended.
    """
    checked, day = checked_calendar(calendar), today or paris_today()
    source = find_document(document_id)
    if not may_be_repeated(source):
        raise ConflictError(_l("Only an ordinary invoice can be repeated."))
    # A standing order has its number on each invoice; the pattern's page shows it, so that it can be taken out.
    given = copied_input(source, day, request_key=request_key, purchase_order=source.purchase_order)
    pattern = draft_pattern(given, today=day, actor_id=actor_id)
    if pattern.version > 1:
        return pattern  # made by the same form before
    months = months_between(source.issue_date or day, checked.first_date)
    pattern.period_start, pattern.period_end = moved_period(source.period_start, source.period_end, months)
    db.session.flush()
    set_calendar(pattern.id, checked, moves_period=False, today=day, actor_id=actor_id)
    return pattern
