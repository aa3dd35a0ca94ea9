"""Spoils the API's answers on demand: the hooks that `app.py` hangs on the API blueprint.

A fault may hit before the call (nothing happens) or after it (the payment exists, but the caller cannot know).
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, g, jsonify, request

from payplug_bridge.simulator.errors import error_body
from payplug_bridge.simulator.faults import API_KINDS, Fault, FaultKind, count_down, matching
from payplug_bridge.simulator.session import Simulator, current_simulator

PAGE = (
    "<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>nginx</p></body></html>"
)
STATUS_TITLES = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}


def install(blueprint: Blueprint) -> None:
    """Hang the hooks on a blueprint."""
    blueprint.before_request(spoil_before)
    blueprint.after_request(spoil_after)


def spoil_before() -> Response | None:
    """Wait when slowness is asked for, then answer in the call's place if a fault says so."""
    simulator = current_simulator()
    answering = _take(simulator)
    if answering is None:
        return None
    if answering.is_processed_first:
        g.fault_after = answering
        return None
    return _spoiled(simulator, answering)


def spoil_after(response: Response) -> Response:
    """Replace the answer of a call that has been carried out."""
    fault: Fault | None = g.pop("fault_after", None)
    return response if fault is None else _spoiled(current_simulator(), fault)


def _take(simulator: Simulator) -> Fault | None:
    """Count down the faults of this call, sleep for the slow ones, return the first that changes the answer."""
    endpoint = (request.endpoint or "").rpartition(".")[2]
    if not matching(simulator.read(), API_KINDS, endpoint):
        return None
    with simulator.write() as session:
        found = matching(session, API_KINDS, endpoint)
        slow = [fault for fault in found if fault.kind is FaultKind.SLOW]
        answering = [fault for fault in found if fault.kind is not FaultKind.SLOW][:1]
        for fault in slow + answering:
            count_down(session, fault)
    simulator.pause(sum(fault.parameters["milliseconds"] for fault in slow) / 1000)
    return answering[0] if answering else None


def _spoiled(simulator: Simulator, fault: Fault) -> Response:
    if fault.kind is FaultKind.ERROR:
        status = fault.parameters["status"]
        return _html(STATUS_TITLES.get(status, f"{status} Server Error"), status)
    if fault.kind is FaultKind.LOST_ANSWER:
        simulator.pause(fault.parameters["milliseconds"] / 1000)
    return ANSWERS.get(fault.kind, _hang_up)()


def _html(title: str, status: int) -> Response:
    return Response(PAGE.format(title=title), status, mimetype="text/html")


def _json_error(status: int, message: str) -> Response:
    response = jsonify(error_body(message, {}))
    response.status_code = status
    return response


def _hang_up() -> Response:
    """An OSError before the first byte makes waitress close the connection without an answer."""
    return Response(map(_fail, [b""]))


def _fail(_chunk: bytes) -> bytes:
    raise ConnectionResetError("connection dropped on demand")


ANSWERS: dict[FaultKind, Callable[[], Response]] = {
    FaultKind.NULL: lambda: Response("null", 200, mimetype="application/json"),
    FaultKind.HTML: lambda: _html("PayPlug - Maintenance", 200),
    FaultKind.UNAUTHORIZED: lambda: _json_error(401, "The secret key is missing, unknown or revoked."),
    FaultKind.FORBIDDEN: lambda: _json_error(403, "You are not allowed to do this."),
    FaultKind.UNPROCESSABLE: lambda: _json_error(422, "The request cannot be processed."),
    FaultKind.TOO_MANY_REQUESTS: lambda: _json_error(429, "Too many requests."),
}
