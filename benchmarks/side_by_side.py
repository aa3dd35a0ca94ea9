"""Timing two things in turns, A B A B …, so that a machine whose speed drifts slows both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How long ours takes for what bare does, pair by pair. Seconds per round, and the ratio ours / bare."""

    ours_s: float
    bare_s: float
    ratio: float
    least: float
    most: float


def compare(ours: Callable[[int], None], bare: Callable[[int], None], rounds: int) -> Ratio:
    """Run both `rounds` times in turns after one warm-up of each; each is told the number of its round (0: warm-up)."""
    pairs = [(seconds(ours, number), seconds(bare, number)) for number in range(rounds + 1)]
    return ratio_of(pairs[1:])


def ratio_of(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """The medians of pairs of seconds (ours, bare), each timed one right after the other."""
    ratios = [ours / bare for ours, bare in pairs]
    return Ratio(
        statistics.median(ours for ours, _ in pairs), statistics.median(bare for _, bare in pairs),
        statistics.median(ratios), min(ratios), max(ratios),
    )  # fmt: skip


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started
