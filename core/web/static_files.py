"""Style sheets, scripts and icons at an address that names their content: a browser asks for each once, and an update
changes the address. Scripts and sheets that load others by a relative address keep to the same version.
"""

from __future__ import annotations

import hashlib
from functools import cache, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from flask import Flask
from werkzeug.wrappers import Response

ENDPOINTS: Final = ("static", "bootstrap.static")
YEAR_SECONDS: Final = 365 * 24 * 3600


@cache
def static_url_path(folder: Path) -> str:
    """`/static/` and a digest of all that the folder holds, and of the release of Bootstrap that is served with it."""
    digest = hashlib.sha256(version("Bootstrap-Flask").encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8) + part)
    return f"/static/{digest.hexdigest()[:12]}"


def init_static_files(app: Flask) -> None:
    """Let browsers keep the files; while somebody works on them (debug), they are asked for each time."""
    if app.debug:
        return
    for endpoint in ENDPOINTS:
        app.view_functions[endpoint] = _kept(app.view_functions[endpoint])


def _kept(serve: Any) -> Any:
    @wraps(serve)
    def answer(**path: Any) -> Response:
        found: Response = serve(**path)
        found.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        return found

    return answer
