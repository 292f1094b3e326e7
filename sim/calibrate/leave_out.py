"""Leave one group of figures out, calibrate to the others, and predict it: skill apart from fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calibrate.fit import band_row
from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.likelihood import Likelihood
from sim.calibrate.naming import figure_names, number
from sim.calibrate.predictive import predictive_band
from sim.calibrate.sampling import Settings, sample
from sim.ensemble.runner import Floats, Progress
from sim.spec.observations import Observation

__all__ = ["WANTED", "leave_groups_out"]

WANTED = 0.8
"""Share of figures that should lie in the 90 % band predicted without them."""


def leave_groups_out(
    forward: Forward,
    observations: Sequence[Observation],
    likelihood: Likelihood,
    bank: Cloud,
    basis: Floats,
    seed: int,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Sample the posterior without each group in turn, and predict the group.

    Args:
        forward: the model.
        observations: the figures, each of a group.
        likelihood: of all of them.
        bank: points of the prior.
        basis: (priors, directions) that the observations inform.
        seed: of the random numbers.
        settings: work of the sampler for each group.
        progress: called with "leave_out".

    Returns:
        ``rows`` (one for each figure: names, ``group``, ``value``, ``deviation``, ``p05``, ``p50``,
        ``p95``, ``distance``, ``inside``), ``groups``, ``figures`` (counts), ``inside`` (share of figures
        in their bands), ``wanted``.
    """
    names = list(dict.fromkeys(one.group for one in observations))
    found: dict[str, dict[str, Any]] = {}
    for at, name in enumerate(names):
        if progress:
            progress("leave_out", at, len(names))
        out = np.array([one.group == name for one in observations])
        cloud = sample(forward, likelihood.only(~out), bank, basis, seed, settings).cloud
        band = predictive_band(cloud.figures, likelihood.deviation)
        for place in np.flatnonzero(out).tolist():
            found[observations[place].id] = band_row(likelihood, band, place)
    if progress:
        progress("leave_out", len(names), len(names))
    rows = [_row(one) | found[one.id] for one in observations]
    inside = float(np.mean([row["inside"] for row in rows]))
    return {
        "rows": rows,
        "groups": len(names),
        "figures": len(rows),
        "inside": number(inside),
        "wanted": WANTED,
        "met": inside >= WANTED,
    }


def _row(one: Observation) -> dict[str, Any]:
    known: dict[str, Any] = {"group": one.group, "value": one.value, "deviation": number(one.deviation)}
    return figure_names(one) | known
