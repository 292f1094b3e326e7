"""Profile likelihood of the constants that matter most to the goal.

A constant is held at several values; for each of them likelihood times prior is maximised over all others.
What is left is the best that the observations can be met with that value, given what is believed of the rest.
Raue and others 2009, Bioinformatics 25(15); here the other constants keep their priors, without which
eighteen figures could be met at any value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.forward import Cloud, Forward, draws_of
from sim.calibrate.likelihood import Likelihood
from sim.calibrate.naming import constant_names, number
from sim.calibrate.outlook import goal_kpis
from sim.calibrate.slopes import Slopes
from sim.ensemble.runner import Floats

__all__ = ["DROP", "FELT", "GRID", "Profiles", "find_profiles", "importance", "interval", "profiles"]

GRID = np.linspace(-2.4, 2.4, 9)
"""Values of z at which a constant is held: nearly all of its prior lies between the first and the last."""

DROP = 1.92
"""Fall of the log likelihood at an interval's ends: half the 95 % point of chi square with one degree."""

COUNT = 20
STEPS = 3
FELT = 0.01
"""A constant that moves no observation by this share of its deviation can only have a flat profile."""


@dataclass(frozen=True)
class Profiles:
    """Profiles of the constants ``at`` (constants,) on ``GRID``.

    ``misfit`` (constants, values) is the log likelihood at the best point, ``likelihood`` the same with the
    log prior of all other constants; NaN where the best point cannot be anchored.
    """

    at: NDArray[np.intp]
    misfit: Floats
    likelihood: Floats

    @property
    def posterior(self) -> Floats:
        """(constants, values) log posterior: the profile with the constant's own prior."""
        return np.asarray(self.likelihood - 0.5 * GRID**2)


def importance(slopes: Slopes, z: Floats) -> Floats:
    """Return (priors,): change of the log of the goal for one posterior standard deviation of a constant."""
    return np.asarray(slopes.goals[:, 0] * z.std(axis=0, ddof=1))


def profiles(
    forward: Forward, likelihood: Likelihood, slopes: Slopes, z: Floats, goals: Floats, count: int = COUNT
) -> dict[str, Any]:
    """Return the profiles of the constants that matter most.

    Constants that no observation depends on are passed over, listed as ``flat``, and replaced by the next.

    Args:
        forward: the model.
        likelihood: of the observations.
        slopes: round the middle of the posterior.
        z: (members, priors) of the posterior.
        goals: (members, 2) of the goal's indicator.
        count: how many profiles to make.
    """
    project = forward.project
    matter = importance(slopes, z)
    felt = np.abs(slopes.figures / likelihood.deviation).max(axis=1) > FELT
    order = np.argsort(-np.abs(matter), kind="stable")
    chosen = order[felt[order]][:count]
    last = int(np.flatnonzero(order == chosen[-1])[0]) if chosen.size else 0
    names = constant_names(project)
    correlation = _correlations(z, np.log(goals[:, 0]))

    def row(at: int) -> dict[str, Any]:
        return names[at] | {"effect": number(matter[at]), "correlation": number(correlation[at])}

    made = find_profiles(forward, likelihood, slopes, chosen)
    values = draws_of(project, np.tile(GRID[:, None], (1, len(names))))
    return {
        "goal": goal_kpis(project)[0].year,
        "drop": DROP,
        "z": [float(one) for one in GRID],
        "profiles": [
            row(at) | {"unit": project.sampled[at].unit} | _plain(made, line, values[:, at])
            for line, at in enumerate(chosen.tolist())
        ],
        "flat": [row(at) for at in order[: last + 1].tolist() if not felt[at]],
    }


def find_profiles(
    forward: Forward, likelihood: Likelihood, slopes: Slopes, chosen: NDArray[np.intp]
) -> Profiles:
    """Return the profiles of the chosen constants (constants,), all values in one batch.

    Gauss-Newton steps that begin with the slopes of the posterior's middle, which each lane corrects by what
    it sees on its way (Broyden 1965, Mathematics of Computation 19); the best point on the way counts.
    """
    held, value = np.repeat(chosen, GRID.size), np.tile(GRID, chosen.size)
    centre = slopes.centre
    scaled = np.tile(slopes.figures / likelihood.deviation, (held.size, 1, 1))
    before = Cloud(*(np.tile(part, (held.size, 1)) for part in (centre.z, centre.logs, centre.figures)))
    best = np.full((2, held.size), -np.inf)
    for _ in range(STEPS + 1):
        z = _next(before, scaled, likelihood, held, value)
        cloud = forward(z, near=before.logs + (z - before.z) @ slopes.logs)
        misfit = likelihood.log(cloud.figures)
        whole = misfit - 0.5 * ((z**2).sum(axis=1) - value**2)
        best = np.where(whole > best[1], [misfit, whole], best)
        ran = cloud.good[:, None]
        cloud = Cloud(*(np.where(ran, *both) for both in zip(_parts(cloud), _parts(before), strict=True)))
        scaled += _correction(before, cloud, scaled, likelihood.deviation)
        before = cloud
    best[~np.isfinite(best)] = np.nan
    shape = (chosen.size, GRID.size)
    return Profiles(chosen, best[0].reshape(shape), best[1].reshape(shape))


def _parts(cloud: Cloud) -> tuple[Floats, Floats, Floats]:
    return cloud.z, cloud.logs, cloud.figures


def _correction(before: Cloud, after: Cloud, scaled: Floats, deviation: Floats) -> Floats:
    """Return (lanes, priors, observations) to add to slopes so that they explain the last step."""
    step = after.z - before.z
    wrong = (after.figures - before.figures) / deviation - np.einsum("lp,lpo->lo", step, scaled)
    size = np.maximum((step**2).sum(axis=1), 1e-12)
    return np.asarray(step[:, :, None] * (wrong / size[:, None])[:, None, :])


def interval(values: Floats) -> tuple[float | None, float | None]:
    """Return where a profile (values,) on the grid falls to ``DROP`` below its top, None for an open end."""
    if not np.isfinite(values).any():
        return None, None
    top = int(np.nanargmax(values))
    level = float(values[top]) - DROP
    return _crossing(GRID[top::-1], values[top::-1], level), _crossing(GRID[top:], values[top:], level)


def _crossing(z: Floats, values: Floats, level: float) -> float | None:
    for one in range(1, z.size):
        if not np.isfinite(values[one]):
            return None
        if values[one] < level:
            share = (values[one - 1] - level) / (values[one - 1] - values[one])
            return float(z[one - 1] + share * (z[one] - z[one - 1]))
    return None


def _next(
    cloud: Cloud, scaled: Floats, likelihood: Likelihood, held: NDArray[np.intp], value: Floats
) -> Floats:
    """Return (lanes, priors): the best points if figures went on along the slopes of each lane.

    ``scaled`` is (lanes, priors, observations), in deviations; constant ``held`` (lanes,) has its ``value``.
    """
    distances = likelihood.distances(cloud.figures)
    # A bound that is met pulls nowhere.
    pulls = np.where(distances == 0.0, 0.0, 1.0)
    wanted = np.einsum("lp,lpo->lo", cloud.z, scaled) - distances
    lane = np.arange(held.size)
    own = scaled[lane, held]
    free = np.einsum("lpo,lpq->loq", scaled, scaled) - own[:, :, None] * own[:, None, :]
    inner = free * pulls[:, :, None] * pulls[:, None, :] + np.eye(own.shape[1])
    weights = np.linalg.solve(inner, (pulls * (wanted - own * value[:, None]))[:, :, None])[:, :, 0]
    z = np.einsum("lpo,lo->lp", scaled, pulls * weights)
    z[lane, held] = value
    return np.asarray(z)


def _plain(made: Profiles, line: int, values: Floats) -> dict[str, Any]:
    low, high = interval(made.likelihood[line])
    own = [None if end is None else float(np.interp(end, GRID, values)) for end in (low, high)]
    top = float(np.nanmax(made.likelihood[line])) if np.isfinite(made.likelihood[line]).any() else np.nan
    peak = float(np.nanmax(made.posterior[line])) if np.isfinite(made.posterior[line]).any() else np.nan
    return {
        "values": [number(one) for one in values],
        "misfit": [number(one) for one in made.misfit[line]],
        "likelihood": [number(one - top) for one in made.likelihood[line]],
        "posterior": [number(one - peak) for one in made.posterior[line]],
        "low": None if own[0] is None else number(own[0]),
        "high": None if own[1] is None else number(own[1]),
        "state": {(True, True): "open", (True, False): "open_below", (False, True): "open_above"}.get(
            (low is None, high is None), "closed"
        ),
    }


def _correlations(z: Floats, goal: Floats) -> Floats:
    centred, other = z - z.mean(axis=0), goal - goal.mean()
    scale = np.sqrt((centred**2).sum(axis=0) * (other**2).sum())
    return np.asarray(other @ centred / np.where(scale > 0, scale, 1.0))
