"""The payment link: one random token per issued invoice, one address for ever. Who takes the money is told by wsgi.

`issue_invoice` makes the link; mails, PDF and pages print its address; the public page finds the invoice by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, current_app
from flask_babel import LazyString
from sqlalchemy import select

from core.clock import utc_now
from core.database import Base, db
from core.tenancy import insert_row, unscoped
from core.web.addresses import is_token
from invoicing.models import PaymentLink

TOKEN_BYTES = 24
"""192 bits: nobody guesses an address."""

_EXTENSION = "solde_card_payments"
_LINKS = Base.metadata.tables["payment_link"]


@dataclass(frozen=True)
class WayChoice:
    """A way to pay that may be chosen for a link: the processor's value, its name, and whether it is chosen now.

    `why_not` says why it is not possible for this invoice; empty when it is.
    """

    value: str
    name: LazyString | str
    is_ticked: bool
    why_not: LazyString | str = ""


class CardPayments(Protocol):
    """What invoicing asks of the card processor, without knowing which it is."""

    def available(self, amount_cents: int) -> bool:
        """Whether the company entered can be paid this by card now (account active, amount within its limits)."""

    def abort_open(self, document_id: int) -> None:
        """Have every payment page still open for this invoice ended, soon; may be called inside a transaction."""

    def ways_for(self, document_id: int) -> tuple[WayChoice, ...]:
        """The ways to pay that the link of an issued invoice may offer; none while the processor is not active."""

    def parts_for(self, document_id: int) -> str:
        """In which parts that link may be paid: `all`, `free` (any amount) or a number of equal parts."""

    def choose_terms(
        self, document_id: int, ways: Sequence[str], parts: str, actor_id: int | None = None
    ) -> None:
        """Say by which ways and in which parts that link may be paid from now on; in the open transaction."""


def new_link(document_id: int) -> str:
    """Give an invoice its link, in the open transaction of its issue; returns its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    insert_row(_LINKS, document_id=document_id, token=token, created_at=utc_now())
    return token


def link_of(document_id: int) -> PaymentLink | None:
    """The link in use of a document of the company entered (the newest: a leaked one may have been replaced)."""
    newest = select(PaymentLink).where(PaymentLink.document_id == document_id).order_by(PaymentLink.id.desc())
    return db.session.scalars(newest.limit(1)).one_or_none()


def links_of(document_id: int) -> list[PaymentLink]:
    """The link in use, then the one it replaced, if any."""
    newest = select(PaymentLink).where(PaymentLink.document_id == document_id).order_by(PaymentLink.id.desc())
    return list(db.session.scalars(newest.limit(2)))


def link_url(token: str) -> str:
    """The public address of a token."""
    return f"{current_app.config['SOLDE'].public_url}/p/{token}"


def find_by_token(token: str) -> PaymentLink | None:
    """The link with this token, in whichever company: the token is all that a customer has."""
    if not is_token(token):
        return None
    with unscoped():
        return db.session.scalars(select(PaymentLink).where(PaymentLink.token == token)).one_or_none()


def set_card_payments(app: Flask, processor: CardPayments) -> None:
    """Name the card processor of this application."""
    app.extensions[_EXTENSION] = processor


def takes_cards(amount_cents: int) -> bool:
    """Whether words may promise that the company entered is paid this amount by card; the link works either way."""
    processor = card_payments()
    return processor is not None and processor.available(amount_cents)


def card_payments() -> CardPayments | None:
    """The card processor, or None when this application has none."""
    processor: CardPayments | None = current_app.extensions.get(_EXTENSION)
    return processor
