"""Error per observation: how far the posterior is from each figure, with the prior beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calibrate.likelihood import Likelihood
from sim.calibrate.naming import figure_names, number
from sim.calibrate.predictive import inside_band, predictive_band
from sim.ensemble.runner import Floats
from sim.spec.observations import Observation

__all__ = ["band_row", "errors_of_fit"]


def errors_of_fit(
    observations: Sequence[Observation], likelihood: Likelihood, prior: Floats, posterior: Floats
) -> dict[str, Any]:
    """Compare posterior and prior with every figure.

    Args:
        observations: the figures.
        likelihood: of the same observations.
        prior, posterior: (members, observations) of the model.

    Returns:
        ``rows``, each with the names of :func:`figure_names`, ``group``, ``side``, ``value``,
        ``deviation``, and for ``posterior`` and ``prior`` a dict of ``p05``, ``p50``, ``p95`` (predictive),
        ``distance`` (of the median, in deviations; 0 inside a bound) and ``inside``; ``inside`` and
        ``prior_inside`` (shares of rows).
    """
    bands = {"posterior": predictive_band(posterior, likelihood.deviation)}
    bands["prior"] = predictive_band(prior, likelihood.deviation)
    rows: list[dict[str, Any]] = []
    for at, one in enumerate(observations):
        row: dict[str, Any] = figure_names(one) | {"group": one.group, "side": one.side}
        row |= {"value": one.value, "deviation": number(one.deviation)}
        rows.append(row | {name: band_row(likelihood, found, at) for name, found in bands.items()})
    return {
        "rows": rows,
        "inside": number(float(np.mean([row["posterior"]["inside"] for row in rows]))),
        "prior_inside": number(float(np.mean([row["prior"]["inside"] for row in rows]))),
    }


def band_row(likelihood: Likelihood, band: Floats, at: int) -> dict[str, Any]:
    """Return one observation's band out of (3, observations), its middle's distance, and whether it holds."""
    low, middle, high = (float(end) for end in band[:, at])
    distance = float(likelihood.distances(band[1][None])[0, at])
    return {
        "p05": number(low),
        "p50": number(middle),
        "p95": number(high),
        "distance": number(distance),
        "inside": bool(inside_band(likelihood, band)[at]),
    }
