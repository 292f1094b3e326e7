"""How far the model is from the observations, in standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.runner import Floats
from sim.spec.observations import Observation

__all__ = ["CUT", "Likelihood", "make_likelihood"]

CUT = 3.0
"""A point further than this from any observation is implausible (Pukelsheim's three-sigma rule)."""


@dataclass(frozen=True)
class Likelihood:
    """Independent normal errors; a bound counts only where the model is on the wrong side of it.

    All arrays are (observations,): ``value`` and ``deviation`` in the observation's unit, ``side`` +1
    for at most, -1 for at least, 0 for both, ``used`` whether it is fitted.
    """

    value: Floats
    deviation: Floats
    side: NDArray[np.int8]
    used: NDArray[np.bool_]

    def distances(self, figures: Floats) -> Floats:
        """Return (points, observations) of (model - figure) / deviation; 0 inside a bound or if not used."""
        gap = (figures - self.value) / self.deviation
        inside = ((self.side < 0) & (gap > 0)) | ((self.side > 0) & (gap < 0)) | ~self.used
        return np.where(inside, 0.0, gap)

    def implausibility(self, figures: Floats) -> Floats:
        """Return (points,) of the largest distance; infinite where the model gave no figures."""
        worst = np.abs(self.distances(figures)).max(axis=1, initial=0.0)
        return np.where(np.isfinite(figures).all(axis=1), worst, np.inf)

    def log(self, figures: Floats) -> Floats:
        """Return (points,) of the log likelihood, its constant left out; -inf where there are no figures."""
        total = -0.5 * (self.distances(figures) ** 2).sum(axis=1)
        return np.where(np.isfinite(figures).all(axis=1), total, -np.inf)

    def only(self, used: NDArray[np.bool_]) -> Likelihood:
        """Return the likelihood of some of the observations."""
        return Likelihood(self.value, self.deviation, self.side, self.used & used)

    def of(self, value: Floats) -> Likelihood:
        """Return the likelihood of other figures with the same errors, such as those of a made-up region."""
        return Likelihood(value, self.deviation, self.side, self.used)


def make_likelihood(observations: Sequence[Observation]) -> Likelihood:
    """Return the likelihood of all observations."""
    sides = {"both": 0, "at_least": -1, "at_most": 1}
    return Likelihood(
        value=np.array([one.value for one in observations]),
        deviation=np.array([one.deviation for one in observations]),
        side=np.array([sides[one.side] for one in observations], dtype=np.int8),
        used=np.ones(len(observations), dtype=bool),
    )
