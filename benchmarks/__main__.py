"""`python -m benchmarks [NAME …]`: run all measures, or those that are named."""

from __future__ import annotations

import logging
import sys
from importlib import import_module

NAMES = ("verbs", "pdf", "bulk", "notifications", "fec", "list_page", "books", "package", "start")


def main(arguments: list[str]) -> int:
    """Run the measures named; an unknown name is an error."""
    options = [argument for argument in arguments if argument.startswith("--")]
    names = [argument for argument in arguments if not argument.startswith("--")] or list(NAMES)
    unknown = [name for name in names if name not in NAMES] + [o for o in options if o != "--large"]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(NAMES)}, --large", file=sys.stderr)
        return 2
    logging.getLogger("alembic").setLevel(logging.WARNING)
    print(
        "Ratios are medians of rounds run in turns, ours and bare; absolute times are this machine's, as it is now."
    )
    for name in names:
        module = import_module(f"benchmarks.{name}")
        if name in ("list_page", "books", "bulk", "fec", "package"):
            module.run(large="--large" in options)
        else:
            module.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
