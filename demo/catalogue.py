"""What the made-up workshop sells: a few services and goods with their usual prices and VAT rates."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from accounting.facts import SupplyKind
from invoicing.draft_input import LineInput


@dataclass(frozen=True)
class Offer:
    """One thing on offer. `price_cents` is net; quantities are drawn from the range, whole units."""

    label: str
    kind: SupplyKind
    unit: str
    price_cents: int
    vat_rate: int
    fewest: int
    most: int
    description: str = ""


_SERVICE, _GOODS = SupplyKind.SERVICE, SupplyKind.GOODS
OFFERS = (
    Offer("Étude d’éclairage", _SERVICE, "LS", 48_000, 2000, 1, 1, "Plan d’implantation et note de calcul."),
    Offer("Pose de luminaires", _SERVICE, "HUR", 5_200, 2000, 2, 16),
    Offer("Dépannage électrique", _SERVICE, "HUR", 6_500, 2000, 1, 4),
    Offer("Forfait déplacement", _SERVICE, "C62", 3_500, 2000, 1, 1),
    Offer(
        "Mise en sécurité d’un tableau", _SERVICE, "LS", 62_000, 1000, 1, 1, "Logement de plus de deux ans."
    ),
    Offer(
        "Rénovation d’un éclairage intérieur",
        _SERVICE,
        "LS",
        39_000,
        1000,
        1,
        2,
        "Logement de plus de deux ans.",
    ),
    Offer("Amélioration énergétique de l’éclairage", _SERVICE, "LS", 54_000, 550, 1, 1),
    Offer("Atelier « fabriquer sa lampe »", _SERVICE, "C62", 5_900, 2000, 1, 8),
    Offer("Suspension Halo 40", _GOODS, "C62", 14_900, 2000, 1, 6),
    Offer("Applique Estran", _GOODS, "C62", 8_450, 2000, 2, 10),
    Offer("Lampe de bureau Pli", _GOODS, "C62", 11_200, 2000, 1, 4),
    Offer("Ruban LED 4000 K", _GOODS, "MTR", 1_290, 2000, 3, 25),
    Offer("Ampoule E27 à filament", _GOODS, "C62", 690, 2000, 5, 40),
    Offer("Variateur mural", _GOODS, "C62", 4_375, 2000, 1, 6),
    Offer("Livre « La lumière à la maison »", _GOODS, "C62", 2_370, 550, 1, 3),
)


def some_lines(random: Random, *, gross: bool) -> tuple[LineInput, ...]:
    """Between one and five lines; prices include VAT when `gross`."""
    chosen = random.sample(OFFERS, k=random.choice((1, 2, 2, 3, 3, 4, 5)))
    return tuple(_line(random, offer, gross=gross) for offer in chosen)


def _line(random: Random, offer: Offer, *, gross: bool) -> LineInput:
    price = offer.price_cents * 10_000
    if gross:
        # What a shop would write on the label: VAT included, rounded to the next ten cents.
        price = -(-offer.price_cents * (10_000 + offer.vat_rate) // 100_000) * 100_000
    return LineInput(
        label=offer.label,
        description=offer.description,
        kind=offer.kind,
        unit=offer.unit,
        quantity=random.randint(offer.fewest, offer.most) * 10_000,
        unit_price=price,
        discount=random.choice((0, 0, 0, 0, 0, 500, 1000)),
        vat_rate=offer.vat_rate,
    )
