"""Markov moves that leave the calibrated distribution as it is.

Observations inform few directions of the space of coordinates. In those the proposal is
drawn round a normal fitted to the present particles, in all others round the prior; both are
preconditioned Crank-Nicolson steps (Cotter, Roberts, Stuart and White 2013, Statistical Science 28(3);
Cui, Law and Marzouk 2016, Journal of Computational Physics 304 on splitting the directions), whose
acceptance does not fall with the number of constants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.forward import Cloud, Forward
from sim.ensemble.runner import Floats

__all__ = ["Kernel", "informed_directions", "moved"]

FLAT = 1e-3
"""Directions whose observations change by less than this (in deviations) count as not informed."""

WIDER = 1.1
"""The fitted normal is made this much wider, so that its tails are not thinner than the target's."""


@dataclass(frozen=True)
class Kernel:
    """A proposal: ``basis`` (priors, directions) with orthonormal columns, the fitted normal's ``mean``
    (directions,) and Cholesky factor ``root`` (directions, directions), and ``stay``, the share kept of
    a point.
    """

    basis: Floats
    mean: Floats
    root: Floats
    stay: float

    @classmethod
    def fitted(cls, basis: Floats, z: Floats, stay: float) -> Kernel:
        """Fit the normal to particles (particles, priors)."""
        inside = z @ basis
        spread = np.atleast_2d(np.cov(inside, rowvar=False)) * WIDER**2
        ridge = 1e-6 * np.eye(basis.shape[1])
        root: Floats = np.linalg.cholesky(np.asarray(spread + ridge, dtype=np.float64))
        return cls(basis, inside.mean(axis=0), root, stay)

    def proposed(self, z: Floats, rng: np.random.Generator) -> Floats:
        """Return proposals (particles, priors)."""
        new = float(np.sqrt(1 - self.stay**2))
        inside = z @ self.basis
        noise = rng.standard_normal(z.shape)
        fresh = noise @ self.basis
        outer = self.stay * (z - inside @ self.basis.T) + new * (noise - fresh @ self.basis.T)
        inner = self.mean + self.stay * (inside - self.mean) + new * fresh @ self.root.T
        return np.asarray(outer + inner @ self.basis.T)

    def correction(self, z: Floats) -> Floats:
        """Return (particles,) of log prior less log of the density that the proposal is drawn round."""
        inside = z @ self.basis
        whitened = np.linalg.solve(self.root, (inside - self.mean).T)
        return np.asarray(0.5 * (whitened**2).sum(axis=0) - 0.5 * (inside**2).sum(axis=1))


def informed_directions(z: Floats, scaled: Floats, active: NDArray[np.bool_]) -> Floats:
    """Return (priors, directions), orthonormal: where the scaled figures change.

    Args:
        z: (points, priors) coordinates.
        scaled: (points, observations) figures over their deviations.
        active: (priors,) which constants move an observation; the others are left out.
    """
    centred = z[:, active] - z[:, active].mean(axis=0)
    wanted = scaled - scaled.mean(axis=0)
    normal = centred.T @ centred + np.eye(centred.shape[1])
    slopes = np.linalg.solve(normal, centred.T @ wanted)
    left, size, _ = np.linalg.svd(slopes, full_matrices=False)
    basis = np.zeros((z.shape[1], int((size > FLAT).sum())))
    basis[active] = left[:, size > FLAT]
    return basis


def moved(
    forward: Forward,
    cloud: Cloud,
    log_target: Callable[[Floats], Floats],
    kernel: Kernel,
    rng: np.random.Generator,
) -> tuple[Cloud, NDArray[np.bool_]]:
    """Move every particle once; return the particles and which of them accepted.

    ``log_target`` gives (particles,) of the log of target over prior from figures (particles, observations).
    """
    z = kernel.proposed(cloud.z, rng)
    tried = forward(z, near=cloud.logs + (z - cloud.z) @ forward.guess[1:])
    with np.errstate(invalid="ignore"):
        gain = log_target(tried.figures) - log_target(cloud.figures)
        gain = gain + kernel.correction(z) - kernel.correction(cloud.z)
    # A comparison with NaN is false: what the model cannot run is never accepted.
    accepted = np.asarray(np.log(rng.random(len(z))) < gain)
    pick = accepted[:, None]
    kept = Cloud(
        np.where(pick, tried.z, cloud.z),
        np.where(pick, tried.logs, cloud.logs),
        np.where(pick, tried.figures, cloud.figures),
    )
    return kept, accepted
