"""Years in which something is reached."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.words.shares import whole_percent
from sim.words.vocabulary import word

__all__ = ["reached", "year"]


def year(value: float | None, horizon: int, lang: str) -> str:
    """Return the first calendar year whose annual figure reaches a level; "not by …" where there is none.

    The model's value at time 2032 is the figure of the year 2032, published after it. A level that is passed
    at time 2031.2 is therefore first seen in the figure of 2032.
    """
    if value is None or not math.isfinite(value):
        return word(lang, "not_by", year=horizon)
    return str(math.ceil(value - 1e-6))


def reached(goal: Mapping[str, Any], arm: str, quantile: str) -> float | None:
    """Return by when a quantile ("p05") of the members of an arm reaches a run's goal; None for not at all.

    Whoever meets the goal in its year has reached it by then, so the year never contradicts the probability
    that is printed; in records of before years were kept by this rule it could.
    """
    found: float | None = goal[arm]["year_reached"][quantile]
    share = goal[arm]["probability_constant"]
    if found is None and share is not None and whole_percent(share) >= int(quantile[1:]):
        return float(goal["year"])
    return found
