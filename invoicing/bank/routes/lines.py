"""One line of the bank: what it may be, and what a person decides."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.bank_positions import bookable_accounts
from accounting.models import JournalEntry
from core.database import db, transaction
from core.errors import NotAllowedError
from core.web.forms import put_errors
from core.web.pages import searched
from core.web.rights import Right, may, requires
from invoicing.bank.banks import bank_of
from invoicing.bank.book_line import book_line
from invoicing.bank.confirm_proposal import confirm_proposal, records_payment
from invoicing.bank.forms import BookForm, IgnoreForm, PickEntriesForm, PickInvoicesForm
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.lines import live_match, live_parts, proposals_of, unmatched_near
from invoicing.bank.match_entries import match_entries
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.pay_by_line import KeptFee, pay_by_line
from invoicing.bank.reading import squeezed
from invoicing.bank.sent_back import payments_sent_back
from invoicing.bank.undo_match import undo_match
from invoicing.bank.words import DECIDED, PROPOSED, REASONS
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.history_words import METHODS
from invoicing.open_invoices import OpenInvoice, all_open_invoices, spread

blueprint = Blueprint("bank_lines", __name__, url_prefix="/bank/lines")
MOST_LISTED = 50


@blueprint.get("/<int:line_id>")
@requires(Right.READ)
def show(line_id: int) -> str:
    """What the bank says, what it may be, what was decided."""
    return _page(_line(line_id))


@blueprint.post("/<int:line_id>/confirm")
@requires(Right.RECONCILE)
def confirm(line_id: int) -> ResponseReturnValue:
    """Do what a proposal says; a payment takes the right to invoice as well."""
    choice, actor = request.form.get("choice", "")[:5000], current_user.id
    if records_payment(choice) and not may(Right.INVOICE):
        raise NotAllowedError
    line = _line(line_id)
    try:
        with transaction():
            confirm_proposal(line_id, choice, actor_id=actor)
    except InvalidInputError as error:
        flash(str(next(iter(error.errors.values()))), "danger")
        return redirect(url_for("bank_lines.show", line_id=line_id), code=303)
    return _decided(line)


@blueprint.post("/<int:line_id>/pay")
@requires(Right.INVOICE)
def pay(line_id: int) -> ResponseReturnValue:
    """Pay the invoices that are ticked, the oldest due first."""
    line, form, actor = _line(line_id), PickInvoicesForm(), current_user.id
    form.offer_accounts(bookable_accounts())
    if form.validate():
        cents = form.fee.scaled
        fee = KeptFee(cents, form.fee_account.data) if cents else None
        wanted = set(form.invoices.data or [])
        parts = spread(
            line.amount_cents + (cents or 0),
            [invoice for invoice in all_open_invoices() if invoice.id in wanted],
        )
        if _done(form, lambda: pay_by_line(line_id, list(parts.items()), fee=fee, actor_id=actor)):
            return _decided(line)
    return _page(line, pick=form), 422


@blueprint.post("/<int:line_id>/match")
@requires(Right.RECONCILE)
def match(line_id: int) -> ResponseReturnValue:
    """Say that the line is the movements that are ticked; a difference may go to an account."""
    line, form, actor = _line(line_id), PickEntriesForm(), current_user.id
    form.offer_accounts(bookable_accounts())
    if form.validate():
        wanted, account = form.entries.data or [], form.rest_account.data or None
        if _done(form, lambda: match_entries(line_id, wanted, rest_account_id=account, actor_id=actor)):
            return _decided(line)
    return _page(line, match_form=form), 422


@blueprint.post("/<int:line_id>/ignore")
@requires(Right.RECONCILE)
def ignore(line_id: int) -> ResponseReturnValue:
    """Put the line aside."""
    line, form, actor = _line(line_id), IgnoreForm(), current_user.id
    if form.validate() and _done(form, lambda: ignore_line(line_id, form.reason.data, actor_id=actor)):
        return _decided(line)
    return _page(line, ignore_form=form), 422


@blueprint.post("/<int:line_id>/book")
@requires(Right.RECONCILE)
def book(line_id: int) -> ResponseReturnValue:
    """Book the line on an account."""
    line, form, actor = _line(line_id), BookForm(), current_user.id
    form.offer_accounts(bookable_accounts())
    if form.validate() and _done(form, lambda: book_line(line_id, form.account.data, actor_id=actor)):
        return _decided(line)
    return _page(line, book_form=form), 422


@blueprint.post("/<int:line_id>/undo")
@requires(Right.RECONCILE)
def undo(line_id: int) -> ResponseReturnValue:
    """Take back what was decided; a payment that it recorded takes the right to invoice as well."""
    line, actor, pays = _line(line_id), current_user.id, may(Right.INVOICE)
    if not _may_undo(live_match(line_id)):
        raise NotAllowedError
    with transaction():
        undone = undo_match(line.id, pays=pays, actor_id=actor)
    if undone is not None:
        flash(gettext("The decision is taken back; the line is open again."), "success")
    return redirect(url_for("bank_lines.show", line_id=line_id), code=303)


def _done(form: object, act: Callable[[], BankMatch]) -> bool:
    try:
        with transaction():
            act()
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    return True


def _decided(line: BankLine) -> ResponseReturnValue:
    flash(gettext("The line is decided."), "success")
    return redirect(url_for("bank.index", bank=line.bank_account_id), code=303)


def _may_undo(match: BankMatch | None) -> bool:
    return match is None or match.kind is not MatchKind.PAYMENT or may(Right.INVOICE)


def _line(line_id: int) -> BankLine:
    line = db.session.get(BankLine, line_id)
    if line is None:
        raise NotFoundError
    return line


def _page(
    line: BankLine,
    *,
    pick: PickInvoicesForm | None = None,
    ignore_form: IgnoreForm | None = None,
    book_form: BookForm | None = None,
    match_form: PickEntriesForm | None = None,
) -> str:
    parts = live_parts(line.id)
    match = parts[0] if parts else None
    forms = (
        pick or PickInvoicesForm(formdata=None),
        match_form or PickEntriesForm(formdata=None),
        book_form or BookForm(formdata=None),
    )
    accounts = bookable_accounts()
    for form in forms:
        form.offer_accounts(accounts)
    return render_template(
        "bank/line.html",
        line=line,
        bank=bank_of(line.bank_account_id),
        match=match,
        entries=_entries_of(parts),
        may_undo=may(Right.RECONCILE) and _may_undo(match),
        proposals=[] if match else proposals_of(line.bank_account_id, [line]).get(line.id, []),
        invoices=[] if match or line.amount_cents < 0 else _listed(searched()),
        rejected=[] if match or line.amount_cents > 0 else payments_sent_back(line),
        unmatched=[] if match else unmatched_near(line)[:MOST_LISTED],
        query=searched(),
        pick=forms[0],
        match_form=forms[1],
        book_form=forms[2],
        ignore_form=ignore_form or IgnoreForm(formdata=None),
        raw=json.loads(line.raw),
        proposed_words=PROPOSED,
        decided_words=DECIDED,
        reasons=REASONS,
        methods=METHODS,
    )


def _entries_of(parts: list[BankMatch]) -> list[JournalEntry]:
    return [db.session.get_one(JournalEntry, part.entry_id) for part in parts if part.entry_id is not None]


def _listed(text: str) -> list[OpenInvoice]:
    wanted = squeezed(text)
    found = (row for row in all_open_invoices() if wanted in squeezed(row.number, row.customer_name))
    return [row for row, _ in zip(found, range(MOST_LISTED), strict=False)]
