"""How the link of an invoice may be paid: by what its last sending chose, else by what the company has chosen.

`choose_terms` is called when an invoice is sent; the payment page and the start of a payment read `terms_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from core.database import db, lock
from core.errors import NotFoundError
from invoicing.models import Document
from payplug_bridge.account_models import PayplugLinkTerms
from payplug_bridge.keys import find_account
from payplug_bridge.parts import ALL, RULES
from payplug_bridge.ways import USUAL, Way, read_ways, ways_text


@dataclass(frozen=True)
class LinkTerms:
    """The ways that one link offers and in which parts (`parts.RULES`); `least_part_cents` is the company's."""

    ways: tuple[Way, ...] = USUAL
    parts: str = ALL
    least_part_cents: int = 0
    shows_transfer: bool = True


def company_terms() -> LinkTerms:
    """What holds for links of the company entered of which no sending says otherwise."""
    account = find_account()
    if account is None:
        return LinkTerms()
    return LinkTerms(
        read_ways(account.ways) or USUAL, account.parts, account.least_part_cents, account.shows_transfer
    )


def terms_of(document_id: int) -> LinkTerms:
    """How the link of an invoice of the company entered may be paid."""
    company, chosen = company_terms(), _newest(document_id)
    if chosen is None:
        return company
    ways = read_ways(chosen.ways) or company.ways
    return LinkTerms(ways, chosen.parts, company.least_part_cents, company.shows_transfer)


def choose_terms(document_id: int, ways: Iterable[str], parts: str, *, actor_id: int | None = None) -> None:
    """Say how a link may be paid from now on, in the open transaction; nothing is written when it is so already.

    Args:
        document_id: an invoice of the company entered.
        ways: values of `Way`; none of them, or unknown ones alone, takes the company's.
        parts: one of `RULES`; anything else takes the company's.
        actor_id: who does it.

    Raises:
        NotFoundError: this company has no such document.
    """
    if lock(select(Document).where(Document.id == document_id)) is None:
        raise NotFoundError
    company, now = company_terms(), terms_of(document_id)
    wanted = (read_ways(" ".join(ways)) or company.ways, parts if parts in RULES else company.parts)
    if wanted == (now.ways, now.parts):
        return
    db.session.add(
        PayplugLinkTerms(
            document_id=document_id, ways=ways_text(wanted[0]), parts=wanted[1], chosen_by_id=actor_id
        )
    )
    db.session.flush()


def _newest(document_id: int) -> PayplugLinkTerms | None:
    found = select(PayplugLinkTerms).where(PayplugLinkTerms.document_id == document_id)
    return db.session.scalars(found.order_by(PayplugLinkTerms.id.desc()).limit(1)).one_or_none()
