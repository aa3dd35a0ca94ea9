"""The settings of the books: when VAT on services falls due, and the account of each role."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.errors import AccountingError
from accounting.forms import AccountsForm, VatForm, put_error, shown_rows, under_headings
from accounting.roles import split_role_key
from accounting.settings.assign_account import assign_account
from accounting.settings.chosen import accounting_settings
from accounting.settings.set_vat_on_debits import last_sale, set_vat_on_debits
from core.database import transaction
from core.web.rights import Right, requires

blueprint = Blueprint("books_settings", __name__, url_prefix="/books/settings")


class _RowError(Exception):
    """An account that cannot be chosen, and the row it was typed in."""

    def __init__(self, row: int, error: AccountingError) -> None:
        super().__init__(str(error))
        self.row = row
        self.error = error


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """Both forms."""
    return _page(VatForm(obj=accounting_settings()), AccountsForm.of_chart())


@blueprint.post("/vat")
@requires(Right.BOOKS)
def vat() -> ResponseReturnValue:
    """Set or end the option for VAT on debits."""
    form, actor, seen = VatForm(), current_user.id, request.form.get("seen")
    if not form.validate():
        return _page(form, AccountsForm.of_chart())
    try:
        with transaction():
            set_vat_on_debits(form.vat_on_debits_from.data, seen=seen, actor_id=actor)
    except AccountingError as error:
        put_error(form.vat_on_debits_from, error)
        return _page(form, AccountsForm.of_chart())
    flash(gettext("Saved. It holds for invoices to come."), "success")
    return redirect(url_for("books_settings.index"), code=303)


@blueprint.post("/accounts")
@requires(Right.BOOKS)
def accounts() -> ResponseReturnValue:
    """Choose accounts; all that was typed is taken, or nothing."""
    form, actor = AccountsForm.of_request(), current_user.id
    if form.validate():
        try:
            with transaction():
                _assign_all(form, actor)
        except _RowError as refused:
            put_error(form.rows.entries[refused.row].form[refused.error.field or "number"], refused.error)
        else:
            flash(gettext("Saved. It holds for entries to come."), "success")
            return redirect(url_for("books_settings.index"), code=303)
    return _page(VatForm(formdata=None, obj=accounting_settings()), form)


def _assign_all(form: AccountsForm, actor_id: int) -> None:
    for place, entry in enumerate(form.rows.entries):
        role, vat_rate = split_role_key(entry.form.key.data)
        number, label = entry.form.number.data or "", entry.form.label.data or ""
        seen = entry.form.seen.data
        if seen is not None and seen == f"{number} {label}".strip():
            continue  # what nobody touched on this page is not put back to what it was when the page was shown
        try:
            assign_account(role, number, label, vat_rate=vat_rate, seen=seen, actor_id=actor_id)
        except AccountingError as error:
            raise _RowError(place, error) from error


def _page(vat_form: VatForm, accounts_form: AccountsForm) -> str:
    rows = shown_rows(accounts_form)
    return render_template(
        "accounting/settings.html",
        vat_form=vat_form,
        vat_seen=accounting_settings().vat_on_debits_from or "",
        accounts_form=accounts_form,
        last_sale=last_sale(),
        general=under_headings([row for row in rows if row.vat_rate is None]),
        by_rate=under_headings([row for row in rows if row.vat_rate is not None]),
    )
