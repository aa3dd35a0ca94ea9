"""The packages of months: ask for one, and the history."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField
from wtforms.validators import InputRequired

from accounting.errors import AccountingError
from accounting.packages.month_package import (
    KIND,
    TASK,
    accountant_ids,
    month_words,
    order_package,
    package_readers,
)
from accounting.packages.package_parts import package_parts
from accounting.reading.periods import month_before, recent_periods
from core.clock import paris_today
from core.database import commit_once
from core.long_tasks import count_tasks, tasks_of
from core.web.forms import RequestKeyField, choices, put_errors
from core.web.pages import Page
from core.web.rights import Right, requires

blueprint = Blueprint("packages", __name__, url_prefix="/books/packages")


class PackageForm(FlaskForm):
    """The month, and who is told when its package is ready."""

    request_key = RequestKeyField()
    month = SelectField(_l("Month"), [InputRequired(_l("Choose a month."))])
    recipients = SelectMultipleField(_l("Tell by e-mail when it is ready"), coerce=int)

    def fill(self) -> PackageForm:
        """Give the fields what can be chosen."""
        months = [period for period in recent_periods(paris_today()) if period.months == 1]
        self.month.choices = choices((month.name, month_words(month.starts_on)) for month in months)
        self.recipients.choices = choices(
            (user.id, f"{user.name} ({user.email})" if user.name else user.email)
            for user in package_readers()
        )
        return self


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The history, and the form with the month before this one."""
    form = PackageForm(
        formdata=None,
        data={"month": month_before(paris_today()).name, "recipients": sorted(accountant_ids())},
    )
    return _page(form.fill())


@blueprint.post("")
@requires(Right.BOOKS)
def order() -> ResponseReturnValue:
    """Ask for a package: the worker begins at once."""
    form, actor = PackageForm().fill(), current_user.id
    if not form.validate():
        return _page(form), 400
    month, recipients, key = form.month.data, form.recipients.data or [], form.request_key.key
    try:
        task_id = commit_once(
            lambda: order_package(month, request_key=key, actor_id=actor, recipients=recipients).id
        )
    except AccountingError as error:
        put_errors(form, {error.field or "": error})
        return _page(form), error.status
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


def _page(form: PackageForm) -> str:
    page = Page.of_request(count_tasks(TASK))
    return render_template(
        "accounting/packages.html",
        form=form,
        kind=KIND,
        tasks=tasks_of(TASK, limit=page.size, offset=page.offset),
        parts=[part.label for part in package_parts()],
        page=page,
    )
