"""Panels that one package puts onto a page of another: the card payments of an invoice, beside the invoice.

The packages' imports go one way, so the page asks here what the packages above it have to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app
from markupsafe import Markup

Render = Callable[..., str]


@dataclass(frozen=True)
class _Panel:
    order: int
    render: Render
    mark: Render | None


def add_panel(app: Flask, place: str, render: Render, *, order: int = 50, mark: Render | None = None) -> None:
    """Put a panel onto a page.

    Args:
        place: `document` (called with the document's id), `dashboard` or `first-steps` (list items for a new
            company; both called without arguments).
        render: gives the HTML, made by a template; empty when there is nothing to show.
        order: smaller stands higher.
        mark: gives a short text that changes when the panel would, for pages that follow what happens.
    """
    panels: dict[str, list[_Panel]] = app.extensions.setdefault("solde_panels", {})
    panels.setdefault(place, []).append(_Panel(order, render, mark))


def panels_of(place: str, *subject: int) -> list[Markup]:
    """The HTML of every panel of a place that has something to show, in their order."""
    shown = (panel.render(*subject) for panel in _panels(place))
    return [Markup(html) for html in shown if html]  # noqa: S704  # templates made it


def marks_of(place: str, *subject: int) -> str:
    """The marks of a place's panels, as one text."""
    return ",".join(panel.mark(*subject) for panel in _panels(place) if panel.mark is not None)


def _panels(place: str) -> list[_Panel]:
    panels: list[_Panel] = current_app.extensions.get("solde_panels", {}).get(place, [])
    return sorted(panels, key=lambda panel: panel.order)
