"""Rename a journal, or have another one with another code take over. Called by the settings; logged, never retroactive.

A code is never changed: it is in the numbers of entries. Another code is another journal, which takes over what the
first one was used for, from the next entry on. What was posted stays where it is.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.errors import AccountingError, JournalNotFound
from accounting.models import AccountingSettings, Journal, JournalEntry
from accounting.roles import JournalCode
from accounting.settings.account_text import checked_code, checked_label
from accounting.treasury_models import TreasuryAccount
from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from core.versions import refuse_unseen

LONGEST_LABEL = 60


def save_journal(
    journal_id: int, code: str, label: str, *, seen: str | None = None, actor_id: int | None = None
) -> Journal:
    """Give the journal that name; with another code, the journal that takes its place.

    Args:
        journal_id: the journal.
        code: its code; another one is possible while nothing was posted under the present one.
        label: its name in the books.
        seen: code and name that the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Returns:
        The journal that is used from now on.

    Raises:
        JournalNotFound: this company has no such journal.
        ConflictError: somebody else has changed it meanwhile.
        AccountingError: the code or the name cannot be used (`field` is `code` or `label`).
    """
    lock(select(AccountingSettings))
    journal = db.session.get(Journal, journal_id)
    if journal is None:
        raise JournalNotFound
    code, label = checked_code(code), checked_label(label, longest=LONGEST_LABEL)
    before, after = _describe(journal.code, journal.label), _describe(code, label)
    refuse_unseen(seen, before, after)
    if before == after:
        return journal
    saved = journal if code == journal.code else _replaced(journal, code, label)
    saved.label = label
    db.session.flush()
    forget_chart()
    record_event(
        "journal.changed", actor_id=actor_id, subject=("journal", saved.id), before=before, after=after
    )
    return saved


def _replaced(journal: Journal, code: str, label: str) -> Journal:
    if not _is_in_use(journal):
        raise ConflictError  # another one took over meanwhile: nothing would use what takes over from this one
    if journal.role == JournalCode.OPENING:
        raise AccountingError(
            _l("The journal of opening entries keeps its code: readers of a FEC know them by it."),
            field="code",
        )
    if db.session.scalars(select(JournalEntry.id).where(JournalEntry.journal_id == journal.id)).first():
        raise AccountingError(
            _l("Entries were posted under %(code)s, so the code stays.", code=journal.code), field="code"
        )
    if db.session.scalars(select(Journal.id).where(Journal.code == code)).first() is not None:
        raise AccountingError(_l("There is a journal %(code)s already.", code=code), field="code")
    role, journal.role = journal.role, None
    db.session.flush()
    taking_over = Journal(code=code, label=label, kind=journal.kind, role=role)
    db.session.add(taking_over)
    db.session.flush()
    for account in db.session.scalars(
        select(TreasuryAccount).where(TreasuryAccount.journal_id == journal.id)
    ):
        account.journal_id = taking_over.id
    return taking_over


def _is_in_use(journal: Journal) -> bool:
    kept = select(TreasuryAccount.id).where(TreasuryAccount.journal_id == journal.id)
    return journal.role is not None or db.session.scalars(kept).first() is not None


def _describe(code: str, label: str) -> str:
    return f"{code} {label}"
