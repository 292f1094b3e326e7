"""Which statistic, if it were collected, would narrow the forecast most.

For a normal posterior the variance left after one more figure does not depend on what the figure turns out
to be: it is the variance less the squared covariance over the variance of figure and error (Raiffa and
Schlaifer 1961, Applied Statistical Decision Theory). Where the model is curved this is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calibrate.naming import band, figure_names, number
from sim.ensemble.runner import Floats
from sim.spec.observations import Observation

__all__ = ["expected_variance", "joint_variance", "value_of_data"]

BASES = ("constant", "current")


def expected_variance(figures: Floats, goals: Floats, deviations: Floats) -> Floats:
    """Return (figures, goals): the variance expected of each goal once one figure is known with its error.

    Args:
        figures: (members, figures).
        goals: (members, goals).
        deviations: (figures,) standard deviations of figure less model.
    """
    count = len(figures) - 1
    centred, aims = figures - figures.mean(axis=0), goals - goals.mean(axis=0)
    joint = centred.T @ aims / count
    spread = (centred**2).sum(axis=0) / count + deviations**2
    return np.asarray((aims**2).sum(axis=0) / count - joint**2 / spread[:, None])


def joint_variance(figures: Floats, goals: Floats, deviations: Floats) -> Floats:
    """Return (goals,): the variance expected of each goal once all figures are known."""
    count = len(figures) - 1
    centred, aims = figures - figures.mean(axis=0), goals - goals.mean(axis=0)
    joint = centred.T @ aims / count
    spread = centred.T @ centred / count + np.diag(deviations**2)
    return np.asarray((aims**2).sum(axis=0) / count - (joint * np.linalg.solve(spread, joint)).sum(axis=0))


def value_of_data(
    statistics: Sequence[Observation], figures: Floats, goals: Floats, year: int
) -> dict[str, Any]:
    """Return the statistics, the one that would narrow the goal's forecast most first.

    Args:
        statistics: what could be collected.
        figures: (members, statistics) as the posterior's members give them.
        goals: (members, 2) of the goal at constant and at current prices.
        year: of the goal.
    """
    logs = np.log(goals)
    now = logs.var(axis=0, ddof=1)
    head = {"goal": year, "members": len(goals), "sd": _both(np.sqrt(now))}
    if not statistics:
        return head | {"statistics": [], "together": None, "noise": None}
    deviations = np.array([one.deviation for one in statistics])
    left = expected_variance(figures, logs, deviations)
    order = np.argsort(left[:, 0], kind="stable")
    rows = [
        figure_names(statistics[at])
        | {
            "operator": statistics[at].operator,
            "error": number(statistics[at].error),
            "deviation": number(statistics[at].deviation),
            "note": statistics[at].note,
            "posterior": band(figures[:, at]),
            "variance": _both(left[at]),
            "sd": _both(np.sqrt(left[at])),
            "reduction": _both(1 - left[at] / now),
        }
        for at in order.tolist()
    ]
    # A figure that has nothing to do with the goal takes away one part in the number of members by chance.
    together = np.maximum(joint_variance(figures, logs, deviations), 0.0)
    return head | {
        "statistics": rows,
        "together": {
            "variance": _both(together),
            "sd": _both(np.sqrt(together)),
            "reduction": _both(1 - together / now),
        },
        "noise": number(1 / len(goals)),
    }


def _both(values: Floats) -> dict[str, float | None]:
    return {basis: number(float(value)) for basis, value in zip(BASES, values, strict=True)}
