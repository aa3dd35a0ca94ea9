"""The journals, and the treasury accounts money comes in on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.errors import AccountingError, JournalNotFound, TreasuryAccountNotFound
from accounting.forms import put_error
from accounting.models import Journal
from accounting.settings.forms import KINDS, JournalForm, NewTreasuryForm, TreasuryForm
from accounting.settings.journals import journal_views
from accounting.settings.save_journal import save_journal
from accounting.settings.save_treasury_account import save_treasury_account
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import db, transaction
from core.errors import OutdatedError
from core.web.forms import tell_outdated
from core.web.rights import Right, requires

blueprint = Blueprint("books_treasury", __name__, url_prefix="/books/treasury")


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """Both lists."""
    return render_template(
        "accounting/treasury.html",
        accounts=treasury_accounts(closed=True),
        journals=journal_views(),
        kinds=KINDS,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Right.BOOKS)
def new() -> ResponseReturnValue:
    """Add a bank, a cash desk, or what is on its way to a bank."""
    form = NewTreasuryForm()
    if form.validate_on_submit() and _saved(form):
        return redirect(url_for("books_treasury.index"), code=303)
    return render_template("accounting/treasury_new.html", form=form)


@blueprint.route("/<int:treasury_id>", methods=["GET", "POST"])
@requires(Right.BOOKS)
def edit(treasury_id: int) -> ResponseReturnValue:
    """Change the name, the IBAN, or whether it is offered."""
    account = db.session.get(TreasuryAccount, treasury_id)
    if account is None:
        raise TreasuryAccountNotFound
    form = TreasuryForm() if request.method == "POST" else TreasuryForm(obj=account)
    status = 200
    try:
        if form.validate_on_submit() and _saved(form, treasury_id):
            return redirect(url_for("books_treasury.index"), code=303)
    except OutdatedError as error:
        tell_outdated(form, form.version, error, url_for("books_treasury.edit", treasury_id=treasury_id))
        status = error.status
    shown = next(view for view in treasury_accounts(closed=True) if view.id == treasury_id)
    page = render_template(
        "accounting/treasury_edit.html",
        form=form,
        account=shown,
        kind=KINDS[shown.kind],
        has_iban=shown.kind is TreasuryKind.BANK,
    )
    return page, status


@blueprint.route("/journals/<int:journal_id>", methods=["GET", "POST"])
@requires(Right.BOOKS)
def journal(journal_id: int) -> ResponseReturnValue:
    """Rename a journal, or give it another code while nothing is posted in it."""
    found = db.session.get(Journal, journal_id)
    if found is None:
        raise JournalNotFound
    view = next((row for row in journal_views() if row.id == journal_id), None)
    if view is None:
        raise JournalNotFound
    form = JournalForm(data={"code": found.code, "label": found.label, "seen": f"{found.code} {found.label}"})
    if form.validate_on_submit() and _journal_saved(form, journal_id):
        return redirect(url_for("books_treasury.index"), code=303)
    return render_template("accounting/journal_edit.html", form=form, journal=view)


def _saved(form: NewTreasuryForm | TreasuryForm, treasury_id: int | None = None) -> bool:
    actor = current_user.id
    version = form.version.seen if isinstance(form, TreasuryForm) else None
    given = form.as_input()
    try:
        with transaction():
            save_treasury_account(given, treasury_account_id=treasury_id, version=version, actor_id=actor)
    except AccountingError as error:
        put_error(form[error.field or "label"], error)
        return False
    flash(gettext("Saved. It holds for entries to come."), "success")
    return True


def _journal_saved(form: JournalForm, journal_id: int) -> bool:
    actor = current_user.id
    try:
        with transaction():
            save_journal(
                journal_id,
                form.code.data or "",
                form.label.data or "",
                seen=form.seen.data,
                actor_id=actor,
            )
    except AccountingError as error:
        put_error(form[error.field or "code"], error)
        return False
    flash(gettext("Saved. It holds for entries to come."), "success")
    return True
