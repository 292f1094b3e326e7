"""Sparklines: a line of blocks beside a number. The numbers themselves are written by :mod:`sim.words`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.cli.terminal import can_show

__all__ = ["sparkline"]

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-~=+*#"


def sparkline(
    values: Sequence[float | None], length: int, low: float | None = None, high: float | None = None
) -> str:
    """Return ``values`` as a line of blocks, ``length`` characters; ``low`` and ``high`` fix the scale.

    A console whose encoding lacks the blocks gets ASCII.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return ""
    marks = BLOCKS if can_show(BLOCKS) else PLAIN
    bottom, top = min(known) if low is None else low, max(known) if high is None else high
    span = top - bottom
    levels = [
        int((value - bottom) / span * len(marks)) if span > 0 else 3 for value in _spaced(known, length)
    ]
    return "".join(marks[min(max(level, 0), len(marks) - 1)] for level in levels)


def _spaced(values: list[float], length: int) -> list[float]:
    """Return at most ``length`` of the values, evenly spaced, both ends kept."""
    if len(values) <= length:
        return values
    step = (len(values) - 1) / max(length - 1, 1)
    return [values[round(i * step)] for i in range(length)]
