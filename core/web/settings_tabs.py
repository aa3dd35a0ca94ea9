"""The tabs of the settings pages: each package adds its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for
from flask_babel import LazyString


@dataclass(frozen=True)
class SettingsTab:
    """One page of the settings; its template sets `tab` to `key` and extends `settings_base.html`."""

    key: str
    label: LazyString
    endpoint: str
    order: int = 50


def add_settings_tab(app: Flask, tab: SettingsTab) -> None:
    """Add a page of the settings; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_settings_tabs", []).append(tab)


def init_settings_tabs(app: Flask) -> None:
    """Give the templates `settings_tabs(current key)`, in the form the macro `tabs` takes."""
    app.jinja_env.globals["settings_tabs"] = _tabs_of(app)


def _tabs_of(app: Flask) -> Callable[[str], list[dict[str, Any]]]:
    def tabs(current: str) -> list[dict[str, Any]]:
        ordered = sorted(app.extensions.get("solde_settings_tabs", []), key=lambda tab: tab.order)
        return [
            {"label": tab.label, "url": url_for(tab.endpoint), "current": tab.key == current, "count": None}
            for tab in ordered
        ]

    return tabs
