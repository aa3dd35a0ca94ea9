"""Actions on many documents: what would be done, the order, how far a run has come, the runs there were."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from core.database import commit_once
from core.errors import OutdatedError
from core.web.pages import Page
from core.web.rights import Right, requires
from invoicing.bulk import (
    chosen_by,
    count_runs,
    find_run,
    list_items,
    list_runs,
    progress_of,
)
from invoicing.bulk_plan import MOST_DOCUMENTS, BulkPlan, plan_bulk
from invoicing.errors import InvalidInputError
from invoicing.forms.bulk import ACTIONS, BulkForm, asked_action, ids_in
from invoicing.models import BulkItemState, BulkRun
from invoicing.order_bulk import order_bulk
from invoicing.routes.invoices import wanted_documents

blueprint = Blueprint("bulk", __name__, url_prefix="/invoices/bulk")


@blueprint.get("")
@requires(Right.INVOICE)
def confirm() -> str:
    """How many documents, and what they come to: asked before anything is done."""
    action = asked_action(request.args.get("action"))
    if request.args.get("all"):
        # One more than is done, so that the page knows that there are more.
        chosen = chosen_by(wanted_documents(), action, MOST_DOCUMENTS + 1)
    else:
        chosen = ids_in(request.args.getlist("document"))
    return _asked(plan_bulk(action, chosen[:MOST_DOCUMENTS]), has_more=len(chosen) > MOST_DOCUMENTS)


def _asked(plan: BulkPlan, *, has_more: bool = False, fault: str = "") -> str:
    form = BulkForm(formdata=None)
    form.action.data, form.seen.data = plan.action.value, plan.seen
    form.documents.data = ",".join(str(document.id) for document in plan.documents)
    return render_template(
        "invoicing/bulk_confirm.html",
        plan=plan,
        form=form,
        action=ACTIONS[plan.action],
        has_more=has_more,
        most=MOST_DOCUMENTS,
        fault=fault,
    )


@blueprint.post("")
@requires(Right.INVOICE)
def order() -> ResponseReturnValue:
    """Do it: the worker begins at once."""
    given = BulkForm().as_input(current_user.id)
    try:
        run_id = commit_once(lambda: order_bulk(given).id)
    except (OutdatedError, InvalidInputError) as error:
        present = plan_bulk(given.action, given.document_ids[:MOST_DOCUMENTS])
        return _asked(present, fault=str(error)), error.status
    return redirect(url_for("bulk.show", run_id=run_id), code=303)


@blueprint.get("/runs")
@requires(Right.READ)
def runs() -> str:
    """The runs there were, the latest on top."""
    page = Page.of_request(count_runs())
    return render_template(
        "invoicing/bulk_runs.html",
        runs=list_runs(limit=page.size, offset=page.offset),
        page=page,
        actions=ACTIONS,
    )


@blueprint.get("/runs/<int:run_id>")
@requires(Right.READ)
def show(run_id: int) -> str:
    """How far a run has come, and what was refused and why."""
    run = find_run(run_id)
    progress, state = progress_of(run), _asked_state()
    counts = {
        None: progress.total, BulkItemState.REFUSED: progress.refused, BulkItemState.DONE: progress.done,
        BulkItemState.WAITING: progress.waiting,
    }  # fmt: skip
    page = Page.of_request(counts[state])
    return render_template(
        "invoicing/bulk_run.html",
        run=run,
        progress=progress,
        action=ACTIONS[run.action],
        wanted=state,
        counts=counts,
        items=list_items(run_id, state, limit=page.size, offset=page.offset),
        page=page,
        mark=_mark(run),
    )


def _asked_state() -> BulkItemState | None:
    asked = request.args.get("state", "")
    return BulkItemState(asked) if asked in set(BulkItemState) else None


def _mark(run: BulkRun) -> str:
    """Changes when the page of a run would."""
    progress = progress_of(run)
    return f"{progress.done}-{progress.refused}-{'ended' if run.finished_at else 'running'}"


@blueprint.get("/runs/<int:run_id>/state.json")
@requires(Right.READ)
def state(run_id: int) -> Response:
    """How far it has come; asked by the page while somebody looks at it."""
    run = find_run(run_id)
    answer = jsonify(state=_mark(run), final=run.finished_at is not None)
    answer.headers["Cache-Control"] = "no-store"
    return answer
