"""Closings: the years and their months, what is missing before a year is closed, closing it, the log of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from secrets import token_hex

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from accounting.closed_periods import close_months, month_ends, reopen_months
from accounting.closing.archive import KIND, archives_of
from accounting.closing.checks import YearDays
from accounting.closing.closing_task import order_closing
from accounting.closing.log import chain_head, closing_log, count_log
from accounting.closing.look_at_year import look_at, order_look, task_of
from accounting.errors import AccountingError, MonthNotClosable, YearNotFound
from accounting.fiscal_years import fiscal_years
from accounting.models import FiscalYear
from core.clock import paris_today
from core.database import commit_once, db, transaction
from core.long_tasks import LONGEST_REQUEST_KEY, LongTask, ask_for
from core.web.formats import day as shown_day
from core.web.formats import month as shown_month
from core.web.pages import Page
from core.web.rights import Right, requires

blueprint = Blueprint("closing", __name__, url_prefix="/books/closing")


class MonthForm(FlaskForm):
    """A month to close up to, or to open again from: the day that ends or begins it."""

    month = SelectField(_l("Month"), coerce=date.fromisoformat, validate_choice=False)


class CloseYearForm(FlaskForm):
    """Closing a year is confirmed by typing which one."""

    year = StringField(_l("Year to close"))

    def accepts(self, year: YearDays) -> bool:
        """Whether the year was typed; else the field says so."""
        if (self.year.data or "").strip() == str(year.ends_on.year):
            return True
        self.year.errors = [gettext("Type %(year)s to close this year.", year=year.ends_on.year)]
        return False


@dataclass(frozen=True)
class ShownYear:
    """A financial year with the months that may be closed, or opened again: (value, words)."""

    year: FiscalYear
    is_over: bool
    to_close: list[tuple[date, str]]
    to_reopen: list[tuple[date, str]]
    archives: list[LongTask]


@blueprint.get("")
@requires(Right.READ)
def index() -> str:
    """The years, newest first."""
    years, just_closed = fiscal_years(), request.args.get("closed", type=int)
    return render_template(
        "accounting/closing.html",
        years=[_shown(year) for year in years],
        request_key=token_hex(16),
        just_closed=next((year for year in years if year.id == just_closed and year.closed_at), None),
        following=lambda year: year.ends_on + timedelta(days=1),
    )


def _shown(year: FiscalYear) -> ShownYear:
    today, through = paris_today(), year.months_closed_through
    ends = [] if year.closed_at else month_ends(year)
    return ShownYear(
        year=year,
        is_over=year.ends_on < today,
        to_close=[
            (last, shown_month(last)) for last in ends if last < today and (through is None or last > through)
        ],
        to_reopen=[
            (_first_of(last, year), shown_month(last))
            for last in reversed(ends)
            if through is not None and last <= through
        ],
        archives=list(archives_of(year.id)) if year.closed_at else [],
    )


def _first_of(last: date, year: FiscalYear) -> date:
    return max(last.replace(day=1), year.starts_on)


@blueprint.post("/<int:year_id>/months")
@requires(Right.BOOKS)
def months(year_id: int) -> ResponseReturnValue:
    """Close the months up to the one chosen, for the time being."""
    _find(year_id)
    through = _chosen_month()
    actor = current_user.id
    try:
        with transaction():
            close_months(year_id, through, actor_id=actor)
    except MonthNotClosable as error:
        flash(str(error), "danger")
    else:
        text = gettext("Closed up to %(day)s. The owner can open months again.", day=shown_day(through))
        flash(text, "success")
    return redirect(url_for("closing.index"), code=303)


@blueprint.post("/<int:year_id>/months/reopen")
@requires(Right.SETTINGS)
def reopen(year_id: int) -> ResponseReturnValue:
    """Open the month chosen again, and those after it."""
    _find(year_id)
    first_day = _chosen_month()
    actor = current_user.id
    try:
        with transaction():
            reopen_months(year_id, first_day, actor_id=actor)
    except MonthNotClosable as error:
        flash(str(error), "danger")
    else:
        flash(gettext("Open again from %(day)s.", day=shown_day(first_day)), "success")
    return redirect(url_for("closing.index"), code=303)


def _chosen_month() -> date:
    form = MonthForm()
    form.month.choices = []
    if not form.validate() or form.month.data is None:
        raise MonthNotClosable
    chosen: date = form.month.data
    return chosen


@blueprint.route("/<int:year_id>", methods=["GET", "POST"])
@requires(Right.BOOKS)
def year(year_id: int) -> ResponseReturnValue:
    """What the last look found missing, and the form that closes the year as it was looked at."""
    found = _find(year_id)
    if found.closed_at is not None:
        return redirect(url_for("closing.index"), code=303)
    days = YearDays(found.id, found.starts_on, found.ends_on)
    looking = task_of(days)
    if looking is not None and looking.is_open:
        return redirect(url_for("tasks.show", task_id=looking.id), code=303)
    form, look, actor = CloseYearForm(), look_at(days), current_user.id
    is_closable = look is not None and not look.is_stopped and look.is_fresh(days.id)
    if form.validate_on_submit() and form.accepts(days) and look is not None and is_closable:
        # Two clicks at once ask for one closing.
        task_id = commit_once(lambda: order_closing(days, look, actor_id=actor).id)
        return redirect(url_for("tasks.show", task_id=task_id), code=303)
    page = render_template(
        "accounting/close_year.html",
        year=days,
        form=form,
        look=look,
        is_closable=is_closable,
        failed=looking if looking is not None and looking.problem else None,
        request_key=token_hex(16),
        following=days.ends_on + timedelta(days=1),
    )
    return page, 422 if form.errors else 409 if form.is_submitted() else 200


@blueprint.post("/<int:year_id>/checks")
@requires(Right.BOOKS)
def checks(year_id: int) -> ResponseReturnValue:
    """Have the year looked at; the page of the task follows it and leads back."""
    found, actor = _find(year_id), current_user.id
    if found.closed_at is not None:
        return redirect(url_for("closing.index"), code=303)
    days = YearDays(found.id, found.starts_on, found.ends_on)
    key = _request_key()
    task_id = commit_once(lambda: order_look(days, request_key=key, actor_id=actor).id)
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


def _request_key() -> str:
    return request.form.get("request_key", "")[:LONGEST_REQUEST_KEY] or token_hex(16)


def _find(year_id: int) -> FiscalYear:
    found = db.session.get(FiscalYear, year_id)
    if found is None:
        raise YearNotFound
    return found


@blueprint.post("/<int:year_id>/archive")
@requires(Right.BOOKS)
def archive(year_id: int) -> ResponseReturnValue:
    """Have the archive of a closed year made; its page follows the work."""
    found = _find(year_id)
    if found.closed_at is None:
        raise AccountingError.year_is_open()
    actor, ends_in = current_user.id, found.ends_on.year
    key = _request_key()
    asked = {"year_id": year_id, "year": ends_in}
    # Two clicks at once ask for one archive.
    task_id = commit_once(lambda: ask_for(KIND, asked, request_key=key, actor_id=actor).id)
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


@blueprint.get("/log")
@requires(Right.READ)
def log() -> str:
    """Who closed what, when, and the seal's link that says so."""
    page = Page.of_request(count_log())
    return render_template(
        "accounting/closing_log.html",
        entries=closing_log(limit=page.size, offset=page.offset),
        page=page,
        head=chain_head(),
        years={found.id: found for found in fiscal_years()},
    )
