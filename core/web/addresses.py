"""Ids and tokens in addresses: what no row can have is answered like any unknown address, before a database sees it."""

from __future__ import annotations

import re

from flask import Flask, current_app
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class IdConverter(IntegerConverter):
    """The `int` of our routes, held to what a BIGINT column takes: a larger one is a 404, not a database error."""

    def __init__(self, map: Map) -> None:  # noqa: A002  # the name is Werkzeug's
        super().__init__(map, max=LARGEST_ID)


def init_addresses(app: Flask) -> None:
    """Use the converter in every route registered from now on."""
    app.url_map.converters["int"] = IdConverter


def path_to(endpoint: str, **values: object) -> str:
    """The path of a page, outside a request too: for what a worker writes down and a page shows later."""
    return current_app.url_map.bind("").build(endpoint, values)


def is_token(text: str) -> bool:
    """True for what `secrets.token_urlsafe` may have made. Anything else is no token: PostgreSQL refuses a NUL byte."""
    return _TOKEN.fullmatch(text) is not None
