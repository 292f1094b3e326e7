"""What members say up to the last year: indicators, and figures that documents or statistics could give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.forward import Cloud, draws_of
from sim.ensemble import Members, Project
from sim.ensemble.indicators import indicator_values
from sim.ensemble.observing import predictions
from sim.ensemble.paired import GOAL, GOAL_CURRENT, goal_kpi
from sim.ensemble.runner import Floats
from sim.errors import SimError
from sim.spec.kpis import Kpi
from sim.spec.observations import Observation

__all__ = ["Outlook", "goal_kpis", "look_out", "members_of", "outputs_for"]

BLOCK = 2048


@dataclass(frozen=True)
class Outlook:
    """Members that ran through.

    ``z`` (members, priors), ``indicators`` (members, rows of kpis.csv), counts among them as the model's
    means, since it is those that data inform, ``figures`` (members, figures asked for), ``goals``
    (members, 2), the goal's indicator at constant and current prices.
    """

    z: Floats
    indicators: Floats
    figures: Floats
    goals: Floats

    def __len__(self) -> int:
        return len(self.z)


def members_of(project: Project, cloud: Cloud, seed: int = 0) -> Members:
    """Return the points of a cloud as members of an ensemble."""
    return Members(seed, draws_of(project, cloud.z), cloud.logs, cloud.good)


def goal_kpis(project: Project) -> tuple[Kpi, Kpi]:
    """Return the goal's indicator in the goal's year at constant and at current prices."""
    return goal_kpi(project, GOAL), goal_kpi(project, GOAL_CURRENT)


def outputs_for(project: Project, asked: Iterable[Observation] = ()) -> tuple[str, ...]:
    """Return the outputs to run for: those of every run, and more only where a figure needs them."""
    names = {project.spec.find(reference.name).name for one in asked for reference in one.references}
    return tuple(sorted({*project.outputs, *(name for name in names if name not in project.defaults)}))


def look_out(project: Project, cloud: Cloud, asked: Sequence[Observation] = ()) -> Outlook:
    """Run the points of a cloud to the model's last year, without levers.

    Raises:
        SimError: none of them runs through.
    """
    members = members_of(project, cloud)
    parts = [
        _block(project, members, slice(begin, begin + BLOCK), asked)
        for begin in range(0, len(members), BLOCK)
    ]
    indicators = np.concatenate([part[0] for part in parts])
    figures = np.concatenate([part[1] for part in parts])
    kept = np.concatenate([part[2] for part in parts])
    if not kept.any():
        raise SimError("No member ran through to the last year. Check the model and priors.csv.")
    goals = [project.kpis.index(kpi) for kpi in goal_kpis(project)]
    return Outlook(cloud.z[kept], indicators[kept], figures[kept], indicators[kept][:, goals])


def _block(
    project: Project, members: Members, part: slice, asked: Sequence[Observation]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    constants = members.constants(project, part)
    count = len(members.draws[part])
    result = project.model.run(constants, lanes=count, outputs=outputs_for(project, asked))
    kept = members.anchored[part].copy()
    kept[list(result.failed)] = False
    figures = predictions(project, result, asked) if asked else np.empty((count, 0))
    return indicator_values(project.spec, result, project.kpis), figures, kept
