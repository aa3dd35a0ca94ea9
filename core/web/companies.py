"""Switching between the companies a person is a member of."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session, url_for
from flask_security import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import db
from core.errors import NotAllowedError
from core.models import Membership
from core.web.rights import signed_in

blueprint = Blueprint("companies", __name__, url_prefix="/companies")


@blueprint.post("/switch")
@signed_in
def switch() -> Response:
    """Work in another company from now on."""
    wanted = request.form.get("company_id", type=int)
    statement = select(Membership.company_id).where(
        Membership.user_id == current_user.id, Membership.company_id == wanted
    )
    if db.session.scalars(statement).one_or_none() is None:
        raise NotAllowedError
    session["company_id"] = wanted
    return redirect(url_for("dashboard.index"), code=303)
