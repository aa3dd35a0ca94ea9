"""Whether an invoice can be paid through PayPlug now and by which ways, and if not, why: for the payment page, the
start of a payment, mails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from invoicing.models import Document
from invoicing.parties import read_buyer
from payplug_bridge.facts import KEY_REFUSED, facts_of, known_account
from payplug_bridge.keys import active_mode, is_simulated
from payplug_bridge.link_terms import LinkTerms, company_terms, terms_of
from payplug_bridge.models import PayplugMode
from payplug_bridge.parts import ALL, Purse
from payplug_bridge.snapshots import DEFAULT_LEAST_CENTS, DEFAULT_MOST_CENTS
from payplug_bridge.ways import KnownAccount, Way, WayObstacle, WayOffer


class Obstacle(StrEnum):
    """Why no payment is offered."""

    NOTHING_DUE = "nothing_due"
    NOT_ACTIVE = "not_active"
    KEY_REFUSED = "key_refused"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NO_WAY = "no_way"
    SIMULATOR = "simulator"


@dataclass(frozen=True)
class CardOffer:
    """Payment of one amount through PayPlug: in which mode and by which ways, or what stands against it.

    Limits in cents; `ways` are those that are possible for this amount and country.
    """

    mode: PayplugMode | None
    obstacle: Obstacle | None
    least_cents: int = 0
    most_cents: int = 0
    ways: tuple[WayOffer, ...] = ()

    @property
    def is_possible(self) -> bool:
        """True when the customer may pay now."""
        return self.obstacle is None

    @property
    def is_test(self) -> bool:
        """True when a payment would be a test one."""
        return self.mode is PayplugMode.TEST

    def way(self, wished: str) -> WayOffer:
        """The way that was wished when it is possible, else the first that is; only while a payment is possible."""
        return next((offer for offer in self.ways if offer.way == wished), self.ways[0])


def card_offer(amount_cents: int) -> CardOffer:
    """What the company entered can offer for an amount due, whoever owes it."""
    return _offer(amount_cents, "", company_terms())


def offer_of(document: Document, amount_cents: int) -> CardOffer:
    """What the link of an invoice offers for an amount due: the ways chosen for it, possible from the buyer's country.

    When none of these is possible, the company's own ways are offered instead: a link is no dead end.
    """
    terms, country = terms_of(document.id), read_buyer(document.buyer).country
    offer = _offer(amount_cents, country, terms)
    if offer.obstacle in (Obstacle.NO_WAY, Obstacle.TOO_SMALL, Obstacle.TOO_LARGE):
        own = company_terms()
        other = _offer(amount_cents, country, LinkTerms((*own.ways, Way.CARD), terms.parts))
        return other if other.is_possible else offer
    return offer


def purse_of(document: Document, due_cents: int, way: WayOffer) -> Purse:
    """What one payment of an invoice can be, by one way."""
    terms = terms_of(document.id)
    return Purse(
        due_cents, document.total_cents, terms.parts, way.least_cents, way.most_cents, terms.least_part_cents
    )


def ways_for_amount(document: Document, amount_cents: int) -> tuple[WayOffer, ...]:
    """Every way that the company has chosen, with what stands against it for this invoice: for the owner's pages."""
    mode = active_mode()
    if mode is None:
        return ()
    country, terms = read_buyer(document.buyer).country, terms_of(document.id)
    account = _account(mode)
    chosen = dict.fromkeys((*company_terms().ways, *terms.ways))
    return tuple(
        account.offer(way, amount_cents, country, in_parts=terms.parts != ALL) for way in Way if way in chosen
    )


def _offer(amount_cents: int, country: str, terms: LinkTerms) -> CardOffer:
    mode = active_mode()
    if mode is None:
        return CardOffer(None, Obstacle.NOT_ACTIVE)
    account = _account(mode)
    asked = [
        account.offer(way, amount_cents, country, in_parts=terms.parts != ALL)
        for way in dict.fromkeys(terms.ways)
    ]
    possible = tuple(offer for offer in asked if offer.is_possible)
    obstacle = _obstacle(mode, amount_cents) or (None if possible else _against(asked))
    least = min((offer.least_cents for offer in asked), default=account.least_cents)
    most = max((offer.most_cents for offer in asked), default=account.most_cents)
    return CardOffer(mode, obstacle, least, most, possible)


def _obstacle(mode: PayplugMode, amount_cents: int) -> Obstacle | None:
    """What stands against every way."""
    if amount_cents <= 0:
        return Obstacle.NOTHING_DUE
    if is_simulated() and not db.session.get_one(Company, current_company_id()).is_demo:
        return Obstacle.SIMULATOR
    facts = facts_of(mode)
    return Obstacle.KEY_REFUSED if facts is not None and facts.failure == KEY_REFUSED else None


def _against(asked: Iterable[WayOffer]) -> Obstacle:
    """What to say when no way is possible: the amount, when that is what all of them lack."""
    reasons = {offer.obstacle for offer in asked}
    if reasons == {WayObstacle.TOO_SMALL}:
        return Obstacle.TOO_SMALL
    return Obstacle.TOO_LARGE if reasons == {WayObstacle.TOO_LARGE} else Obstacle.NO_WAY


def _account(mode: PayplugMode) -> KnownAccount:
    facts = facts_of(mode)
    return KnownAccount(DEFAULT_LEAST_CENTS, DEFAULT_MOST_CENTS) if facts is None else known_account(facts)
