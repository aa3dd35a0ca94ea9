"""Switching between the companies a person is a member of."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_security import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import db
from core.errors import NotAllowedError
from core.models import Membership
from core.web.rights import signed_in, work_in

blueprint = Blueprint("companies", __name__, url_prefix="/companies")


@blueprint.post("/<int:company_id>/switch")
@signed_in
def switch(company_id: int) -> Response:
    """Work in another company from now on."""
    statement = select(Membership.company_id).where(
        Membership.user_id == current_user.id, Membership.company_id == company_id
    )
    if db.session.scalars(statement).one_or_none() is None:
        raise NotAllowedError
    work_in(company_id)
    return redirect(url_for("dashboard.index"), code=303)
