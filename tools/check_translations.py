"""The French catalogue must be complete, exact and well set: the program's texts, no other. Part of `make check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from tools.french_typography import typography_faults
from tools.translations import FRENCH, ROOT, extract, load_french

_VALUE = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"</?\w+")


def catalogue_faults(wanted: Catalog, french: Catalog) -> Iterator[str]:
    """Yield one line for each text that is missing, left over or badly translated."""
    for message in wanted:
        if message.id and french.get(message.id, message.context) is None:
            yield f"missing: {_name(message)}"
    for message in french:
        if not message.id:
            continue
        if wanted.get(message.id, message.context) is None:
            yield f"no longer used: {_name(message)}"
        yield from (f"{fault}: {_name(message)}" for fault in _message_faults(message, french))
    for message in french.obsolete.values():
        yield f"obsolete: {_name(message)}"


def _message_faults(message: Message, french: Catalog) -> Iterator[str]:
    ids, strings = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not strings or not all(strings):
        yield "without French"
        return
    yield from (str(error) for error in message.check(french))
    for pattern, kind in ((_VALUE, "values"), (_TAG, "tags")):
        yield from _pattern_faults(pattern, kind, ids, strings)
    for string in strings:
        yield from typography_faults(string)


def _pattern_faults(
    pattern: re.Pattern[str], kind: str, ids: tuple[str, ...], strings: tuple[str, ...]
) -> Iterator[str]:
    # French says the singular for 0 too ("0 facture"): both forms carry what the English plural carries.
    expected = sorted(pattern.findall(ids[-1]))
    if any(sorted(pattern.findall(string)) != expected for string in strings):
        yield f"other {kind} than in English"


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _name(message: Message) -> str:
    return f"“{_forms(message.id)[0]}”"


def main() -> int:
    """Print each fault; return 1 when there is one."""
    faults = list(catalogue_faults(extract(), load_french()))
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} faults in {FRENCH.relative_to(ROOT)} (`make translations` collects new texts)")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
