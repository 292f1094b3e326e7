"""Probabilities and shares: their percentage, their error from sampling, and their word.

The word belongs to the percentage that is printed: 0.898 is printed as 90 % and called what 90 % is called.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from sim.words.numbers import NONE, rounded
from sim.words.vocabulary import word

__all__ = ["BOUNDS", "chance", "likelihood", "percent", "points", "sampling_error", "scale", "whole_percent"]

BOUNDS = {"very_likely": 90, "likely": 66, "even": 34, "unlikely": 11, "very_unlikely": 0}
"""From which whole percentage on each word holds: 10 and less, to 33, to 65, to 89, 90 and more."""


def whole_percent(share: float) -> int:
    """Return a share in whole per cent, halves up: what is printed, and what is judged."""
    return int((Decimal(repr(float(share))) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def chance(share: float | None, members: float | None = None) -> str:
    """Return a probability found in a sample; never 0 % or 100 %, which no sample shows.

    With ``members``, the number of them it was found in, the sampling error follows in points: 85% ±1.
    """
    if share is None or not math.isfinite(share):
        return NONE
    text = "<1%" if share < 0.01 else ">99%" if share > 0.99 else f"{whole_percent(share)}%"
    return text if members is None else f"{text} ±{_error(sampling_error(share, members))}"


def percent(share: float | None) -> str:
    """Return a counted share as a whole percentage; only nothing is 0 % and only everything 100 %."""
    if share is None or not math.isfinite(share):
        return NONE
    size, minus = abs(share), "−" if share < 0 else ""
    if 0 < size < 0.01:
        return f"{minus}<1%" if minus else "<1%"
    return ">99%" if 0.99 < share < 1 else f"{minus}{whole_percent(size)}%"


def points(change: float | None, error: float | None = None) -> str:
    """Return a difference of probabilities in percentage points, with its sampling error: +1.9 ±0.4."""
    if change is None or not math.isfinite(change):
        return NONE
    exact = rounded(100 * round(change, 9), 1)
    text = (f"{exact:+}" if exact else "0.0").replace("-", "−")
    return text if error is None else f"{text} ±{rounded(100 * error, 1)}"


def sampling_error(share: float, members: float) -> float:
    """Return the standard error of a probability found in ``members``: √(p(1−p)/n).

    Where all members or none meet the target, p is taken half a member away from 1 or 0.
    """
    inner = min(max(share, 0.5 / members), 1 - 0.5 / members)
    return math.sqrt(inner * (1 - inner) / members)


def likelihood(share: float) -> str:
    """Return the word of a probability: very_likely, likely, even, unlikely or very_unlikely."""
    printed = whole_percent(share)
    return next(name for name, least in BOUNDS.items() if printed >= least)


def scale(lang: str) -> str:
    """Return the words for probabilities and from where to where each holds, as a list."""
    above, parts = 101, []
    for name, least in BOUNDS.items():
        parts.append(word(lang, "scale_part", low=least, high=above - 1, word=word(lang, name)))
        above = least
    return word(lang, "scale_joint").join(parts)


def _error(error: float) -> str:
    """Return a standard error in points: whole from 1 on, else with one decimal that is not 0."""
    size = 100 * error
    return f"{rounded(size, 0)}" if size >= 0.95 else f"{max(rounded(size, 1), rounded(0.1, 1))}"
