"""Numbers as people read them, and sparklines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.cli.terminal import can_show

__all__ = ["NONE", "given", "number", "percent", "signed", "sparkline", "year"]

NONE = "—"
BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-~=+*#"


def number(value: float | None) -> str:
    """Return a number with about four digits: 1,024 · 705.1 · 43.7 · 5.12 · 0.80 · 0.051."""
    if value is None or not math.isfinite(value):
        return NONE
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.2g}"


def given(value: float | None) -> str:
    """Return a number as someone would have typed it: 850 · 13.5 · 0.6."""
    return NONE if value is None or not math.isfinite(value) else f"{value:,.6g}"


def signed(value: float | None) -> str:
    """Return a number with its sign, for differences."""
    text = number(value)
    return text if value is None or value < 0 else f"+{text}"


def percent(value: float | None) -> str:
    """Return a share as whole per cent; what is nearly impossible or nearly certain is not rounded away."""
    if value is None or not math.isfinite(value):
        return NONE
    if 0 < value < 0.01:
        return "<1%"
    if 0.99 < value < 1:
        return ">99%"
    return f"{value:.0%}"


def year(value: float | None, never: str) -> str:
    """Return a moment such as 2034.9 (within the year 2034), or ``never``."""
    if value is None or not math.isfinite(value):
        return never
    return str(int(value)) if value == int(value) else f"{value:.1f}"


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
