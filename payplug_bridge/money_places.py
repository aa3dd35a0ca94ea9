"""Where money is in the books: the entries of a payment or refund, with what they put on the customer's account."""

from __future__ import annotations

from accounting.reading.entries_of_sources import entries_of_sources
from payplug_bridge.matters import Place


def places_of(*sources: tuple[str, int]) -> tuple[Place, ...]:
    """One place per entry and customer's account: the account, and what the entry's lines on it add up to.

    Cents are above zero when the customer is owed them.
    """
    places: list[Place] = []
    for entry in entries_of_sources(sources):
        on_customer = [line for line in entry.lines if line.auxiliary_code]
        for account in dict.fromkeys(line.account for line in on_customer):
            lines = [line for line in on_customer if line.account == account]
            cents = sum(line.credit_cents - line.debit_cents for line in lines)
            places.append(Place(entry.id, entry.number, account, cents))
    return tuple(places)
