"""Accounting reports in the v1 API, and the address their files are fetched from. Wired by `app.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator.api import authenticate, blueprint, json_body
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.payment_request import INVALID
from payplug_bridge.simulator.reports import file_of, find_report, report_object, request_report
from payplug_bridge.simulator.session import current_simulator

files = Blueprint("report_files", __name__)
LONGEST_DAYS = 366
KNOWN = frozenset({"start_date", "end_date", "notification_url"})


@blueprint.post("/accounting_reports")
def create_report() -> ResponseReturnValue:
    """Have a report made; 201, its file comes later."""
    with current_simulator().write() as session:
        account, is_live = authenticate(session)
        body = json_body()
        start, end, url = _checked(body)
        report = request_report(session, account.id, start, end, is_live=is_live, notification_url=url)
        return jsonify(report_object(session, report)), 201


@blueprint.get("/accounting_reports/<report_id>")
def retrieve_report(report_id: str) -> ResponseReturnValue:
    """The report as it is now."""
    session = current_simulator().read()
    account, is_live = authenticate(session)
    report = find_report(session, report_id)
    if report is None or report.account_id != account.id:
        raise ApiError(404, "The requested accounting report does not exist.")
    if report.is_live != is_live:
        raise ApiError(403, "The report belongs to the other mode: use the other secret key.")
    return jsonify(report_object(session, report))


@files.get("/reports/<token>")
def report_file(token: str) -> ResponseReturnValue:
    """The file; no key is asked for, the address is enough."""
    try:
        report = file_of(current_simulator().read(), token)
    except ApiError as gone:
        return Response(gone.message, gone.status, mimetype="text/plain")
    return Response(report.content, mimetype=report.media_type)


def _checked(body: object) -> tuple[date, date, str | None]:
    if not isinstance(body, Mapping):
        raise ApiError(400, "The request body must be a JSON object.")
    errors: dict[str, object] = {name: "This field is unknown." for name in body if name not in KNOWN}
    days = {}
    for name in ("start_date", "end_date"):
        try:
            days[name] = date.fromisoformat(str(body.get(name)))
        except ValueError:
            errors[name] = "This field must be a date such as 2026-09-01."
    url = body.get("notification_url")
    if url is not None and not (isinstance(url, str) and url.startswith(("http://", "https://"))):
        errors["notification_url"] = "This field must be an address."
    if not errors and not 0 <= (days["end_date"] - days["start_date"]).days < LONGEST_DAYS:
        errors["end_date"] = "This field must not be before start_date, nor a year after it."
    if errors:
        raise ApiError(400, INVALID, errors)
    return days["start_date"], days["end_date"], url
