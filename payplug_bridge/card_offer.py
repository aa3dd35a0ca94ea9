"""Whether an invoice can be paid by card now, and if not, why: for the payment page, the start of a payment, mails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from payplug_bridge.keys import find_account, is_simulated
from payplug_bridge.models import PayplugMode


class Obstacle(StrEnum):
    """Why the card is not offered."""

    NOTHING_DUE = "nothing_due"
    NOT_ACTIVE = "not_active"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    SIMULATOR = "simulator"


@dataclass(frozen=True)
class CardOffer:
    """Card payment of one amount: in which mode, or what stands against it. Limits in cents."""

    mode: PayplugMode | None
    obstacle: Obstacle | None
    least_cents: int = 0
    most_cents: int = 0

    @property
    def is_possible(self) -> bool:
        """True when the customer may pay by card now."""
        return self.obstacle is None

    @property
    def is_test(self) -> bool:
        """True when a payment would be a test one."""
        return self.mode is PayplugMode.TEST


def card_offer(amount_cents: int) -> CardOffer:
    """What the company entered can offer for an amount due."""
    account = find_account()
    if account is None or account.active_mode is None:
        return CardOffer(None, Obstacle.NOT_ACTIVE)
    obstacle = _obstacle(amount_cents, account.least_cents, account.most_cents)
    return CardOffer(account.active_mode, obstacle, account.least_cents, account.most_cents)


def _obstacle(amount_cents: int, least_cents: int, most_cents: int) -> Obstacle | None:
    if amount_cents <= 0:
        return Obstacle.NOTHING_DUE
    if is_simulated() and not db.session.get_one(Company, current_company_id()).is_demo:
        return Obstacle.SIMULATOR
    if amount_cents < least_cents:
        return Obstacle.TOO_SMALL
    return Obstacle.TOO_LARGE if amount_cents > most_cents else None
