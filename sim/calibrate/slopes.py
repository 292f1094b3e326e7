"""Slopes of figures and of the goal in every constant, one at a time, the anchors met again at each step.

Posterior draws cannot tell a weak dependence from none: a thousand of them leave correlations of a tenth by
chance. Central differences can, and their zeros are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.outlook import BLOCK, goal_kpis, members_of
from sim.ensemble import Project
from sim.ensemble.indicators import indicator_values
from sim.ensemble.runner import Floats

__all__ = ["STEP", "Slopes", "find_slopes"]

STEP = 0.5
"""Half the width of a central difference, in standard deviations of the prior."""


@dataclass(frozen=True)
class Slopes:
    """Round one point, ``centre``: slopes per unit of z of ``figures`` (priors, observations), of ``logs``
    (priors, anchored cells), and of the log of the goal ``goals`` (priors, 2; constant and current prices).

    A slope that could not be found, because neither side could be anchored, is 0.
    """

    centre: Cloud
    figures: Floats
    logs: Floats
    goals: Floats

    def covariance(self, deviation: Floats) -> Floats:
        """Return (priors, priors) of the posterior of a linear model; ``deviation`` is (observations,)."""
        scaled = self.figures / deviation
        inner = np.eye(scaled.shape[1]) + scaled.T @ scaled
        return np.asarray(np.eye(len(scaled)) - scaled @ np.linalg.solve(inner, scaled.T))


def find_slopes(forward: Forward, cloud: Cloud) -> Slopes:
    """Return the slopes round the middle of a cloud (its good points)."""
    kept = cloud[cloud.good]
    middle, count = kept.z.mean(axis=0), kept.z.shape[1]
    steps = STEP * np.eye(count)
    points = np.concatenate([middle[None], middle + steps, middle - steps])
    found = forward(points, near=np.tile(kept.logs.mean(axis=0), (len(points), 1)))
    goals = _log_goals(forward.project, found)
    return Slopes(found[:1], _central(found.figures), _central(found.logs), _central(goals))


def _central(values: Floats) -> Floats:
    """Return (priors, figures) from (1 + 2 × priors, figures); a lost side is replaced by the centre."""
    count = len(values) // 2
    up, down = values[1 : count + 1] - values[0], values[0] - values[count + 1 :]
    lost_up, lost_down = ~np.isfinite(up), ~np.isfinite(down)
    sides = 2 - lost_up - lost_down
    total = np.where(lost_up, 0.0, up) + np.where(lost_down, 0.0, down)
    return np.asarray(total / (np.maximum(sides, 1) * STEP))


def _log_goals(project: Project, cloud: Cloud) -> Floats:
    parts: list[Floats] = []
    whole = members_of(project, cloud)
    for begin in range(0, len(cloud), BLOCK):
        part = slice(begin, begin + BLOCK)
        count = len(cloud.z[part])
        result = project.model.run(whole.constants(project, part), lanes=count, outputs=project.outputs)
        values = indicator_values(project.spec, result, goal_kpis(project))
        values[list(result.failed)] = np.nan
        parts.append(np.where(cloud.good[part][:, None] & (values > 0), values, np.nan))
    return np.log(np.concatenate(parts))
