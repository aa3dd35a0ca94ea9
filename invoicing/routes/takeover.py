"""Taking over the books of other software: the file, the plan that is shown, the act, its report, and undoing it.

The file is stored when it comes and read by a long task; the plan is made from what was read anew for each page and for
the act, so that nothing is done that was not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from sqlalchemy import select

from accounting.fec.read_lines import read_lines
from accounting.fec.reading import Stopped
from accounting.standing import entry_of
from core.database import commit_once, db
from core.errors import ConflictError, NotFoundError, SoldeError
from core.event_log import record_event
from core.files import StoredFile, put_path, register_file
from core.long_tasks import LongTask
from core.web.forms import put_errors
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.uploads import takes_large_files
from invoicing.errors import InvalidInputError
from invoicing.forms.takeover import ConfirmForm, FileForm, WishForm, day_of
from invoicing.input_checks import clean_text
from invoicing.takeover.plan import STANDARD_RATE, WAITING, Plan, TakeoverWish, plan_takeover
from invoicing.takeover.take_over import WaitingVat, checked_waiting, earlier_takeover
from invoicing.takeover.taken_over import count_items, find_takeover, items_of, takeovers
from invoicing.takeover.tasks import (
    CHANGED,
    order_reading,
    order_takeover,
    order_undo,
    plan_url,
    reading_of,
    reading_task,
)
from invoicing.takeover.waiting_vat import FRENCH_RATES
from invoicing.takeover.words import FOUND_BY

blueprint = Blueprint("takeover", __name__, url_prefix="/books/takeover")
MEDIA_TYPE = "text/plain"
SHOWN_ROWS = 300
"""Rows of a long list of accounts or customers on the page of a plan; the sums are of all."""


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """What was taken over, and the form for a file."""
    return render_template("invoicing/takeover.html", form=FileForm(formdata=None), takeovers=takeovers())


@blueprint.post("")
@requires(Right.BOOKS)
@takes_large_files
def upload() -> ResponseReturnValue:
    """Store a file that can be read, and show what it would bring."""
    form, actor = FileForm(), current_user.id
    if not form.validate():
        return _index_again(form)
    storage = form.file.data
    name = clean_text(PurePath((storage.filename or "").replace("\\", "/")).name)[:255]
    try:
        next(read_lines(storage.stream), None)
    except Stopped:
        put_errors(form, {"file": _l("This file cannot be read as a FEC.")})
        return _index_again(form)
    storage.stream.seek(0)
    with TemporaryDirectory() as folder:
        path = Path(folder, "fec")
        storage.save(path)
        digest, size = put_path(path)
    commit_once(partial(_register, digest, size, name, actor))
    return _read(digest, form.wish(name), actor)


def _register(digest: str, size: int, name: str, actor_id: int) -> None:
    stored = register_file(digest, size, MEDIA_TYPE)
    record_event("takeover.uploaded", actor_id=actor_id, subject=("stored_file", stored.id), file=name)


def _read(digest: str, wish: TakeoverWish, actor_id: int) -> ResponseReturnValue:
    """Have the file read; the page of the task follows it and leads to the plan, which asks for the day where nothing
    says it."""
    try:
        task_id = commit_once(lambda: order_reading(digest, wish, actor_id=actor_id).id)
    except SoldeError:
        return redirect(plan_url(digest, wish), code=303)
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


def _index_again(form: FileForm) -> tuple[str, int]:
    return render_template("invoicing/takeover.html", form=form, takeovers=takeovers()), 422


@blueprint.get("/plan/<digest>")
@requires(Right.BOOKS)
def plan(digest: str) -> ResponseReturnValue:
    """What a stored file would bring; while it is being read, the page of its reading."""
    stored, task = _stored(digest), _open_reading(digest)
    if task is not None:
        return redirect(url_for("tasks.show", task_id=task.id), code=303)
    return _plan_page(stored, ConfirmForm(formdata=None))


def _open_reading(digest: str) -> LongTask | None:
    try:
        task = reading_task(digest, _wish())
    except SoldeError:
        return None
    return task if task is not None and task.is_open else None


@blueprint.post("/plan/<digest>")
@requires(Right.BOOKS)
def confirm(digest: str) -> ResponseReturnValue:
    """Have it done, as it was shown; the page of the task follows it and leads to the report."""
    stored, form, actor = _stored(digest), ConfirmForm(), current_user.id
    if not form.validate():
        return _plan_page(stored, form, status=422)
    try:
        made = _planned(digest, _wish())
        if made is not None and (done := earlier_takeover(stored.id, made.until)) is not None:
            return redirect(url_for("takeover.show", takeover_id=done.id), code=303)
        said = _said(made, form)
    except InvalidInputError as error:
        return _plan_page(stored, form, errors=error.errors, status=422)
    except SoldeError as error:
        form.form_errors.append(str(error))
        return _plan_page(stored, form, status=409)
    if made is None:
        return _plan_page(stored, form, status=409)
    key = form.request_key.key
    task_id = commit_once(
        lambda: order_takeover(made, _stored(digest), said, request_key=key, actor_id=actor).id
    )
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


def _said(plan: Plan | None, form: ConfirmForm) -> Mapping[int, WaitingVat]:
    """What was typed of waiting VAT, checked against the plan as it is now, which has to be the one that was shown."""
    if plan is None:
        return {}
    if plan.problems:
        raise ConflictError(plan.problems[0])
    if plan.seen != form.seen.data:
        raise ConflictError(CHANGED)
    said = form.waiting(plan)
    checked_waiting(plan, said)
    return said


def _planned(digest: str, wish: TakeoverWish) -> Plan | None:
    """The plan from what was read of the file; None where it was not read in this way yet.

    Raises:
        SoldeError: it could not be read, or nothing says up to which day.
    """
    task = reading_task(digest, wish)
    if task is None or task.is_open:
        return None
    if task.problem:
        raise SoldeError(task.problem)
    return plan_takeover(reading_of(task), wish)


def _plan_page(
    stored: StoredFile, form: ConfirmForm, *, errors: dict[str, object] | None = None, status: int = 200
) -> ResponseReturnValue:
    digest, wish = stored.sha256, _wish()
    again = WishForm(
        formdata=None,
        data={
            "until": wish.until, "waiting_prefix": wish.waiting_prefix, "standard_rate": wish.standard_rate,
        },
    )  # fmt: skip
    made: Plan | None = None
    problem = gettext("This file was not read in this way yet.")
    try:
        made = _planned(digest, wish)
    except SoldeError as error:
        problem = str(error)
    page = render_template(
        "invoicing/takeover_plan.html",
        plan=made,
        problem=problem,
        wish=wish,
        digest=digest,
        form=form,
        again=again,
        errors=errors or {},
        typed=request.form,
        rates=FRENCH_RATES,
        found_by=FOUND_BY,
        shown=SHOWN_ROWS,
    )
    return page, status


@blueprint.post("/plan/<digest>/again")
@requires(Right.BOOKS)
def read_otherwise(digest: str) -> ResponseReturnValue:
    """Read the stored file up to another day, or with other accounts."""
    stored, form, name = _stored(digest), WishForm(), _wish().file_name
    if not form.validate():
        return _plan_page(stored, ConfirmForm(formdata=None), status=422)
    return _read(stored.sha256, form.wish(name), current_user.id)


def _wish() -> TakeoverWish:
    """What the address says of the file."""
    rate = request.args.get("rate", "")
    prefix = request.args.get("waiting", WAITING)
    return TakeoverWish(
        file_name=clean_text(request.args.get("name", ""))[:255],
        until=day_of(request.args.get("until", "")),
        waiting_prefix=prefix if prefix.isalnum() and prefix.startswith("44") else WAITING,
        standard_rate=int(rate)
        if re.fullmatch(r"[0-9]{1,4}", rate) and int(rate) in FRENCH_RATES
        else STANDARD_RATE,
    )


def _stored(digest: str) -> StoredFile:
    stored = db.session.scalars(select(StoredFile).where(StoredFile.sha256 == digest)).one_or_none()
    if stored is None or stored.media_type != MEDIA_TYPE:
        raise NotFoundError
    return stored


@blueprint.get("/<int:takeover_id>")
@requires(Right.BOOKS)
def show(takeover_id: int) -> str:
    """The report of a take-over, with its invoices as they stand."""
    takeover = find_takeover(takeover_id)
    page = Page.of_request(count_items(takeover_id))
    return render_template(
        "invoicing/takeover_report.html",
        takeover=takeover,
        report=json.loads(takeover.report),
        entry=entry_of(("takeover", takeover_id), "takeover"),
        mirror=entry_of(("takeover", takeover_id), "takeover_undo"),
        items=items_of(takeover_id, limit=page.size, offset=page.offset),
        page=page,
        found_by={key.value: word for key, word in FOUND_BY.items()},
    )


@blueprint.post("/<int:takeover_id>/undo")
@requires(Right.BOOKS)
def undo(takeover_id: int) -> ResponseReturnValue:
    """Have it taken back, while nothing was settled on it; the page of the task follows it and leads back."""
    actor = current_user.id
    find_takeover(takeover_id)
    task_id = commit_once(lambda: order_undo(takeover_id, actor_id=actor).id)
    return redirect(url_for("tasks.show", task_id=task_id), code=303)
