"""Where an entry comes from, as a link: packages above register the page of each kind of source they post.

The ledger knows no invoice: it asks here for the address of (`document`, 12).
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app

FindUrl = Callable[[int], str | None]


def add_source_link(app: Flask, kind: str, find_url: FindUrl) -> None:
    """Register the page of one kind of source; called by the `wiring.py` of the package that posts it.

    Args:
        app: the application.
        kind: the first half of a fact's `source`, such as `document`.
        find_url: gives the address for the second half, or None when there is no page.
    """
    app.extensions.setdefault("solde_source_links", {})[kind] = find_url


def source_url(source: tuple[str, int]) -> str | None:
    """The address of the page of a source, or None when its kind has none."""
    links: dict[str, FindUrl] = current_app.extensions.get("solde_source_links", {})
    find_url = links.get(source[0])
    return find_url(source[1]) if find_url else None
