"""`/health`: the process lives. `/ready`: database, queue and storage answer."""

from __future__ import annotations

import shutil
from pathlib import Path

from flask import Blueprint, current_app, jsonify
from sqlalchemy import text
from werkzeug.wrappers import Response

from core.database import db
from core.web.rights import public

LEAST_FREE_BYTES = 100 * 1024 * 1024

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def health() -> Response:
    """Alive."""
    return jsonify(status="ok")


@blueprint.get("/ready")
@public
def ready() -> tuple[Response, int]:
    """Ready to serve: 200, or 503 with what is missing."""
    checks = {"database": _database(), "queue": _queue(), "disk": _disk()}
    return jsonify(checks), 200 if all(checks.values()) else 503


def _database() -> bool:
    try:
        return bool(db.session.execute(text("SELECT 1")).scalar() == 1)
    except Exception:  # noqa: BLE001  # whatever is wrong, the answer is "not ready"
        return False


def _queue() -> bool:
    try:
        current_app.extensions["solde_huey"].pending_count()
    except Exception:  # noqa: BLE001
        return False
    return True


def _disk() -> bool:
    return shutil.disk_usage(Path.cwd()).free > LEAST_FREE_BYTES
