"""Kinds of match keys whose documents answer for what is open on them: packages above register theirs.

The ledger letters such lines by itself when the document is settled. By hand they are lettered only where the lines of
each key are even: an invoice lettered with a payment that does not settle it would be paid in the books alone.
"""

from __future__ import annotations

from flask import Flask, current_app

from accounting.match_keys import kind_of_key


def add_settled_kinds(app: Flask, *kinds: str) -> None:
    """Register kinds of keys (what stands before the colon); called by the `wiring.py` of who makes them."""
    app.extensions.setdefault("solde_settled_kinds", set()).update(kinds)


def is_settled_elsewhere(match_key: str) -> bool:
    """Whether a document answers for what is open on the key."""
    kinds: set[str] = current_app.extensions.get("solde_settled_kinds", set())
    return kind_of_key(match_key) in kinds
