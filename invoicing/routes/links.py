"""Replacing the payment link of an invoice that fell into wrong hands."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import transaction
from core.web.rights import Right, requires
from invoicing.documents import find_issued
from invoicing.lifecycle import DocumentKind
from invoicing.replace_link import replace_link

blueprint = Blueprint("links", __name__, url_prefix="/invoices/<int:document_id>/link")


@blueprint.post("/replace")
@requires(Right.INVOICE)
def replace(document_id: int) -> Response:
    """Give the invoice a new address; the button tells which one it replaces."""
    find_issued(document_id, DocumentKind.INVOICE)
    seen, actor_id = request.form.get("seen"), current_user.id
    with transaction():
        replace_link(document_id, seen=seen, actor_id=actor_id)
    flash(
        gettext("The link is replaced. Send the invoice again, so that the customer has the new one."),
        "success",
    )
    return redirect(url_for("invoices.show", document_id=document_id), code=303)
