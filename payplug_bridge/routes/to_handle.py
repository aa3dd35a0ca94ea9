"""*To handle*: what waits for a person, with what can be done; taking a matter off the list with a reason."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from core.database import db, transaction
from core.errors import NotFoundError
from core.models import User
from core.web.forms import put_errors
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError
from payplug_bridge.matters import Matter, find_matter, is_decided, latest_decisions, matters
from payplug_bridge.models import PayplugDecision
from payplug_bridge.settle_matter import LONGEST_REASON, NO_REASON, settle_matter
from payplug_bridge.trouble_words import title_of

blueprint = Blueprint("to_handle", __name__, url_prefix="/to-handle")

SHOWN_DECISIONS = 15


class SettleForm(FlaskForm):
    """Why nothing is left to do about a matter."""

    reason = StringField(_l("Reason"), [DataRequired(NO_REASON), Length(max=LONGEST_REASON)])


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The list, and what people took off it lately."""
    decisions = latest_decisions(SHOWN_DECISIONS)
    return render_template(
        "payplug/to_handle.html",
        matters=matters(),
        decisions=decisions,
        names=_names(decisions),
        title_of=title_of,
    )


@blueprint.route("/<kind>/<int:subject_id>/<trouble>", methods=["GET", "POST"])
@requires(Right.CARDS)
def settle(kind: str, subject_id: int, trouble: str) -> ResponseReturnValue:
    """Take one matter off the list."""
    matter = find_matter(kind, subject_id, trouble)
    if matter is None and not is_decided(kind, subject_id, trouble):
        raise NotFoundError
    if matter is None or not matter.can_be_settled:
        flash(gettext("This is not on the list any more."), "info")
        return redirect(url_for("to_handle.index"), code=303)
    form = SettleForm()
    if form.validate_on_submit() and _settled(form, matter):
        return redirect(url_for("to_handle.index"), code=303)
    page = render_template("payplug/settle_matter.html", matter=matter, form=form)
    return page, 422 if form.errors else 200


def _settled(form: SettleForm, matter: Matter) -> bool:
    actor = current_user.id
    try:
        with transaction():
            settle_matter(matter.subject, matter.trouble, reason=form.reason.data or "", actor_id=actor)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    flash(gettext("It is off the list. The books and the invoice stay as they are."), "success")
    return True


def _names(decisions: list[PayplugDecision]) -> dict[int, str]:
    """The names of those who decided."""
    ids = {decision.actor_id for decision in decisions if decision.actor_id is not None}
    return {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
