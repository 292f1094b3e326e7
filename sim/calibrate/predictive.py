"""Predictive bands: where a figure would be expected, by the spread of the model and its errors together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.likelihood import Likelihood
from sim.ensemble.indicators import quantiles
from sim.ensemble.runner import Floats

__all__ = ["inside_band", "interval", "predictive_band", "weighted_quantiles"]

ENDS = (0.05, 0.5, 0.95)
STRATA = 16
"""Points of the normal error beside each particle: its quantiles at the middle of as many equal shares."""


def predictive_band(figures: Floats, deviation: Floats) -> Floats:
    """Return (3, observations): 5, 50 and 95 % points of what could be reported.

    Args:
        figures: (members, observations) of the model; rows that are not finite are left out.
        deviation: (observations,) of error and discrepancy together.
    """
    from scipy.special import ndtri

    kept = figures[np.isfinite(figures).all(axis=1)]
    noise = ndtri((np.arange(STRATA) + 0.5) / STRATA)
    spread = kept[:, None, :] + deviation * noise[:, None]
    return np.asarray(quantiles(spread.reshape(-1, figures.shape[1]).T, ENDS))


def inside_band(likelihood: Likelihood, band: Floats) -> NDArray[np.bool_]:
    """Return (observations,) whether each figure lies in its band (3, observations).

    A figure that is only a bound is outside only where it forbids the whole band.
    """
    low, _, high = band
    above = (likelihood.value <= high) | (likelihood.side > 0)
    below = (likelihood.value >= low) | (likelihood.side < 0)
    return np.asarray(above & below)


def interval(values: Floats, weights: Floats) -> Floats:
    """Return (2, rows, quantities): ends of the 90 % interval.

    ``values`` is (rows, particles, quantities), ``weights`` (rows, particles).
    """
    return weighted_quantiles(values, weights, (ENDS[0], ENDS[-1]))


def weighted_quantiles(values: Floats, weights: Floats, shares: tuple[float, ...]) -> Floats:
    """Return (shares, rows, quantities) of values (rows, particles, quantities), weights (rows, particles).

    Each particle stands at the middle of its weight, and between two of them the quantile is linear.
    """
    rows, _, quantities = values.shape
    found = np.empty((len(shares), rows, quantities))
    for row in range(rows):
        used = weights[row] > 0
        weight = weights[row][used] / weights[row][used].sum()
        for at in range(quantities):
            column = values[row, used, at]
            order = np.argsort(column)
            ordered = weight[order]
            found[:, row, at] = np.interp(shares, np.cumsum(ordered) - ordered / 2, column[order])
    return found
