"""The fault panel and the assumptions page: the same switches as the control API, for people."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import faults
from payplug_bridge.simulator.control import clear_all_faults
from payplug_bridge.simulator.lifecycle import time_out_expired
from payplug_bridge.simulator.session import assume, clock_offset, current_simulator, set_clock_offset

blueprint = Blueprint("fault_panel", __name__, url_prefix="/portal")


@blueprint.get("/faults")
def show_faults() -> ResponseReturnValue:
    """What is wrong now, and what can be made to go wrong."""
    return render_template(
        "faults.html",
        in_force=faults.faults_in_force(current_simulator().read()),
        groups=[
            ("api_faults", [kind for kind in faults.FaultKind if kind in faults.API_KINDS], faults.CALLS),
            (
                "notification_faults",
                [kind for kind in faults.FaultKind if kind in faults.NOTIFICATION_KINDS],
                faults.REASONS,
            ),
        ],
        parameters=faults.PARAMETERS,
        reasons=faults.REASONS,
        refusal=request.args.get("refusal"),
    )


@blueprint.post("/faults")
def set_fault() -> ResponseReturnValue:
    """Put one fault in force."""
    form = request.form
    try:
        kind = faults.FaultKind(form.get("kind", ""))
        given = {name: int(form[name]) for name in faults.PARAMETERS.get(kind, {}) if form.get(name)}
        times = int(form["times"]) if form.get("times") else None
        target = form.get("target", faults.ANY)
        with current_simulator().write() as session:
            faults.set_fault(session, kind, target=target, times=times, parameters=given)
    except ValueError as refusal:
        return redirect(url_for("fault_panel.show_faults", refusal=str(refusal)), 303)
    return redirect(url_for("fault_panel.show_faults", done=1), 303)


@blueprint.post("/faults/<int:fault_id>/end")
def end_fault(fault_id: int) -> ResponseReturnValue:
    """End one fault."""
    with current_simulator().write() as session:
        faults.remove_fault(session, fault_id)
    return redirect(url_for("fault_panel.show_faults", done=1), 303)


@blueprint.post("/faults/clear")
def clear_faults() -> ResponseReturnValue:
    """Back to normal."""
    clear_all_faults(current_simulator())
    return redirect(url_for("fault_panel.show_faults", done=1), 303)


@blueprint.get("/assumptions")
def show_assumptions() -> ResponseReturnValue:
    """Every assumption with its value, and the clock."""
    session = current_simulator().read()
    values = asdict(session.assumptions)
    return render_template(
        "assumptions.html",
        switches={name: value for name, value in values.items() if isinstance(value, bool)},
        numbers={name: value for name, value in values.items() if type(value) in (int, float)},
        lists={name: value for name, value in values.items() if isinstance(value, tuple)},
        now=session.now,
        offset=clock_offset(session),
        refusal=request.args.get("refusal"),
    )


@blueprint.post("/assumptions")
def change_assumptions() -> ResponseReturnValue:
    """Take over the whole form: an unticked switch is off."""
    try:
        with current_simulator().write() as session:
            values = asdict(session.assumptions)
            switches = {
                name: name in request.form for name, value in values.items() if isinstance(value, bool)
            }
            numbers = {
                name: type(value)(request.form[name])
                for name, value in values.items()
                if type(value) in (int, float) and name in request.form
            }
            assume(session, {**switches, **numbers})
    except ValueError as refusal:
        return redirect(url_for("fault_panel.show_assumptions", refusal=str(refusal)), 303)
    return redirect(url_for("fault_panel.show_assumptions", done=1), 303)


@blueprint.post("/clock")
def move_clock() -> ResponseReturnValue:
    """Put the simulated clock ahead; pages whose time has come expire."""
    try:
        offset = int(request.form.get("offset", "0"))
    except ValueError as refusal:
        return redirect(url_for("fault_panel.show_assumptions", refusal=str(refusal)), 303)
    with current_simulator().write() as session:
        set_clock_offset(session, offset)
    with current_simulator().write() as session:
        time_out_expired(session)
    return redirect(url_for("fault_panel.show_assumptions", done=1), 303)
