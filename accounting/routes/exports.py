"""Export batches: what would be exported, the order, the history, the file again, cancelling, the settings."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from accounting.errors import AccountingError
from accounting.exports.batches import count_batches, find_batch, latest_batch, list_batches
from accounting.exports.cancel_batch import cancel_batch
from accounting.exports.export_task import order_export
from accounting.exports.formats import FORMATS
from accounting.exports.forms import CancelForm, ChoiceForm, ExportSettingsForm, OrderForm
from accounting.exports.make_batch import PiecesHeld
from accounting.exports.models import ExportBatch
from accounting.exports.selection import (
    ExportChoice,
    earliest_free_day,
    exportable_journals,
    preview_export,
    usual_journals,
)
from accounting.exports.settings import export_settings, set_export_settings
from core.clock import paris_today
from core.database import transaction
from core.errors import OutdatedError
from core.web.forms import put_errors, tell_outdated
from core.web.pages import Page
from core.web.rights import Right, requires
from core.web.tasks import stored_file_answer

blueprint = Blueprint("exports", __name__, url_prefix="/books/exports")


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """The history, and what to export next."""
    return _index(_proposed(), usual_journals())


def _proposed() -> ChoiceForm:
    """From the first day that is in no batch to the end of the month before this one, in the format used last."""
    end = paris_today().replace(day=1) - timedelta(days=1)
    start = earliest_free_day(usual_journals()) or end.replace(day=1)
    if start > end:
        end = paris_today()
    last = latest_batch()
    return ChoiceForm(
        formdata=None, data={"format": last.format if last else None, "first": min(start, end), "last": end}
    )


def _index(form: ChoiceForm, ticked: tuple[str, ...]) -> str:
    page = Page.of_request(count_batches())
    return render_template(
        "accounting/exports.html",
        form=form,
        formats=FORMATS,
        journals=exportable_journals(),
        ticked=ticked,
        batches=list_batches(limit=page.size, offset=page.offset),
        page=page,
    )


@blueprint.get("/preview")
@requires(Right.BOOKS)
def preview() -> ResponseReturnValue:
    """How many entries and what they come to, journal by journal: seen before anything is made."""
    form, ticked = ChoiceForm.of_request(), _ticked()
    choice = form.chosen(ticked)
    if choice is None:
        return _index(form, ticked), 400
    return _preview(choice)


def _ticked() -> tuple[str, ...]:
    asked = set(request.args.getlist("journal"))
    return tuple(journal.code for journal in exportable_journals() if journal.code in asked)


def _preview(choice: ExportChoice, *, fault: str = "") -> str:
    shown = preview_export(choice)
    form = OrderForm(formdata=None)
    form.seen.data = shown.seen
    earliest = earliest_free_day(choice.journals)
    return render_template(
        "accounting/export_preview.html",
        shown=shown,
        form=form,
        fault=fault,
        earliest=earliest if earliest and earliest < choice.starts_on else None,
        address=_address_of(choice),
        widened=_address_of(choice, first=earliest) if earliest else {},
    )


def _address_of(choice: ExportChoice, *, first: date | None = None) -> dict[str, object]:
    return {
        "format": choice.format,
        "first": (first or choice.starts_on).isoformat(),
        "last": choice.ends_on.isoformat(),
        "journal": list(choice.journals),
    }


@blueprint.post("/preview")
@requires(Right.BOOKS)
def order() -> ResponseReturnValue:
    """Make the batch that the page showed."""
    ticked = _ticked()
    choice = ChoiceForm.of_request().chosen(ticked)
    if choice is None:
        return preview()
    given = OrderForm()
    try:
        kind, id_ = order_export(
            choice, seen=given.seen.data or "", request_key=given.request_key.key, actor_id=current_user.id
        )
    except (PiecesHeld, AccountingError) as error:
        return _preview(choice, fault=str(error)), error.status
    if kind == "task":
        return redirect(url_for("tasks.show", task_id=id_), code=303)
    flash(gettext("The batch is ready. Its entries will be in no other one."), "success")
    return redirect(url_for("exports.show", batch_id=id_), code=303)


@blueprint.get("/<int:batch_id>")
@requires(Right.BOOKS)
def show(batch_id: int) -> str:
    """One batch: what is in it, its file, who made it, whether it stands."""
    return _batch_page(find_batch(batch_id), CancelForm(formdata=None))


def _batch_page(batch: ExportBatch, form: CancelForm) -> str:
    return render_template(
        "accounting/export_batch.html", batch=batch, form=form, found=FORMATS.get(batch.format)
    )


@blueprint.get("/<int:batch_id>/file")
@requires(Right.BOOKS)
def file(batch_id: int) -> Response:
    """The file as it was made, byte for byte."""
    batch = find_batch(batch_id)
    return stored_file_answer(batch.stored_file, batch.file_name)


@blueprint.post("/<int:batch_id>/cancel")
@requires(Right.BOOKS)
def cancel(batch_id: int) -> ResponseReturnValue:
    """Cancel it, with a reason: its entries may be exported again."""
    form, actor = CancelForm(), current_user.id
    find_batch(batch_id)
    if not form.validate():
        return _batch_page(find_batch(batch_id), form), 400
    try:
        with transaction():
            cancel_batch(batch_id, form.reason.data or "", actor_id=actor)
    except AccountingError as error:
        put_errors(form, {error.field or "": error})
        return _batch_page(find_batch(batch_id), form), error.status
    flash(gettext("The batch is cancelled. Its entries can be exported again."), "success")
    return redirect(url_for("exports.show", batch_id=batch_id), code=303)


@blueprint.get("/settings")
@requires(Right.BOOKS)
def settings() -> str:
    """What the accountant's software wants."""
    return _settings_page(ExportSettingsForm(formdata=None, obj=export_settings()))


@blueprint.post("/settings")
@requires(Right.BOOKS)
def save_settings() -> ResponseReturnValue:
    """Save it for later files."""
    form, actor = ExportSettingsForm(), current_user.id
    if not form.validate():
        return _settings_page(form), 400
    try:
        with transaction():
            set_export_settings(form.as_input(), actor_id=actor)
    except OutdatedError as error:
        tell_outdated(form, form.version, error, url_for("exports.settings"))
        return _settings_page(form), error.status
    except AccountingError as error:
        put_errors(form, {error.field or "": error})
        return _settings_page(form), error.status
    flash(gettext("Saved. It holds for files to come."), "success")
    return redirect(url_for("exports.settings"), code=303)


def _settings_page(form: ExportSettingsForm) -> str:
    if form.account_length.data is None and not form.errors:
        form.account_length.data = 0
    return render_template("accounting/export_settings.html", form=form)
