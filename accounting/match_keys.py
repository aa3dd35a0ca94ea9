"""Match keys (`invoice:12`): what stands on one is settled together. Kinds are named by the packages above.

The registries that say something about keys (`due_dates`, `key_documents`, `settled_kinds`) take them apart here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable


def kind_of_key(match_key: str) -> str:
    """What stands before the colon."""
    return match_key.partition(":")[0]


def ids_by_kind(match_keys: Iterable[str], kinds: Container[str]) -> dict[str, list[int]]:
    """The ids of the keys of these kinds, in order; keys of other kinds, and those without an id, are left out."""
    ids: dict[str, set[int]] = defaultdict(set)
    for key in match_keys:
        kind, _, number = key.partition(":")
        if kind in kinds and number.isdecimal():
            ids[kind].add(int(number))
    return {kind: sorted(wanted) for kind, wanted in ids.items()}
