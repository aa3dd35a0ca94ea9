"""Statements of the bank: a file is sent, looked at, taken in; its lines are decided on; the reconciliation."""

from __future__ import annotations

from datetime import date
from pathlib import PurePath

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_security import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from core.database import commit_once, db, transaction
from core.errors import ConflictError, NotAllowedError, SoldeError
from core.files import StoredFile
from core.web.forms import put_errors, refuse_unknown_button
from core.web.pages import Page
from core.web.rights import Right, may, requires
from core.web.uploads import takes_files
from invoicing.bank.banks import Bank, banks, banks_to_look_at
from invoicing.bank.confirm_proposal import confirm_proposal, records_payment
from invoicing.bank.forms import LayoutForm, StatementForm, layout_form
from invoicing.bank.import_statement import import_statement
from invoicing.bank.lines import LineFilter, count_lines, find_lines, matches_of, proposals_of
from invoicing.bank.models import BankStatement
from invoicing.bank.reading import StatementRefused
from invoicing.bank.reconciliation import reconciliation
from invoicing.bank.statement_files import Preview, keep_file, preview_of
from invoicing.bank.words import DECIDED, PROPOSED, REASONS
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.input_checks import clean_text

blueprint = Blueprint("bank", __name__, url_prefix="/bank")
SHOWN = 12
READ, LOOK = "read", "look"


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The lines of a bank account with what they may be, and its balance beside the books."""
    return _page(StatementForm(formdata=None))


@blueprint.post("")
@requires(Right.RECONCILE)
@takes_files
def upload() -> ResponseReturnValue:
    """Take a file of the bank, to be looked at first."""
    form = StatementForm()
    form.offer_banks(banks())
    if form.validate():
        storage = form.file.data
        try:
            file_id = keep_file(storage.read())
        except SoldeError as error:
            put_errors(form, {error.field or "file": error.message})
        else:
            name = clean_text(PurePath((storage.filename or "").replace("\\", "/")).name)[:200]
            there = url_for("bank.file", file_id=file_id, bank=form.bank.data, name=name)
            return redirect(there, code=303)
    return _page(form), 422


@blueprint.route("/files/<int:file_id>", methods=["GET", "POST"])
@requires(Right.RECONCILE)
def file(file_id: int) -> ResponseReturnValue:
    """What a file would bring; of a CSV file, which column means what."""
    if db.session.get(StoredFile, file_id) is None:
        raise NotFoundError
    bank = _asked_bank(banks())
    refuse_unknown_button(READ, LOOK)
    preview = preview_of(file_id, bank.account_id)
    form = layout_form(preview.table, preview.layout) if preview.table else LayoutForm()
    refused = ""
    if form.validate_on_submit():
        layout = form.layout() if preview.table else None
        try:
            preview = preview_of(file_id, bank.account_id, layout)
            if request.form.get("action") == READ:
                return _imported(file_id, bank, preview)
        except StatementRefused as error:
            refused = str(error.message)
    return render_template(
        "bank/file.html",
        form=form,
        preview=preview,
        bank=bank,
        shown=SHOWN,
        refused=refused,
        name=_file_name(),
    )


def _imported(file_id: int, bank: Bank, preview: Preview) -> Response:
    actor, name = current_user.id, _file_name()
    statement = commit_once(
        lambda: import_statement(
            file_id, bank.account_id, layout=preview.layout, file_name=name, actor_id=actor
        )
    )
    count = statement.new_lines
    flash(
        ngettext(
            "The statement is read: %(num)d new line. Nothing is booked yet.",
            "The statement is read: %(num)d new lines. Nothing is booked yet.",
            count,
        ),
        "success",
    )
    return redirect(url_for("bank.index", bank=bank.account_id), code=303)


@blueprint.post("/confirm-sure")
@requires(Right.RECONCILE)
def confirm_sure() -> Response:
    """Confirm the proposals that the page showed as sure and that are ticked."""
    actor, done, left = current_user.id, 0, 0
    ticked = [value.partition("=")[::2] for value in request.form.getlist("sure")[:300]]
    if not may(Right.INVOICE) and any(records_payment(choice) for _, choice in ticked):
        raise NotAllowedError
    for line_id, choice in ticked:
        if not (line_id.isascii() and line_id.isdecimal() and len(line_id) < 19):
            continue
        try:
            with transaction():
                confirm_proposal(int(line_id), choice, actor_id=actor)
            done += 1
        except (ConflictError, InvalidInputError, NotFoundError):
            left += 1
    if done:
        flash(ngettext("%(num)d line is confirmed.", "%(num)d lines are confirmed.", done), "success")
    if left:
        flash(
            ngettext(
                "%(num)d line was left: it, or what it pays, changed meanwhile.",
                "%(num)d lines were left: they, or what they pay, changed meanwhile.",
                left,
            ),
            "warning",
        )
    if not done and not left:
        flash(gettext("Tick the lines that you confirm."), "info")
    return redirect(url_for("bank.index", bank=request.args.get("bank", type=int)), code=303)


def _page(form: StatementForm) -> str:
    shown, offered = banks_to_look_at(), banks()
    bank = _asked_bank(shown)
    if form.bank.data is None and bank in offered:
        form.bank.data = bank.account_id
    form.offer_banks(offered)
    wanted = LineFilter(bank.account_id, only_open=request.args.get("state") != "all")
    page = Page.of_request(count_lines(wanted))
    lines = find_lines(wanted, limit=page.size, offset=page.offset)
    matches = matches_of([line.id for line in lines])
    return render_template(
        "bank/index.html",
        form=form,
        bank=bank,
        banks=shown,
        bank_tabs=[_tab(row, bank) for row in shown],
        lines=lines,
        matches=matches,
        proposals=proposals_of(bank.account_id, [line for line in lines if line.id not in matches]),
        wanted=wanted,
        page=page,
        standing=reconciliation(bank.account_id, _asked_day()),
        statements=_latest(bank),
        has_lines=count_lines(LineFilter(bank.account_id, only_open=False)) > 0,
        proposed_words=PROPOSED,
        decided_words=DECIDED,
        reasons=REASONS,
    )


def _tab(bank: Bank, current: Bank) -> dict[str, object]:
    there = url_for("bank.index", bank=bank.account_id)
    return {"label": bank.label, "url": there, "current": bank == current, "count": None}


def _latest(bank: Bank) -> list[BankStatement]:
    found = select(BankStatement).where(BankStatement.bank_account_id == bank.account_id)
    return list(db.session.scalars(found.order_by(BankStatement.id.desc()).limit(SHOWN)))


def _asked_bank(offered: list[Bank]) -> Bank:
    """The bank account that the address asks for, else the usual one."""
    asked = request.args.get("bank", type=int)
    return next((bank for bank in offered if bank.account_id == asked), offered[0])


def _asked_day() -> date | None:
    """The day that the address asks the reconciliation for; None where it names none."""
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _file_name() -> str:
    return clean_text(request.args.get("name", ""))[:200]
