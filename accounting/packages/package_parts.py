"""What goes into a package of a period (the accountant's month, the archive of a year): each package adds its parts.

The ledger knows no invoice and no PayPlug: invoicing adds the PDFs and the payments, the bridge the reconciliation of
the wallet, in their `wiring.py`. `write_package` writes what the parts give into one ZIP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from flask import Flask, current_app
from flask_babel import LazyString

PackagedFile: TypeAlias = tuple[str, bytes | Path]
"""Its path in the ZIP (`/` between folders), and its content or a file in the folder of the period that holds it."""


@dataclass(frozen=True)
class PackagePeriod:
    """The days a package is about, both included, and an empty folder where parts may write files of theirs."""

    starts_on: date
    ends_on: date
    folder: Path


@dataclass(frozen=True)
class PackagePart:
    """One part of a package.

    Attributes:
        name: what a package asks for it by.
        label: what the notice calls it, in one line.
        files: gives the files one by one, so that no more than one is in memory. Reads with the company entered,
            outside any transaction; it is called once per package and may be asked again after a crash.
        count: about how many files there will be, for the bar; cheap.
        order: smaller stands first in the ZIP.
    """

    name: str
    label: LazyString | str
    files: Callable[[PackagePeriod], Iterator[PackagedFile]]
    count: Callable[[PackagePeriod], int] = lambda _period: 1
    order: int = 50


def add_package_part(app: Flask, part: PackagePart) -> None:
    """Add a part; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_package_parts", {})[part.name] = part


def package_parts() -> list[PackagePart]:
    """Every part that was added, in the order of the ZIP."""
    added: dict[str, PackagePart] = current_app.extensions.get("solde_package_parts", {})
    return sorted(added.values(), key=lambda part: (part.order, part.name))
