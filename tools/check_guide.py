"""The user's guide is French text as the pages are, and set by the same rules. Part of `make check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.french_typography import typography_faults

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "guide"

# What is not prose: the addresses of links, marks at the beginning of a line, the rule below a table's head.
_NOT_PROSE = re.compile(r"(?<=\])\([^)]*\)|^\s*(?:[-*]|\d+\.) |^\|[-:| ]+\|$")
_CODE = re.compile(r"`[^`]*`")
_CELL = re.compile(r"\s*\|\s*")


def guide_faults(page: str) -> Iterator[str]:
    """Yield one line for each typographic fault of a page in Markdown, with the number of its line."""
    is_code = False
    for number, line in enumerate(page.splitlines(), start=1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code:
            for cell in _CELL.split(_NOT_PROSE.sub("", _CODE.sub("code", line)).strip()):
                yield from (f"{number}: {fault}" for fault in typography_faults(cell))


def main() -> int:
    """Print what is wrong in the guide; 1 if anything is."""
    faults = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in sorted(GUIDE.glob("*.md"))
        for fault in guide_faults(path.read_text())
    ]
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
