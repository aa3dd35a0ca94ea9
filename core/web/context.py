"""What every template may name, and the menu of the back office."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, url_for
from flask_babel import LazyString, get_locale
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from sqlalchemy import select

from core.clock import paris_today
from core.database import db
from core.models import Membership, Role
from core.web.language import current_theme
from core.web.rights import Right, may

ROLE_NAMES: dict[Role, LazyString] = {
    Role.OWNER: _l("Owner"),
    Role.STAFF: _l("Staff"),
    Role.ACCOUNTANT: _l("Accountant"),
    Role.VIEWER: _l("Viewer"),
}


@dataclass(frozen=True)
class MenuEntry:
    """One entry of the side bar. `section` is what pages set to mark it as current; `right` hides it from others.

    `group` is the heading it stands under (none: at the top); groups keep the order of their first entry. `count` says
    how many things wait there, asked on every page; none waiting shows nothing.
    """

    section: str
    label: LazyString
    icon: str
    endpoint: str
    right: Right = Right.READ
    order: int = 50
    group: LazyString | None = None
    count: Callable[[], int] | None = None


def add_menu_entry(app: Flask, entry: MenuEntry) -> None:
    """Add an entry to the side bar; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_menu", []).append(entry)


def init_context(app: Flask) -> None:
    """Register the template globals that `templates/base.html` expects."""
    app.jinja_env.globals.update(get_locale=get_locale, get_theme=current_theme, may=may, today=paris_today)
    app.context_processor(_page_context(app))


def _page_context(app: Flask) -> Callable[[], dict[str, Any]]:
    def context() -> dict[str, Any]:
        membership: Membership | None = g.get("membership")
        return {
            "current_company": g.get("company"),
            "current_role": ROLE_NAMES[membership.role] if membership else "",
            "memberships": _memberships() if membership else [],
            "navigation": _navigation(app) if membership else [],
        }

    return context


def _memberships() -> list[Membership]:
    statement = (
        select(Membership).where(Membership.user_id == current_user.id).order_by(Membership.company_id)
    )
    return list(db.session.scalars(statement))


def _navigation(app: Flask) -> list[dict[str, Any]]:
    entries: list[MenuEntry] = sorted(app.extensions.get("solde_menu", []), key=lambda entry: entry.order)
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in (e for e in entries if may(e.right)):
        shown = {
            "section": entry.section,
            "label": entry.label,
            "icon": entry.icon,
            "url": url_for(entry.endpoint),
            "count": entry.count() if entry.count else None,
        }
        groups.setdefault(str(entry.group or ""), []).append(shown)
    return [{"label": label, "entries": shown} for label, shown in groups.items()]
