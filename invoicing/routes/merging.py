"""Merging a customer into another: choose it, see what will happen, confirm."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import transaction
from core.web.pages import searched
from core.web.rights import Right, requires
from invoicing.customers import find_customer, search_customers
from invoicing.errors import InvalidInputError
from invoicing.merge_customers import merge_customers, preview_merge

blueprint = Blueprint("merging", __name__, url_prefix="/customers/<int:customer_id>/merge")
OFFERED = 20


@blueprint.get("")
@requires(Right.INVOICE)
def choose(customer_id: int) -> str | Response:
    """Choose the customer that stays; once it is chosen, what will happen."""
    source = find_customer(customer_id)
    if source.archived_at is not None:
        return redirect(url_for("customers.show", customer_id=customer_id))
    target_id = request.args.get("into", type=int)
    if target_id is not None:
        return _asked(customer_id, target_id)
    return _choice(customer_id)


@blueprint.post("")
@requires(Right.INVOICE)
def merge(customer_id: int) -> str | tuple[str, int] | Response:
    """Merge."""
    target_id = request.form.get("into", 0, type=int)
    try:
        with transaction():
            merge_customers(customer_id, target_id, actor_id=current_user.id)
    except InvalidInputError as error:
        return _choice(customer_id, str(error)), error.status
    flash(gettext("The customers are merged."), "success")
    return redirect(url_for("customers.show", customer_id=target_id), code=303)


def _asked(customer_id: int, target_id: int) -> str:
    source, target = find_customer(customer_id), find_customer(target_id)
    try:
        preview = preview_merge(source, target)
    except InvalidInputError as error:
        return _choice(customer_id, str(error))
    return render_template("invoicing/customer_merge.html", source=source, target=target, preview=preview)


def _choice(customer_id: int, fault: str = "") -> str:
    source, query = find_customer(customer_id), searched()
    # Proposed at first are those of nearly the same name: that is how a customer comes to be there twice.
    offered = [c for c in search_customers(query or source.name, limit=OFFERED + 1) if c.id != customer_id]
    return render_template(
        "invoicing/customer_merge.html", source=source, query=query, offered=offered[:OFFERED], fault=fault
    )
