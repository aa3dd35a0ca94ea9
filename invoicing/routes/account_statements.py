"""A customer's statement of account: on the page, as a PDF, sent by mail."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy import select

from core.clock import paris_today
from core.database import commit_once, db
from core.files import put_bytes
from core.web.pages import asked_day
from core.web.rights import Right, requires
from invoicing.account_statement import StatementView, account_statement, days_late, movement_text
from invoicing.account_statement_pdf import statement_name, statement_pdf
from invoicing.account_statement_sendings import AccountStatementSending
from invoicing.errors import InvalidInputError
from invoicing.forms.documents import OneClickForm
from invoicing.render_pdf import MEDIA_TYPE
from invoicing.send_account_statement import send_account_statement
from invoicing.send_invoice import proposed_recipients

blueprint = Blueprint("account_statements", __name__, url_prefix="/customers/<int:customer_id>/statement")


@blueprint.get("")
@requires(Right.READ)
def show(customer_id: int) -> str:
    """The statement of the year, or of the days asked for."""
    view = _view(customer_id)
    sendings = select(AccountStatementSending).where(AccountStatementSending.customer_id == customer_id)
    latest = db.session.scalars(sendings.order_by(AccountStatementSending.id.desc()).limit(10)).all()
    return render_template(
        "invoicing/account_statement.html",
        view=view,
        movement_text=movement_text,
        late={invoice.id: days_late(invoice, view.today) for invoice in view.open},
        contacts=proposed_recipients(customer_id),
        sendings=[(row, ", ".join(json.loads(row.recipients))) for row in latest],
        one_click=OneClickForm(),
        period={"from": view.first_day, "to": view.last_day},
    )


@blueprint.get("/statement.pdf")
@requires(Right.READ)
def pdf(customer_id: int) -> ResponseReturnValue:
    """The statement, drawn now."""
    view = _view(customer_id)
    content = BytesIO(statement_pdf(view))
    return send_file(content, mimetype=MEDIA_TYPE, download_name=statement_name(view), as_attachment=True)


@blueprint.post("/send")
@requires(Right.INVOICE)
def send(customer_id: int) -> ResponseReturnValue:
    """Send the statement to the customer."""
    view, key, actor = _view(customer_id), OneClickForm().request_key.key, current_user.id
    db.session.rollback()  # the read transaction ends before the drawing begins
    content = statement_pdf(view)
    digest = put_bytes(content)
    try:
        commit_once(
            lambda: send_account_statement(
                view, digest=digest, size_bytes=len(content), request_key=key, actor_id=actor
            )
        )
    except InvalidInputError as error:
        flash(str(next(iter(error.errors.values()))), "danger")
    else:
        flash(gettext("The statement is on its way."), "success")
    there = url_for("account_statements.show", customer_id=customer_id, **_period_of(view))
    return redirect(there, code=303)


def _view(customer_id: int) -> StatementView:
    today = paris_today()
    last_day = asked_day("to") or today
    first_day = asked_day("from") or date(last_day.year, 1, 1)
    return account_statement(customer_id, min(first_day, last_day), last_day)


def _period_of(view: StatementView) -> dict[str, Any]:
    asked = {"from": view.first_day, "to": view.last_day}
    return asked if "from" in request.args or "to" in request.args else {}
