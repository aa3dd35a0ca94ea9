"""One line a measure: what, on which engine, ours against bare, the aim."""

from __future__ import annotations

from benchmarks.side_by_side import Ratio


def heading(title: str) -> None:
    """Begin a group of measures."""
    print(f"\n{title}", flush=True)


def ratio_line(what: str, ratio: Ratio, *, per: int, aim: str, unit: str = "ms") -> None:
    """Print a ratio of times; `per` is how many things one round does."""
    scale = 1000 / per if unit == "ms" else 1.0
    print(
        f"  {what:<56} {ratio.ratio:6.2f} × bare  (aim {aim}; rounds {ratio.least:.2f} to {ratio.most:.2f};"
        f" {ratio.ours_s * scale:.2f} {unit} against {ratio.bare_s * scale:.2f} {unit})",
        flush=True,
    )


def note(text: str) -> None:
    """Print a figure that is no ratio."""
    print(f"  {text}", flush=True)
