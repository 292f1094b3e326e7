"""Reported figures beside the posterior: what the anchors hold, and what came out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calibrate.expectations import repeated
from sim.calibrate.naming import band, figure_names, number
from sim.ensemble.runner import Floats
from sim.spec.observations import Observation

__all__ = ["anchor_table"]


def anchor_table(
    reported: Sequence[Observation],
    figures: Floats,
    observed: Sequence[Observation],
    found: Floats,
    seed: int,
) -> dict[str, Any]:
    """Return every reported figure with what the posterior says of it, and whether that fits.

    A figure is met if the median is within its stated error, and inside if it lies in the 90 % band of what
    could have been reported.

    Args:
        reported: figures that are not fitted: the anchors hold them, or nothing does.
        figures: (members, reported).
        observed: the observations, which were fitted.
        found: (members, observations).
        seed: of the errors that figures are repeated with.
    """
    rows = _rows(reported, figures, seed, fitted=False) + _rows(observed, found, seed, fitted=True)
    judged = [row for row in rows if row["met"] is not None]
    return {
        "stated": len(judged),
        "met": sum(row["met"] for row in judged),
        "inside": sum(bool(row["inside"]) for row in judged),
        "figures": rows,
    }


def _rows(asked: Sequence[Observation], figures: Floats, seed: int, *, fitted: bool) -> list[dict[str, Any]]:
    if not asked:
        return []
    deviations = np.array([one.deviation for one in asked])
    again = repeated(figures, deviations, seed)
    return [_row(one, figures[:, at], again[:, at], fitted=fitted) for at, one in enumerate(asked)]


def _row(one: Observation, values: Floats, again: Floats, *, fitted: bool) -> dict[str, Any]:
    wide = band(again)
    return (
        figure_names(one)
        | {"facts": list(one.facts), "fitted": fitted, "side": one.side, "note": one.note}
        | {"value": number(one.value), "error": number(one.error), "discrepancy": number(one.discrepancy)}
        | {"posterior": band(values), "predictive": wide}
        | {"met": _met(one, float(np.median(values))), "inside": _inside(one, wide["p05"], wide["p95"])}
    )


def _met(one: Observation, median: float) -> bool | None:
    """Tell whether the median is within the stated error; a bound is met by any value on its right side."""
    if math.isnan(one.value):
        return None
    gap = median - one.value
    free = (one.side == "at_least" and gap > 0) or (one.side == "at_most" and gap < 0)
    return free or abs(gap) <= one.deviation


def _inside(one: Observation, low: float | None, high: float | None) -> bool | None:
    """Tell whether the stated figure lies in the 90 % band of what could have been reported."""
    if math.isnan(one.value) or low is None or high is None:
        return None
    over = one.side != "at_least" and one.value < low
    under = one.side != "at_most" and one.value > high
    return not (over or under)
