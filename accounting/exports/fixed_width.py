"""Records of fixed width: each field has its position and length in a table, which tests read too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from accounting.exports.text import DoesNotFit, ascii_text


@dataclass(frozen=True)
class Field:
    """One field of a record.

    Attributes:
        name: what the values are given by.
        start: its first position, counted from 1 as vendors' tables do.
        length: its length in bytes (ASCII: characters).
        right: set against its right end.
        fill: what fills it up.
        default: what stands there when no value is given.
        is_whole: a value that does not fit is an error; else its end is cut off.
    """

    name: str
    start: int
    length: int
    right: bool = False
    fill: str = " "
    default: str = ""
    is_whole: bool = False


class Record:
    """A kind of record: its fields in order, without a gap or an overlap."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields: Final = tuple(fields)
        place = 1
        for field in self.fields:
            assert field.start == place, f"{field.name} begins at {field.start}, not {place}"
            place += field.length
        self.length: Final = place - 1

    def line(self, values: Mapping[str, str]) -> bytes:
        """The record without its line end; exactly `length` bytes of ASCII.

        Raises:
            DoesNotFit: a value that must stay whole is too long.
        """
        unknown = values.keys() - {field.name for field in self.fields}
        assert not unknown, unknown
        return "".join(_fitted(field, values.get(field.name, field.default)) for field in self.fields).encode(
            "ascii"
        )


def _fitted(field: Field, value: str) -> str:
    text = ascii_text(value)
    if len(text) > field.length:
        if field.is_whole:
            raise DoesNotFit(value)
        text = text[: field.length]
    return text.rjust(field.length, field.fill) if field.right else text.ljust(field.length, field.fill)
