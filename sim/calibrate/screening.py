"""Morris's screening: which constants move any observation at all.

Morris 1991, Technometrics 33(2): trajectories through a grid of probabilities, one constant moved at
a time by half the range, and the mean absolute change of each observation (the mu star of Campolongo,
Cariboni and Saltelli 2007, Environmental Modelling and Software 22(10)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.forward import Forward
from sim.calibrate.likelihood import Likelihood
from sim.ensemble.runner import Floats

__all__ = ["INSENSITIVE", "TRAJECTORIES", "screen"]

TRAJECTORIES = 4
LEVELS = 4
INSENSITIVE = 0.05
"""A constant whose half range moves no observation by this share of its deviation is insensitive."""


def screen(forward: Forward, likelihood: Likelihood, seed: int, trajectories: int = TRAJECTORIES) -> Floats:
    """Return (priors, observations): mean absolute effect of half a prior's range, in deviations."""
    from scipy.special import ndtri

    count = len(forward.project.sampled)
    rng = np.random.default_rng([seed, 1])
    orders = [rng.permutation(count) for _ in range(trajectories)]
    points = np.concatenate([_trajectory(order, rng) for order in orders])
    cloud = forward(ndtri(points))
    scaled = (cloud.figures / likelihood.deviation).reshape(trajectories, count + 1, -1)
    effects = np.full((trajectories, count, scaled.shape[2]), np.nan)
    for one, order in enumerate(orders):
        effects[one, order] = np.abs(np.diff(scaled[one], axis=0))
    with np.errstate(invalid="ignore"):
        seen = np.isfinite(effects)
        total = np.where(seen, effects, 0.0).sum(axis=0)
    # A step into a point that cannot be anchored says nothing; a constant without any step is kept.
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.inf)


def _trajectory(order: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Return (priors + 1, priors) probabilities: a start, then one after another moved by a half."""
    low = (rng.integers(0, LEVELS // 2, order.size) + 0.5) / LEVELS
    up = rng.random(order.size) < 0.5
    begin, end = np.where(up, low, low + 0.5), np.where(up, low + 0.5, low)
    moved = np.zeros((order.size + 1, order.size), dtype=bool)
    for step, at in enumerate(order, start=1):
        moved[step:, at] = True
    return np.where(moved, end, begin)
