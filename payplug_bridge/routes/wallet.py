"""The wallet: PayPlug's balance beside the books, the reports behind it, and what is to be said once."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_security import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from core.charts import CHART_THEMES
from core.clock import paris_today
from core.database import db, transaction
from core.errors import NotFoundError, SoldeError
from core.files import StoredFile, read_bytes
from core.web.forms import put_errors
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.uploads import takes_files
from invoicing.errors import InvalidInputError
from invoicing.input_checks import clean_text
from payplug_bridge.keys import stored_modes
from payplug_bridge.models import PayplugMode
from payplug_bridge.operations.book_disputes import book_disputes
from payplug_bridge.operations.book_operations import book_operations
from payplug_bridge.operations.forms import DaysForm, OpeningForm, UploadForm
from payplug_bridge.operations.import_report import import_report, preview
from payplug_bridge.operations.models import (
    OperationKind,
    PayplugOperation,
    PayplugReport,
    ReportOrigin,
    ReportState,
)
from payplug_bridge.operations.report_cells import ReportRefused
from payplug_bridge.operations.report_reader import read_report
from payplug_bridge.operations.report_summary import summary_of
from payplug_bridge.operations.request_reports import want_report
from payplug_bridge.operations.upload_report import discard_report, upload_report
from payplug_bridge.operations.wallet import wallet_standing
from payplug_bridge.operations.wallet_months import wallet_chart, wallet_months
from payplug_bridge.operations.wallet_opening import open_wallet
from payplug_bridge.operations.words import KINDS, PENDING, STATES, words_for_problem, words_for_reason

blueprint = Blueprint("wallet", __name__, url_prefix="/payplug/wallet")
LONGEST_REPORT_DAYS = 366


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The balances, and every line of the difference."""
    return _wallet_page(OpeningForm.proposed())


@blueprint.get("/months-<theme>.svg")
@requires(Right.BOOKS)
def chart(theme: str) -> Response:
    """Twelve months of the wallet as an image."""
    shown = theme if theme in CHART_THEMES else CHART_THEMES[0]
    image = wallet_chart(wallet_months(), shown, is_narrow=request.args.get("narrow") == "1")
    answer = Response(image, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.post("/opening")
@requires(Right.BOOKS)
def opening() -> ResponseReturnValue:
    """Say the opening balance, once."""
    form, actor = OpeningForm(), current_user.id
    if form.validate():
        try:
            with transaction():
                open_wallet(
                    form.opens_on.data, form.amount.scaled or 0, form.account.data or 0, actor_id=actor
                )
        except InvalidInputError as error:
            put_errors(form, error.errors)
        else:
            flash(gettext("The opening balance is booked."), "success")
            return redirect(url_for("wallet.index"), code=303)
    return _wallet_page(form), 422


@blueprint.post("/operations/<int:operation_id>/waiting")
@requires(Right.BOOKS)
def put_on_waiting_account(operation_id: int) -> BaseResponse:
    """Book an operation that nobody understands on the waiting account."""
    with transaction():
        operation = db.session.get(PayplugOperation, operation_id)
        if operation is None or operation.kind is not OperationKind.UNKNOWN:
            raise NotFoundError
        book_operations([operation_id])
    flash(gettext("The operation stands on the waiting account."), "success")
    return redirect(url_for("wallet.index"), code=303)


@blueprint.get("/reports")
@requires(Right.BOOKS)
def reports() -> str:
    """The reports, newest first, and how to get another."""
    return _reports_page(UploadForm(formdata=None), DaysForm.of_last_month())


@blueprint.post("/reports")
@requires(Right.BOOKS)
@takes_files
def upload() -> ResponseReturnValue:
    """Take a file that a person downloaded in PayPlug's portal."""
    form, actor = UploadForm(), current_user.id
    if form.validate():
        storage = form.file.data
        try:
            name = clean_text(PurePath((storage.filename or "").replace("\\", "/")).name)
            report_id = upload_report(storage.read(), name, actor_id=actor)
        except SoldeError as error:
            put_errors(form, {error.field or "file": error.message})
        else:
            return redirect(url_for("wallet.report", report_id=report_id), code=303)
    return _reports_page(form, DaysForm.of_last_month()), 422


@blueprint.post("/reports/ask")
@requires(Right.BOOKS)
def ask() -> ResponseReturnValue:
    """Have PayPlug make a report of some days."""
    form, actor = DaysForm(), current_user.id
    if form.validate() and _days_are_right(form):
        with transaction():
            want_report(form.starts_on.data, form.ends_on.data, actor_id=actor)
        flash(gettext("PayPlug is asked for the report. It usually takes a few minutes."), "info")
        return redirect(url_for("wallet.reports"), code=303)
    return _reports_page(UploadForm(formdata=None), form), 422


@blueprint.get("/reports/<int:report_id>")
@requires(Right.BOOKS)
def report(report_id: int) -> str:
    """What a report says: before it is booked a preview, afterwards what came of it."""
    row, digest = _report(report_id)
    try:
        found = summary_of(preview(read_report(read_bytes(digest)))) if digest else None
    except ReportRefused:  # what PayPlug's API gave could not be read: its file can be fetched all the same
        found = None
    return render_template(
        "payplug/wallet_report.html",
        report=row,
        found=found,
        has_file=digest is not None,
        is_to_read=row.state is ReportState.STORED,
        kinds=KINDS,
        states=STATES,
        reason_words=words_for_reason,
        problem_words=words_for_problem,
    )


@blueprint.post("/reports/<int:report_id>/read")
@requires(Right.BOOKS)
def read(report_id: int) -> BaseResponse:
    """Take the rows of an uploaded report in and book them."""
    taken = import_report(report_id, actor_id=current_user.id)
    new = taken.new_rows
    book_disputes()
    flash(
        ngettext("The report is booked: %(num)d new line.", "The report is booked: %(num)d new lines.", new),
        "success",
    )
    return redirect(url_for("wallet.report", report_id=report_id), code=303)


@blueprint.post("/reports/<int:report_id>/discard")
@requires(Right.BOOKS)
def discard(report_id: int) -> BaseResponse:
    """Put an uploaded report aside."""
    actor = current_user.id
    with transaction():
        discard_report(report_id, actor_id=actor)
    flash(gettext("The report is put aside. Nothing of it was booked."), "info")
    return redirect(url_for("wallet.reports"), code=303)


@blueprint.get("/reports/<int:report_id>/file")
@requires(Right.BOOKS)
def file(report_id: int) -> Response:
    """The file of a report as it came."""
    row, digest = _report(report_id)
    if digest is None:
        raise NotFoundError
    ending = "xlsx" if read_bytes(digest).startswith(b"PK") else "csv"
    headers = {"Content-Disposition": f"attachment; filename=payplug-report-{row.id}.{ending}"}
    return Response(read_bytes(digest), content_type="application/octet-stream", headers=headers)


def _wallet_page(form: OpeningForm) -> str:
    return render_template(
        "payplug/wallet.html",
        standing=wallet_standing(),
        months=wallet_months(),
        form=form,
        kinds=KINDS,
        pending_words=PENDING,
    )


def _reports_page(upload_form: UploadForm, days_form: DaysForm) -> str:
    total = db.session.scalar(select(func.count()).select_from(PayplugReport)) or 0
    page = Page.of_request(total)
    newest = select(PayplugReport).order_by(PayplugReport.id.desc()).limit(page.size).offset(page.offset)
    return render_template(
        "payplug/wallet_reports.html",
        reports=db.session.scalars(newest).all(),
        page=page,
        upload_form=upload_form,
        days_form=days_form,
        may_ask=PayplugMode.LIVE in stored_modes(),
        uploaded=ReportOrigin.UPLOAD,
        states=STATES,
        reason_words=words_for_reason,
    )


def _report(report_id: int) -> tuple[PayplugReport, str | None]:
    """The report and the hash of its file, None while there is none."""
    row = db.session.execute(
        select(PayplugReport, StoredFile.sha256)
        .outerjoin(StoredFile, StoredFile.id == PayplugReport.file_id)
        .where(PayplugReport.id == report_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return row[0], row[1]


def _days_are_right(form: DaysForm) -> bool:
    days = (form.ends_on.data - form.starts_on.data).days
    if form.starts_on.data > paris_today():
        put_errors(
            form, {"starts_on": gettext("The date lies in the future. Choose today or an earlier day.")}
        )
    elif not 0 <= days < LONGEST_REPORT_DAYS:
        put_errors(form, {"ends_on": gettext("Choose a day after the first one, at most a year later.")})
    return not form.errors
