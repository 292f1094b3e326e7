"""From points in the space of standard normals to what the model says of the observed years.

Each sampled prior has one coordinate z, standard normal under the prior; its value is the prior's
quantile at the normal probability of z. The anchors are then solved for, so every point
that comes back meets the anchored levels, and the observations are read off the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.ensemble import Project
from sim.ensemble.anchoring import Start, find_start, solve_anchors
from sim.ensemble.distributions import inverse
from sim.ensemble.members import drawn_constants
from sim.ensemble.observing import predictions
from sim.ensemble.runner import Floats
from sim.ensemble.sampling import constant_uniforms

__all__ = ["Cloud", "Forward", "draws_of", "joined", "make_forward", "prior_points"]

BLOCK = 4096
AIM = 3e-4
"""Log miss of the anchors that calibration is content with: far below every error of observation."""

STEPS = 10
"""Steps of anchoring after which a point counts as one that cannot be anchored."""

FAR = 6.0
"""Coordinates are kept within this many standard deviations, beyond which probabilities round to 0 or 1."""


@dataclass(frozen=True)
class Cloud:
    """Points and what the model says there.

    ``z`` (points, priors); ``logs`` (points, anchored cells) of the multipliers; ``figures``
    (points, observations), NaN where a point misses its anchors or fails.
    """

    z: Floats
    logs: Floats
    figures: Floats

    def __len__(self) -> int:
        return len(self.z)

    def __getitem__(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Cloud:
        return Cloud(self.z[which], self.logs[which], self.figures[which])

    @property
    def good(self) -> NDArray[np.bool_]:
        """(points,) whether the point meets its anchors and ran through."""
        return np.asarray(np.isfinite(self.figures).all(axis=1))


def joined(clouds: list[Cloud]) -> Cloud:
    """Return several clouds as one."""
    return Cloud(
        np.concatenate([one.z for one in clouds]),
        np.concatenate([one.logs for one in clouds]),
        np.concatenate([one.figures for one in clouds]),
    )


def draws_of(project: Project, z: Floats) -> Floats:
    """Return (points, priors) in the priors' units for coordinates (points, priors)."""
    from scipy.special import ndtr

    uniform = ndtr(np.clip(z, -FAR, FAR))
    columns = [inverse(prior, uniform[:, at]) for at, prior in enumerate(project.sampled)]
    return np.stack(columns, axis=1) if columns else np.empty_like(z)


@dataclass(frozen=True)
class Forward:
    """The model as a function of coordinates; ``guess`` (1 + priors, cells) is where anchoring begins."""

    project: Project
    start: Start
    guess: Floats

    def __call__(
        self, z: Floats, near: Floats | None = None, progress: Callable[[int], None] | None = None
    ) -> Cloud:
        """Run the points (points, priors) to the last observed year, anchored.

        ``near`` (points, cells) are logs known to be close, such as those of the point a move began at.
        """
        parts: list[Cloud] = []
        for begin in range(0, len(z), BLOCK):
            block = slice(begin, begin + BLOCK)
            parts.append(self._block(z[block], None if near is None else near[block]))
            if progress:
                progress(min(begin + BLOCK, len(z)))
        return joined(parts)

    def _block(self, z: Floats, near: Floats | None) -> Cloud:
        constants = drawn_constants(self.project, draws_of(self.project, z))
        begin = self.guess[0] + z @ self.guess[1:] if near is None else near
        solved = solve_anchors(
            self.project,
            constants,
            len(z),
            self.start,
            begin=begin,
            aim=AIM,
            steps=STEPS,
            figures=self._figures,
        )
        figures = np.where(solved.hit[:, None], solved.figures, np.nan)
        return Cloud(z, solved.logs, figures)

    def _figures(self, result: object) -> Floats:
        found = predictions(self.project, result)  # type: ignore[arg-type]
        found[list(result.failed)] = np.nan  # type: ignore[attr-defined]
        return found

    def learnt(self, cloud: Cloud) -> Forward:
        """Return this function with a better first guess: the logs regressed on the coordinates."""
        kept = cloud[cloud.good]
        inputs = np.column_stack([np.ones(len(kept)), kept.z])
        # A ridge of one point's weight: with fewer points than coordinates the guess stays sane.
        normal = inputs.T @ inputs + np.diag([0.0, *np.ones(kept.z.shape[1])])
        return replace(self, guess=np.linalg.solve(normal, inputs.T @ kept.logs))


def prior_points(project: Project, points: int, seed: int) -> Floats:
    """Return (points, priors) independent coordinates: those of the prior members of the same seed."""
    from scipy.special import ndtri

    streams = [constant_uniforms(prior, seed, points) for prior in project.sampled]
    return np.asarray(ndtri(np.array(streams).reshape(len(streams), points).T))


def make_forward(project: Project) -> Forward:
    """Return the function for a project, its first guess being the anchored constants of the model."""
    start = find_start(project)
    guess = np.zeros((1 + len(project.sampled), start.logs.size))
    guess[0] = start.logs
    return Forward(project, start, guess)
