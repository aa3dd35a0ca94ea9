"""The FEC: the financial years, the strict check of each one's file, the file and its notice."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePath

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from accounting.errors import YearNotFound
from accounting.fec.check import OPENING_JOURNAL, check_fec
from accounting.fec.cli import NUMBERING_NAMES, translated
from accounting.fec.findings import FecReport
from accounting.fec.forms import CheckForm
from accounting.fec.notice import notice_file_name
from accounting.fec.produce import ProducedFec, log_export, notice_of, produce_fec
from accounting.fiscal_years import fiscal_years
from accounting.models import FiscalYear
from core.database import db, transaction
from core.models import Company
from core.tenancy import current_company_id
from core.web.rights import Right, requires
from core.web.uploads import takes_large_files

blueprint = Blueprint("fec_pages", __name__, url_prefix="/books/fec")
TEXT = "text/plain; charset=utf-8"


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
def check_uploaded() -> tuple[str, int] | str:
    """Check the file that was sent and show what was found; nothing of it is kept."""
    form = CheckForm()
    if not form.validate():
        return _other_page(form), 422
    storage = form.file.data
    name = PurePath((storage.filename or "").replace("\\", "/")).name
    journal = (form.opening_journal.data or "").strip() or OPENING_JOURNAL
    report = check_fec(storage.stream, name, year_start=form.year_start.data, opening_journal=journal)
    form = CheckForm(formdata=None, data={"year_start": form.year_start.data, "opening_journal": journal})
    return _other_page(form, report)


def _other_page(form: CheckForm, report: FecReport | None = None) -> str:
    return render_template(
        "accounting/fec_upload.html",
        form=form,
        report=report,
        translated=translated,
        numbering=NUMBERING_NAMES.get(report.numbering or "") if report else None,
    )


@blueprint.get("/<int:year_id>")
@requires(Right.BOOKS)
def check(year_id: int) -> str:
    """Write the year's FEC, check it and show what was found, with the file to fetch when it is right."""
    year = _year(year_id)
    with tempfile.TemporaryDirectory() as folder:
        produced = produce_fec(year, Path(folder, "fec"))
    return render_template(
        "accounting/fec_check.html", year=_year(year_id), produced=produced, translated=translated
    )


@blueprint.get("/<int:year_id>/file")
@requires(Right.BOOKS)
def file(year_id: int) -> Response:
    """The file, checked again as it is now: nothing faulty ever leaves. The fetching is logged."""
    actor = current_user.id
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fec")
        produced = produce_fec(_year(year_id), path)
        if not produced.is_right:
            flash(gettext("The file is faulty and was not given out."), "danger")
            return redirect(url_for("fec_pages.check", year_id=year_id), code=303)
        with transaction():
            log_export(produced, actor)
        return _sent(produced)


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
