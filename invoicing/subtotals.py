"""The amounts of sub-totals: the one function that editor, pages, preview and PDF take them from.

A sub-total is the sum of the lines above it, as they are shown (net, or VAT included when the document's prices are),
back to the last sub-total or heading, whichever is nearer. So one that closes a section counts that section alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from invoicing.lifecycle import LineRole


def subtotals(lines: Iterable[tuple[LineRole, int]]) -> tuple[int | None, ...]:
    """For each line, in order: the amount in cents of a sub-total; None for what is none.

    Args:
        lines: the role of each line and its amount in cents, before a discount on the whole document; what does not
            count (a heading, an option nobody has chosen) has 0.
    """
    found: list[int | None] = []
    running = 0
    for role, amount in lines:
        found.append(running if role is LineRole.SUBTOTAL else None)
        running = 0 if role in (LineRole.SECTION, LineRole.SUBTOTAL) else running + amount
    return tuple(found)
