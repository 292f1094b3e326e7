"""The model as a polynomial of the informed directions, to propose from and to judge surprise by.

A polynomial of second degree is fitted to the bank. It is never used in place of the model: what it
proposes is run through the model and weighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.calibrate.forward import Cloud
from sim.calibrate.likelihood import Likelihood
from sim.ensemble.runner import Floats

__all__ = ["Emulator", "fit_emulator"]

PER_TERM = 10
"""Points of the bank for each coefficient below which the polynomial is of first degree only."""

NEWTON_STEPS = 10


@dataclass(frozen=True)
class Emulator:
    """Figures in deviations: ``level`` + u ``slopes`` + u ``bends`` u / 2, u being (directions,).

    ``level`` (observations,), ``slopes`` (directions, observations), ``bends`` (directions, directions,
    observations), symmetric; ``weight`` (observations,) is 1 / (1 + what the polynomial leaves
    unexplained), and 0 for bounds.
    """

    level: Floats
    slopes: Floats
    bends: Floats
    weight: Floats

    def __call__(self, u: Floats) -> Floats:
        """Return (points, observations) at (points, directions)."""
        return np.asarray(self.level + u @ self.slopes + 0.5 * self._bent(u, u))

    def posterior(self, scaled: Floats) -> tuple[Floats, Floats]:
        """Return the normal nearest to each region's posterior: mean (regions, directions) and covariance.

        Gauss-Newton steps to the mode. ``scaled`` is (regions, observations), figures over their deviations.
        """
        size = len(self.slopes)
        u = np.zeros((len(scaled), size))
        precision = np.empty((len(scaled), size, size))
        for _ in range(NEWTON_STEPS):
            slopes = self.slopes + np.einsum("klm,rl->rkm", self.bends, u)
            precision = np.eye(size) + np.einsum("rkm,m,rlm->rkl", slopes, self.weight, slopes)
            aim = scaled - self(u) + np.einsum("rkm,rk->rm", slopes, u)
            pull = np.einsum("rkm,rm->rk", slopes, self.weight * aim)
            u = np.linalg.solve(precision, pull[:, :, None])[:, :, 0]
        return np.asarray(u), np.linalg.inv(precision).astype(np.float64)

    def surprise(self, scaled: Floats) -> Floats:
        """Return (regions,): least sum of squares of prior and errors together, that of the mode.

        Where the model is linear this is chi-square with as many degrees of freedom as there are
        two-sided observations, for figures that the model itself made (Box 1980, JRSS A 143(4)).
        """
        u, _ = self.posterior(scaled)
        return np.asarray((u**2).sum(axis=1) + (self.weight * (scaled - self(u)) ** 2).sum(axis=1))

    def _bent(self, left: Floats, right: Floats) -> Floats:
        return np.asarray(np.einsum("nkm,nk->nm", np.einsum("klm,nl->nkm", self.bends, right), left))


def fit_emulator(bank: Cloud, likelihood: Likelihood, basis: Floats) -> Emulator:
    """Fit the polynomial to a bank whose points are all good."""
    u, scaled = bank.z @ basis, bank.figures / likelihood.deviation
    size = u.shape[1]
    first, second = np.triu_indices(size)
    bent = len(u) >= PER_TERM * (1 + size + first.size)
    columns = [np.ones((len(u), 1)), u, *([u[:, first] * u[:, second]] if bent else [])]
    terms = np.concatenate(columns, axis=1)
    found = np.asarray(np.linalg.lstsq(terms, scaled, rcond=None)[0], dtype=np.float64)
    bends = np.zeros((size, size, scaled.shape[1]))
    if bent:
        bends[first, second] += found[1 + size :]
        bends = bends + bends.transpose(1, 0, 2)
    left = (scaled - terms @ found).var(axis=0)
    weight = np.where(likelihood.side == 0, 1 / (1 + left), 0.0)
    return Emulator(found[0], found[1 : 1 + size], bends, weight)
