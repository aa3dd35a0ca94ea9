"""Letters lines that a person says belong together. Called by the lettering page; which set may be is checked here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.lettering.letter_lines import is_lettered, letter_lines
from accounting.models import EntryLine, Lettering
from accounting.settled_kinds import is_settled_elsewhere
from core.database import db
from core.event_log import record_event
from core.money import format_cents

MOST_LINES = 500


def letter_by_hand(line_ids: Sequence[int], *, actor_id: int | None = None) -> Lettering:
    """Letter these lines of one account and third party, which sum to zero.

    Raises:
        AccountingError: they do not sum to zero, one is lettered already or gone, they are of several accounts, or an
            invoice would be lettered with what does not settle it.
    """
    wanted = sorted(set(line_ids))
    # Locked by id: two windows that letter one line come one after the other. What is lettered is read after the lock
    # and not with it: PostgreSQL holds a statement that waited against what stood when it began.
    theirs = select(EntryLine).where(EntryLine.id.in_(wanted), EntryLine.auxiliary_code != "")
    db.session.scalars(theirs.order_by(EntryLine.id).with_for_update(key_share=True)).all()
    lines = db.session.scalars(theirs.where(~is_lettered()).order_by(EntryLine.id)).all()
    _check(lines, len(wanted))
    lettering = letter_lines(wanted)
    record_event(
        "lettering.by_hand", actor_id=actor_id, subject=("lettering", lettering.id), code=lettering.code,
        line_ids=wanted,
    )  # fmt: skip
    return lettering


def _check(lines: Sequence[EntryLine], count: int) -> None:
    if not 2 <= count <= MOST_LINES:
        raise AccountingError(_l("Tick at least two lines that belong together."))
    if len(lines) != count:
        raise AccountingError(_l("One of these lines was lettered meanwhile. Tick again."))
    if len({(line.account_id, line.auxiliary_code) for line in lines}) != 1:
        raise AccountingError(_l("A lettering stays within one account and one customer."))
    total = sum(line.debit_cents - line.credit_cents for line in lines)
    if total:
        amount = format_cents(abs(total), get_locale())
        side = _l("debit") if total > 0 else _l("credit")
        raise AccountingError(
            _l(
                "These lines leave %(amount)s in %(side)s. A lettering sums to zero.",
                amount=amount,
                side=side,
            )
        )
    by_key: dict[str, int] = defaultdict(int)
    for line in lines:
        if is_settled_elsewhere(line.match_key):
            by_key[line.match_key] += line.debit_cents - line.credit_cents
    if any(by_key.values()):
        raise AccountingError(
            _l(
                "One of these lines is an invoice or a credit that is still open. Settle it on the page of the invoice"
                " (use the credit): the lettering follows by itself."
            )
        )
