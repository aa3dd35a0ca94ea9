"""The dashboard: what a tired owner wants to know at once."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from core.clock import paris_today
from core.web.panels import panels_of
from core.web.rights import Right, requires
from invoicing.chart import months_chart
from invoicing.dashboard import (
    SHOWN,
    drafts,
    first_steps,
    latest_payments,
    months,
    oldest_late,
    owed,
    paid_between,
)
from invoicing.mail_troubles import count_failed_mails, failed_mails
from invoicing.payment_means import method_names
from invoicing.recurring import recurring_to_handle

blueprint = Blueprint("dashboard", __name__)
CHART_THEMES = ("light", "dark")


@blueprint.get("/")
@requires(Right.READ)
def index() -> str:
    """Owed, late, paid, waiting, failed; or the first steps of a new company."""
    today = paris_today()
    draft_count, latest_drafts = drafts()
    return render_template(
        "invoicing/dashboard.html",
        steps=first_steps(),
        owed=owed(),
        late=oldest_late(),
        paid_cents=paid_between(today.replace(day=1), today),
        draft_count=draft_count,
        drafts=latest_drafts,
        payments=latest_payments(),
        failed_mails=failed_mails(limit=1),
        failed_count=count_failed_mails(),
        recurring=recurring_to_handle(SHOWN),
        months=months(),
        methods=method_names(),
        panels=panels_of("dashboard"),
        more_steps=panels_of("first-steps"),
    )


@blueprint.get("/dashboard/months-<theme>.svg")
@requires(Right.READ)
def chart(theme: str) -> Response:
    """Twelve months as an image."""
    shown = theme if theme in CHART_THEMES else CHART_THEMES[0]
    image = months_chart(months(), shown, is_narrow=request.args.get("narrow") == "1")
    answer = Response(image, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
