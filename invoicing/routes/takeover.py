"""Taking over the books of other software: the file, the plan that is shown, the act, its report, and undoing it.

The file is stored when it comes; the plan is made from it anew for each page and for the act, so that nothing is done
that was not shown.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from sqlalchemy import select

from accounting.fec.read_lines import read_lines
from accounting.fec.reading import Stopped
from accounting.standing import entry_of
from core.database import commit_once, db, transaction
from core.errors import NotFoundError, SoldeError
from core.event_log import record_event
from core.files import StoredFile, open_stored, put_path, register_file
from core.web.forms import put_errors
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.uploads import takes_large_files
from invoicing.errors import InvalidInputError
from invoicing.forms.takeover import ConfirmForm, FileForm, WishForm, day_of
from invoicing.input_checks import clean_text
from invoicing.takeover.plan import STANDARD_RATE, WAITING, Plan, TakeoverWish, plan_takeover
from invoicing.takeover.take_over import take_over
from invoicing.takeover.taken_over import count_items, find_takeover, items_of, takeovers
from invoicing.takeover.undo_takeover import undo_takeover
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
    wish = form.wish(name)
    return redirect(_plan_url(digest, wish), code=303)


def _register(digest: str, size: int, name: str, actor_id: int) -> None:
    stored = register_file(digest, size, MEDIA_TYPE)
    record_event("takeover.uploaded", actor_id=actor_id, subject=("stored_file", stored.id), file=name)


def _index_again(form: FileForm) -> tuple[str, int]:
    return render_template("invoicing/takeover.html", form=form, takeovers=takeovers()), 422


def _plan_url(digest: str, wish: TakeoverWish) -> str:
    return url_for(
        "takeover.plan",
        digest=digest,
        name=wish.file_name,
        until=wish.until.isoformat() if wish.until else None,
        waiting=wish.waiting_prefix if wish.waiting_prefix != WAITING else None,
        rate=wish.standard_rate if wish.standard_rate != STANDARD_RATE else None,
    )


@blueprint.get("/plan/<digest>")
@requires(Right.BOOKS)
def plan(digest: str) -> ResponseReturnValue:
    """What a stored file would bring."""
    return _plan_page(_stored(digest), ConfirmForm(formdata=None))


@blueprint.post("/plan/<digest>")
@requires(Right.BOOKS)
def confirm(digest: str) -> ResponseReturnValue:
    """Do it, as it was shown."""
    stored, form, actor = _stored(digest), ConfirmForm(), current_user.id
    file_id, wish = stored.id, _wish()
    if not form.validate():
        return _plan_page(stored, form, status=422)
    try:
        takeover_id = commit_once(partial(_take_over, digest, file_id, wish, form, actor))
    except InvalidInputError as error:
        return _plan_page(_stored(digest), form, errors=error.errors, status=422)
    except SoldeError as error:
        form.form_errors.append(str(error))
        return _plan_page(_stored(digest), form, status=409)
    flash(gettext("The books are taken over."), "success")
    return redirect(url_for("takeover.show", takeover_id=takeover_id), code=303)


def _take_over(digest: str, file_id: int, wish: TakeoverWish, form: ConfirmForm, actor_id: int) -> int:
    made = plan_takeover(partial(open_stored, digest), wish)
    # A take-over that was done already says so itself: a double click is no change of the plan.
    if made.seen != form.seen.data and not made.problems:
        raise SoldeError(_l("Meanwhile something changed: look at the plan as it is now, then confirm it."))
    return take_over(made, file_id=file_id, waiting=form.waiting(made), actor_id=actor_id).id


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
    problem = ""
    try:
        made = plan_takeover(partial(open_stored, digest), wish)
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
    return redirect(_plan_url(stored.sha256, form.wish(name)), code=303)


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
    """Take it back, while nothing was settled on it."""
    actor = current_user.id
    find_takeover(takeover_id)
    try:
        with transaction():
            undo_takeover(takeover_id, actor_id=actor)
    except NotFoundError:
        raise
    except SoldeError as error:
        flash(str(error), "danger")
    else:
        flash(gettext("The take-over is undone. The same books can be taken over again."), "success")
    return redirect(url_for("takeover.show", takeover_id=takeover_id), code=303)
