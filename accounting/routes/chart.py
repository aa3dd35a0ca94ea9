"""The chart of accounts: all of it, searched, as a file; an account added, or renamed with its history."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.errors import AccountingError, AccountNotFound
from accounting.forms import put_error
from accounting.models import Account
from accounting.reading.chart_list import chart_rows, chart_sheet, grouped, role_title
from accounting.settings.forms import NewAccountForm, RenameAccountForm
from accounting.settings.history import settings_changes
from accounting.settings.save_account import save_account
from core.database import db, transaction
from core.spreadsheets import CSV_TYPE, XLSX_TYPE, csv_chunks, write_xlsx
from core.web.pages import searched
from core.web.rights import Right, requires

blueprint = Blueprint("books_chart", __name__, url_prefix="/books/chart")
SHOWN_CHANGES = 20


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.BOOKS)
def index() -> ResponseReturnValue:
    """All accounts; the form at the end adds one."""
    form = NewAccountForm()
    if form.validate_on_submit() and _saved(form, None):
        return redirect(url_for("books_chart.index", q=form.number.data), code=303)
    query = searched()
    rows = chart_rows(query)
    return render_template(
        "accounting/chart.html", groups=grouped(rows), count=len(rows), query=query, form=form
    )


@blueprint.get("/accounts.csv")
@requires(Right.BOOKS)
def as_csv() -> Response:
    """The chart as CSV."""
    answer = Response(list(csv_chunks(chart_sheet())), content_type=CSV_TYPE)
    answer.headers["Content-Disposition"] = 'attachment; filename="plan-comptable.csv"'
    return answer


@blueprint.get("/accounts.xlsx")
@requires(Right.BOOKS)
def as_xlsx() -> Response:
    """The chart as a spreadsheet."""
    file = BytesIO()
    write_xlsx([chart_sheet()], file)
    file.seek(0)
    return send_file(file, mimetype=XLSX_TYPE, download_name="plan-comptable.xlsx", as_attachment=True)


@blueprint.route("/<int:account_id>", methods=["GET", "POST"])
@requires(Right.BOOKS)
def edit(account_id: int) -> ResponseReturnValue:
    """One account: its name, and who changed it."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    form = RenameAccountForm(data={"label": account.label, "seen": account.label})
    if form.validate_on_submit() and _saved(form, account_id):
        return redirect(url_for("books_chart.index", q=account.number), code=303)
    return render_template(
        "accounting/chart_account.html",
        account=account,
        used_for=role_title(account.role),
        form=form,
        changes=settings_changes(limit=SHOWN_CHANGES, account_id=account_id),
    )


def _saved(form: NewAccountForm | RenameAccountForm, account_id: int | None) -> bool:
    actor = current_user.id
    number = form.number.data if isinstance(form, NewAccountForm) else ""
    seen = form.seen.data if isinstance(form, RenameAccountForm) else None
    try:
        with transaction():
            save_account(
                number or "", form.label.data or "", account_id=account_id, seen=seen, actor_id=actor
            )
    except AccountingError as error:
        put_error(form[error.field or "label"], error)
        return False
    flash(gettext("Saved."), "success")
    return True
