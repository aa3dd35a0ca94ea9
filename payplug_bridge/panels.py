"""What PayPlug shows on pages of invoicing: the card payments of an invoice, the step of a new company."""

from __future__ import annotations

from flask import render_template

from payplug_bridge.attempts import attempts_of
from payplug_bridge.failures import words_for_failure
from payplug_bridge.keys import active_mode
from payplug_bridge.matters import count_matters
from payplug_bridge.troubles import words_for


def attempts_panel(document_id: int) -> str:
    """The attempts to pay an invoice by card, the latest on top; nothing while there was none."""
    attempts = attempts_of(document_id)
    if not attempts:
        return ""
    return render_template(
        "payplug/_attempts.html",
        attempts=attempts[::-1],
        document_id=document_id,
        trouble_words=words_for,
        failure_words=words_for_failure,
    )


def attempts_mark(document_id: int) -> str:
    """Changes when an attempt is made or passes to another state."""
    attempts = attempts_of(document_id)
    return f"{attempts[-1].id}-{attempts[-1].state}" if attempts else ""


def to_handle_panel() -> str:
    """The dashboard's word about what waits for a person; nothing while nothing does."""
    count = count_matters()
    return render_template("payplug/_to_handle_tile.html", count=count) if count else ""


def first_step() -> str:
    """The step of a new company that concerns card payments."""
    return render_template("payplug/_first_step.html", is_done=active_mode() is not None)
