"""From engine outputs to indicators: values in a year, bands, probabilities, the year a level is reached."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.ensemble.anchoring import value_at
from sim.ensemble.runner import Floats, Result, series_of
from sim.spec.kpis import Kpi
from sim.spec.model import Model
from sim.words import whole_percent

__all__ = ["indicator_values", "met_share", "quantiles", "year_by_share", "year_reached"]


def indicator_values(model: Model, result: Result, kpis: Sequence[Kpi]) -> Floats:
    """Return (lanes, indicators): each indicator's variable × scale in its year."""
    columns = [
        value_at(result.time, series_of(model, result, kpi.variable), kpi.year)[:, 0] * kpi.scale
        for kpi in kpis
    ]
    return np.stack(columns, axis=1)


def quantiles(
    values: ArrayLike, probabilities: Sequence[float], *, whole: bool = False
) -> NDArray[np.float64]:
    """Return (probabilities, ...) quantiles along the last axis, linear between order statistics.

    Where ``whole``, a quantile is the least of the values that this share of them does not exceed, so that
    counts stay whole. Infinite values are allowed: a quantile that falls on one, or between a finite value
    and one, is infinite.
    """
    # One sort for all probabilities: NumPy's own quantile takes five times as long for many short rows.
    ordered = np.sort(np.asarray(values), axis=-1)
    count = ordered.shape[-1]
    result = []
    for probability in probabilities:
        at = np.ceil(probability * count - 1e-9) - 1
        place = float(max(at, 0)) if whole else probability * (count - 1)
        below = int(np.floor(place))
        share = place - below
        low = ordered[..., below].astype(np.float64)
        high = ordered[..., min(below + 1, count - 1)].astype(np.float64)
        with np.errstate(invalid="ignore"):
            between = low * (1 - share) + high * share
        result.append(low if share == 0 else np.where(np.isinf(high), high, between))
    return np.stack(result)


def met_share(values: Floats, direction: str, target: float | None) -> float | None:
    """Return the share of members (members,) that meet the target; None where there is no target."""
    if target is None or direction == "none":
        return None
    met = values >= target if direction == "reach" else values <= target
    return float(met.mean())


def year_reached(time: NDArray[np.float64], values: Floats, target: float) -> Floats:
    """Return (lanes,) the first year whose figure is at least ``target``, inf where there is none.

    The figure of a year is the value (lanes, times) at that time, as indicators take it: what is passed
    between two years is first seen in the figure of the later one.
    """
    years = np.arange(np.ceil(time[0] - 1e-6), np.floor(time[-1] + 1e-6) + 1)
    met = np.stack([value_at(time, values[:, :, None], year)[:, 0] >= target for year in years], axis=1)
    return np.where(met.any(axis=1), years[met.argmax(axis=1)], np.inf)


def year_by_share(reached: Floats, share: float) -> int | None:
    """Return the first year by which ``share`` of the members (members,) have reached a level, None if none.

    Shares are compared as they are printed, in whole per cent, so that a goal that 95 % are said to reach
    is not said to be missed by the last of these 95 %.
    """
    for year in np.unique(reached[np.isfinite(reached)]):
        if whole_percent(float((reached <= year).mean())) >= whole_percent(share):
            return int(year)
    return None
