"""The document that a match key stands for, by name and page: packages above say it for the keys that are theirs.

Of what another software began, or a closing carried on, the first entry says little: the key still names the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from flask import Flask, current_app, url_for

from accounting.match_keys import ids_by_kind


class KeyDocument(NamedTuple):
    """How it is called, and its page: an endpoint with the id it takes (`argument`); empty where it has none."""

    name: str
    endpoint: str = ""
    argument: str = ""
    id: int = 0

    @property
    def url(self) -> str:
        """The address of its page, for pages (files are written where there are none)."""
        return url_for(self.endpoint, **{self.argument: self.id}) if self.endpoint else ""  # type: ignore[arg-type]


FindDocuments = Callable[[list[int]], Mapping[int, KeyDocument]]
"""Gives the documents of these ids, a few queries for all of them."""


def add_key_documents(app: Flask, kind: str, find: FindDocuments) -> None:
    """Register who knows the documents of one kind of key (`invoice`); called by the `wiring.py` that makes them."""
    app.extensions.setdefault("solde_key_documents", {})[kind] = find


def documents_of_keys(match_keys: Iterable[str]) -> dict[str, KeyDocument]:
    """The document of each key that has one; others are left out."""
    finders: dict[str, FindDocuments] = current_app.extensions.get("solde_key_documents", {})
    return {
        f"{kind}:{id_}": document
        for kind, wanted in ids_by_kind(match_keys, finders).items()
        for id_, document in finders[kind](wanted).items()
    }
