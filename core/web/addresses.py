"""Ids in addresses: numbers that no row can have are answered like any unknown address, before a database sees them."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """The `int` of our routes, held to what a BIGINT column takes: a larger one is a 404, not a database error."""

    def __init__(self, map: Map) -> None:  # noqa: A002  # the name is Werkzeug's
        super().__init__(map, max=LARGEST_ID)


def init_addresses(app: Flask) -> None:
    """Use the converter in every route registered from now on."""
    app.url_map.converters["int"] = IdConverter
