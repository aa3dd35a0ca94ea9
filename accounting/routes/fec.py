"""The FEC: the financial years, the strict check of each one's file, the file and its notice."""

from __future__ import annotations

import tempfile
from functools import partial
from io import BytesIO
from os import SEEK_END
from pathlib import Path, PurePath
from secrets import token_hex
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, send_file, stream_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from accounting.errors import YearNotFound
from accounting.fec import kept
from accounting.fec.check import OPENING_JOURNAL, check_fec
from accounting.fec.check_on_the_way import CheckOnTheWay
from accounting.fec.cli import NUMBERING_NAMES, translated
from accounting.fec.findings import FecReport
from accounting.fec.forms import CheckForm
from accounting.fec.kept import fec_task, kept_fec, order_fec
from accounting.fec.notice import notice_file_name
from accounting.fec.produce import ProducedFec, log_export, notice_of, produce_fec
from accounting.fiscal_years import count_entries_of, fiscal_years
from accounting.models import FiscalYear
from core.database import commit_once, db, transaction
from core.long_tasks import LONGEST_REQUEST_KEY
from core.models import Company
from core.tenancy import current_company_id
from core.web.rights import Right, requires
from core.web.tasks import stored_file_answer
from core.web.uploads import takes_large_files

blueprint = Blueprint("fec_pages", __name__, url_prefix="/books/fec")
TEXT = "text/plain; charset=utf-8"
MOST_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
"""A file that is checked before anything is answered: some two seconds."""


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The financial years."""
    return render_template("accounting/fec.html", years=fiscal_years())


@blueprint.get("/check")
@requires(Right.BOOKS)
def check_other() -> str:
    """Ask for a FEC of any software."""
    return _other_page(CheckForm(formdata=None))


@blueprint.post("/check")
@requires(Right.BOOKS)
@takes_large_files
def check_uploaded() -> ResponseReturnValue:
    """Check the file that was sent and show what was found; nothing of it is kept."""
    form = CheckForm()
    if not form.validate():
        return _other_page(form), 422
    storage = form.file.data
    name = PurePath((storage.filename or "").replace("\\", "/")).name
    journal = (form.opening_journal.data or "").strip() or OPENING_JOURNAL
    check = partial(check_fec, file_name=name, year_start=form.year_start.data, opening_journal=journal)
    form = CheckForm(formdata=None, data={"year_start": form.year_start.data, "opening_journal": journal})
    size = storage.stream.seek(0, SEEK_END)
    storage.stream.seek(0)
    if size <= MOST_BYTES_AT_ONCE:
        return _other_page(form, check(storage.stream))
    # The request closes its files when it ends, and this one is read after that.
    stream, storage.stream = storage.stream, BytesIO()
    return _growing_page(form, CheckOnTheWay(stream, size, check))


def _other_page(form: CheckForm, report: FecReport | None = None) -> str:
    return render_template("accounting/fec_upload.html", **_shown(form), report=report, checking=None)


def _growing_page(form: CheckForm, checking: CheckOnTheWay) -> Response:
    """The page with its bar at once, what was found at its end: it needs no script, and nothing of the file is kept."""
    answer = Response(
        stream_template("accounting/fec_upload.html", **_shown(form), report=None, checking=checking),
        content_type="text/html; charset=utf-8",
    )
    # A proxy that waits for the end would make it a silent page again.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _shown(form: CheckForm) -> dict[str, Any]:
    return {"form": form, "translated": translated, "numbering_names": NUMBERING_NAMES}


@blueprint.get("/<int:year_id>")
@requires(Right.BOOKS)
def check(year_id: int) -> ResponseReturnValue:
    """Write the year's FEC, check it and show what was found, with the file to fetch when it is right. Of a large year
    the file that was made last is shown."""
    year = _year(year_id)
    if _is_large(year):
        return _kept_page(year)
    with tempfile.TemporaryDirectory() as folder:
        produced = produce_fec(year, Path(folder, "fec"))
    return render_template(
        "accounting/fec_check.html", year=_year(year_id), produced=produced, translated=translated, kept=None
    )


def _is_large(year: FiscalYear) -> bool:
    return count_entries_of(year.id) > kept.MOST_AT_ONCE


def _kept_page(year: FiscalYear) -> ResponseReturnValue:
    task = fec_task(year)
    if task is not None and task.is_open:
        return redirect(url_for("tasks.show", task_id=task.id), code=303)
    made = kept_fec(year)
    return render_template(
        "accounting/fec_check.html",
        year=year,
        kept=made,
        produced=made.produced if made else None,
        is_old=made is not None and made.entries != count_entries_of(year.id),
        failed=task.problem if task is not None else "",
        request_key=token_hex(16),
        translated=translated,
    )


@blueprint.post("/<int:year_id>/make")
@requires(Right.BOOKS)
def make(year_id: int) -> ResponseReturnValue:
    """Have the file of a large year made and checked; the page of the task follows it and leads back."""
    _year(year_id)
    actor, key = current_user.id, request.form.get("request_key", "")[:LONGEST_REQUEST_KEY] or token_hex(16)
    task_id = commit_once(lambda: order_fec(_year(year_id), request_key=key, actor_id=actor).id)
    return redirect(url_for("tasks.show", task_id=task_id), code=303)


@blueprint.get("/<int:year_id>/file")
@requires(Right.BOOKS)
def file(year_id: int) -> Response:
    """The file, checked again as it is now; of a large year the one that was made and checked last. Nothing faulty ever
    leaves. The fetching is logged."""
    actor, year = current_user.id, _year(year_id)
    if _is_large(year):
        return _kept_file(year, actor)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fec")
        produced = produce_fec(_year(year_id), path)
        if not produced.is_right:
            flash(gettext("The file is faulty and was not given out."), "danger")
            return redirect(url_for("fec_pages.check", year_id=year_id), code=303)
        with transaction():
            log_export(produced, actor)
        return _sent(produced)


def _kept_file(year: FiscalYear, actor_id: int) -> Response:
    made = kept_fec(year)
    if made is None or made.stored is None:
        flash(gettext("The file is faulty and was not given out."), "danger")
        return redirect(url_for("fec_pages.check", year_id=year.id), code=303)
    with transaction():
        log_export(made.produced, actor_id)
    return stored_file_answer(made.stored, made.produced.file_name)


def _sent(produced: ProducedFec) -> Response:
    # The open file outlives its folder; it is streamed from the disk, never held whole.
    stream = produced.path.open("rb")
    answer = send_file(stream, TEXT, as_attachment=True, download_name=produced.file_name)
    answer.content_length = produced.summary.byte_count
    return answer


@blueprint.get("/<int:year_id>/notice")
@requires(Right.BOOKS)
def notice(year_id: int) -> Response:
    """The notice that goes with the file."""
    year = _year(year_id)
    name = notice_file_name(db.session.get_one(Company, current_company_id()).siren, year.ends_on)
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(notice_of(year), content_type=TEXT, headers=headers)


def _year(year_id: int) -> FiscalYear:
    year = db.session.get(FiscalYear, year_id)
    if year is None:
        raise YearNotFound
    return year
