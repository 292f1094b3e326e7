"""Baseline and scenario run with the same members, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.counts import whole_numbers
from sim.ensemble.funding import funding_paths
from sim.ensemble.indicators import indicator_values, year_reached
from sim.ensemble.lanes import arm_changes, check_scenario
from sim.ensemble.members import Members
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Progress, Result, series_of
from sim.errors import BadInput, SimError
from sim.spec.kpis import Kpi
from sim.spec.scenario import Scenario

__all__ = ["GOAL", "GOAL_CURRENT", "Paired", "goal_kpi", "run_paired"]

GOAL, GOAL_CURRENT = "city-gdp", "city-gdp-current"
"""Ids in kpis.csv of city GDP at constant and at current prices."""

BLOCK = 2048
MOST_IN_BANDS = 20_480
"""Bands over time use at most this many members, so that a million members fit in memory."""


@dataclass(frozen=True)
class Paired:
    """Results of both arms, baseline first, in shown units.

    ``time`` (times,); ``indicators`` (2, members, kpi rows), counts among them as whole numbers, and
    ``reached`` (2, members), the year the goal is reached or inf; ``series`` (chart rows, 2, times,
    members), the model's means, the first members only if there are very many; ``kept`` (members,) whether
    a member is anchored and ran in both arms; ``funding`` (purses, 2, years, members) what the scenario's
    levers ask of each purse and what it pays, of the same members as ``series``.
    """

    time: NDArray[np.float64]
    indicators: Floats
    reached: Floats
    series: NDArray[np.float32]
    kept: NDArray[np.bool_]
    funding: NDArray[np.float32]


def goal_kpi(project: Project, name: str = GOAL) -> Kpi:
    """Return the indicator that the goal is about, in the goal's year: the last with a target.

    Raises:
        BadInput: kpis.csv lacks it, or the goal has no target.
    """
    goals = [kpi for kpi in project.kpis if kpi.id == GOAL and kpi.target is not None]
    if not goals:
        raise BadInput(f"kpis.csv needs a row with id {GOAL} and the goal as its target.")
    goal = max(goals, key=lambda kpi: kpi.year)
    for kpi in (goal, *project.kpis):
        if (kpi.id, kpi.year) == (name, goal.year):
            return kpi
    raise BadInput(f"kpis.csv needs a row with id {name} for {goal.year}, the year of the goal.")


def run_paired(
    project: Project,
    members: Members,
    baseline: Scenario,
    scenario: Scenario,
    progress: Progress | None = None,
) -> Paired:
    """Run both arms over all members.

    Raises:
        BadInput: a lever or input is not known.
        SimError: no member ran through in both arms.
    """
    for arm in (baseline, scenario):
        check_scenario(project, arm)
    parts: list[Paired] = []
    for begin in range(0, len(members), BLOCK):
        if progress:
            progress("runs", begin, len(members))
        block = slice(begin, min(begin + BLOCK, len(members)))
        # Lanes that failed may be infinite or too large for 32 bits. They are left out and need no warning.
        with np.errstate(over="ignore", invalid="ignore"):
            parts.append(_run_block(project, members, block, (baseline, scenario)))
    if progress:
        progress("runs", len(members), len(members))
    whole = _joined(parts)
    if not whole.kept.any():
        raise SimError(
            "No member ran through: every one turned NaN or infinite. Check the scenario's inputs."
        )
    return whole


def _run_block(project: Project, members: Members, block: slice, arms: tuple[Scenario, Scenario]) -> Paired:
    count = block.stop - block.start
    changes = arm_changes(project, members.constants(project, block), count, arms)
    result = project.model.run(changes, lanes=2 * count, outputs=project.outputs)
    kept = np.ones(2 * count, dtype=bool)
    kept[list(result.failed)] = False
    shown = count if block.start < MOST_IN_BANDS else 0
    goal = goal_kpi(project)
    path = series_of(project.spec, result, goal.variable)[:, :, 0] * goal.scale
    indicators = indicator_values(project.spec, result, project.kpis)
    for row, numbers in whole_numbers(project, result, changes, members, block).items():
        indicators[:, row] = numbers
    return Paired(
        time=np.asarray(result.time, dtype=np.float64),
        indicators=indicators.reshape(2, count, -1),
        reached=year_reached(result.time, path, goal.target or 0.0).reshape(2, count),
        series=_chart_series(project, result, shown),
        kept=kept.reshape(2, count).all(axis=0) & members.anchored[block],
        funding=funding_paths(project, result, slice(count, count + shown)),
    )


def _chart_series(project: Project, result: Result, count: int) -> NDArray[np.float32]:
    """Return (chart rows, 2, times, members), members last so that sorting them runs over memory in order."""
    times = len(result.time)
    rows = [np.empty((0, 2, times, count), dtype=np.float32)]
    for chart in project.charts if count else ():
        values = (series_of(project.spec, result, chart.variable)[:, :, 0] * chart.scale).astype(np.float32)
        rows.append(values.reshape(1, 2, count, times).swapaxes(2, 3))
    if not count:
        return np.empty((len(project.charts), 2, times, 0), dtype=np.float32)
    return np.concatenate(rows)


def _joined(parts: list[Paired]) -> Paired:
    return Paired(
        time=parts[0].time,
        indicators=np.concatenate([part.indicators for part in parts], axis=1),
        reached=np.concatenate([part.reached for part in parts], axis=1),
        series=np.concatenate([part.series for part in parts], axis=3),
        kept=np.concatenate([part.kept for part in parts]),
        funding=np.concatenate([part.funding for part in parts], axis=3),
    )
