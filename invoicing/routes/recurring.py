"""Recurring invoices: the list, the page of one, its calendar, pausing and ending. Its lines are in the editor."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.clock import paris_today
from core.database import commit_once, transaction
from core.errors import OutdatedError
from core.web.forms import put_errors, refuse_unknown_button, tell_outdated
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.attachments import read_attachments, shown_files
from invoicing.balances import balances_of
from invoicing.calendar_input import checked_calendar, first_of
from invoicing.document_view import view_of
from invoicing.document_words import unit_text
from invoicing.documents import find_document
from invoicing.end_recurrence import end_recurrence
from invoicing.errors import InvalidInputError
from invoicing.forms.recurring import ACTIONS, EVERY, CalendarForm
from invoicing.models import Document
from invoicing.pause_recurrence import pause_recurrence
from invoicing.recurring import (
    Coming,
    RecurrenceState,
    calendar_of,
    coming,
    copies_made,
    count_recurring,
    find_recurring,
    late_copies,
    list_recurring,
    may_be_repeated,
    problems_of_recurring,
)
from invoicing.recurring_dates import dates_from, months_between, moved_period
from invoicing.repeat_invoice import repeat_invoice
from invoicing.routes.invoices import mend_url
from invoicing.set_calendar import set_calendar
from invoicing.subtotals import subtotals

blueprint = Blueprint("recurring", __name__)
PREVIEW = "preview"
DATES_SHOWN, COPIES_SHOWN = 6, 36


@blueprint.get("/recurring")
@requires(Right.READ)
def index() -> str:
    """The list, narrowed by state."""
    asked = request.args.get("state", "")
    state = RecurrenceState(asked) if asked in set(RecurrenceState) else None
    page = Page.of_request(count_recurring(state))
    return render_template(
        "invoicing/recurring_list.html",
        rows=list_recurring(state, limit=page.size, offset=page.offset),
        wanted=state,
        page=page,
        every=EVERY,
        actions=_short_actions(),
    )


@blueprint.get("/recurring/<int:document_id>")
@requires(Right.READ)
def show(document_id: int) -> str:
    """One: its next dates, the copies made, what is to be mended, its lines."""
    found = find_recurring(document_id)
    pattern, recurrence = found.pattern, found.recurrence
    view, copies = view_of(pattern), copies_made(recurrence, limit=COPIES_SHOWN)
    return render_template(
        "invoicing/recurring.html",
        found=found,
        pattern=pattern,
        recurrence=recurrence,
        view=view,
        every=EVERY,
        actions=_short_actions(),
        problems=[(problem, mend_url(problem, pattern)) for problem in problems_of_recurring(found)],
        late=list(late_copies(recurrence.id)),
        coming=coming(pattern, calendar_of(recurrence), recurrence.next_date, DATES_SHOWN),
        copies=copies,
        balances=balances_of([row.document.id for row in copies if row.document is not None]),
        unit_text=unit_text,
        attachments=shown_files(read_attachments(pattern.attachments)),
        subtotals=subtotals((line.role, line.amount_cents) for line in view.lines),
    )


def _short_actions() -> dict[str, str]:
    """What is done with the copies, in the words of lists."""
    words = (gettext("Draft"), gettext("Issue"), gettext("Issue and send"))
    return dict(zip(ACTIONS, words, strict=True))


@blueprint.route("/recurring/<int:document_id>/calendar", methods=["GET", "POST"])
@requires(Right.INVOICE)
def calendar(document_id: int) -> ResponseReturnValue:
    """Set the calendar, and start it."""
    found, actor, status = find_recurring(document_id), current_user.id, 200
    form, dates = CalendarForm.of(found) if request.method == "GET" else CalendarForm(), None
    moved = form.first_date.data and months_between(found.recurrence.first_date, form.first_date.data)
    if _is_preview(form):
        dates = _dates(form, found.pattern, moved or 0)
    elif form.validate_on_submit():
        try:
            with transaction():
                set_calendar(document_id, form.as_input(), version=form.version.seen, actor_id=actor)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        except OutdatedError as error:
            tell_outdated(form, form.version, error, url_for("recurring.show", document_id=document_id))
            status = error.status
        else:
            flash(gettext("The calendar is saved."), "success")
            return _to(document_id)
    return _form_page(form, find_document(document_id), dates), status


@blueprint.route("/invoices/<int:document_id>/repeat", methods=["GET", "POST"])
@requires(Right.INVOICE)
def repeat(document_id: int) -> ResponseReturnValue:
    """Make a recurring invoice of an invoice."""
    source, form, actor, dates = find_document(document_id), CalendarForm(), current_user.id, None
    if not may_be_repeated(source):
        return redirect(url_for("invoices.show", document_id=document_id))
    if request.method == "GET":
        # A month after the invoice, on its day of the month; the first such day that is still to come.
        base = source.issue_date or paris_today()
        form.first_date.data = next(day for day in dates_from(base, 1, paris_today()) if day > base)
    elif _is_preview(form):
        base = source.issue_date or paris_today()
        dates = _dates(form, source, months_between(base, form.first_date.data or base))
    elif form.validate_on_submit():
        given, key = form.as_input(), form.request_key.key
        try:
            pattern_id = commit_once(
                lambda: repeat_invoice(document_id, given, request_key=key, actor_id=actor).id
            )
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            flash(gettext("The invoice is repeated from now on."), "success")
            return _to(pattern_id)
    return _form_page(form, find_document(document_id), dates)


def _is_preview(form: CalendarForm) -> bool:
    if not form.is_submitted():
        return False
    refuse_unknown_button(PREVIEW)
    return request.form.get("action") == PREVIEW


def _dates(form: CalendarForm, source: Document, moved_months: int) -> list[Coming] | None:
    """The next dates of what was typed, with the periods they would be for; None, with the errors told, for none."""
    if not form.validate():
        return None
    try:
        given = checked_calendar(form.as_input())
        next_date = first_of(given, paris_today())
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return None
    found = []
    for row in coming(source, given, next_date, DATES_SHOWN):
        start, end = moved_period(row.period_start, row.period_end, moved_months)
        found.append(Coming(row.day, start, end))
    return found


def _form_page(form: CalendarForm, document: Document, dates: list[Coming] | None) -> str:
    return render_template("invoicing/recurring_form.html", form=form, document=document, dates=dates)


@blueprint.post("/recurring/<int:document_id>/pause")
@requires(Right.INVOICE)
def pause(document_id: int) -> ResponseReturnValue:
    """Pause it, or take it up again."""
    paused, actor = request.form.get("paused") == "1", current_user.id
    with transaction():
        pause_recurrence(document_id, paused=paused, actor_id=actor)
    flash(gettext("It is paused.") if paused else gettext("It goes on."), "success")
    return _to(document_id)


@blueprint.post("/recurring/<int:document_id>/end")
@requires(Right.INVOICE)
def end(document_id: int) -> ResponseReturnValue:
    """End it."""
    actor = current_user.id
    with transaction():
        end_recurrence(document_id, actor_id=actor)
    flash(gettext("It has ended: no more invoices are made."), "success")
    return _to(document_id)


def _to(document_id: int) -> ResponseReturnValue:
    return redirect(url_for("recurring.show", document_id=document_id), code=303)
