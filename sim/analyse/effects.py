"""A scenario's effect on one indicator, member by member, and how it is summed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.analyse.additive import part_outputs, part_values
from sim.analyse.coalitions import Measure
from sim.analyse.indicator import Indicator
from sim.ensemble.anchoring import value_at
from sim.ensemble.indicators import quantiles
from sim.ensemble.lanes import arm_changes
from sim.ensemble.members import Members
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Progress, series_of
from sim.errors import SimError
from sim.spec.parts import Parts, find_parts
from sim.spec.scenario import Scenario

__all__ = ["Effect", "effect_of", "rounded", "row_of", "summary"]

BLOCK = 1024
PROBABILITIES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Effect:
    """Both arms for the members that ran: ``values`` (2, members), ``parts`` (2, members, cells) or None.

    ``constants`` are those members' constants, ``kept`` how many of ``drawn`` there are.
    """

    values: Floats
    parts: Floats | None
    constants: dict[str, Floats]
    drawn: int
    measure: Measure

    @property
    def change(self) -> Floats:
        """(members,) the scenario less the baseline."""
        return np.asarray(self.values[1] - self.values[0])

    @property
    def kept(self) -> int:
        """How many members ran in both arms."""
        return int(self.values.shape[1])


def effect_of(
    project: Project,
    members: Members,
    scenario: Scenario,
    indicator: Indicator,
    table: Sequence[Parts] = (),
    progress: Progress | None = None,
) -> Effect:
    """Run the baseline and the scenario with the same members and read off the indicator and its parts."""
    # What indicators and charts show has a program already; all sums that need more share one.
    usual = project.outputs
    parted = tuple(dict.fromkeys((*usual, *(name for one in table for name in part_outputs(project, one)))))
    parts = find_parts(table, indicator.id)
    enough = parts is None or set(part_outputs(project, parts)) <= set(usual)
    measure = Measure(indicator.variable, indicator.scale, indicator.year, usual)
    both = replace(measure, outputs=usual if enough else parted)
    blocks = range(0, len(members), BLOCK)
    found = []
    for begin in blocks:
        if progress:
            progress("runs", begin, len(members))
        block = slice(begin, min(begin + BLOCK, len(members)))
        constants = members.constants(project, block)
        found.append(_both_arms(project, constants, members.anchored[block], scenario, both, parts))
    if progress:
        progress("runs", len(members), len(members))
    values = np.concatenate([one[0] for one in found], axis=1)
    if not values.shape[1]:
        raise SimError("No member ran through: every one turned NaN or infinite. Check the scenario.")
    return Effect(
        values=values,
        parts=np.concatenate([one[1] for one in found], axis=1) if parts else None,
        constants={name: np.concatenate([one[2][name] for one in found]) for name in found[0][2]},
        drawn=len(members),
        measure=measure,
    )


def _both_arms(
    project: Project,
    constants: Mapping[str, Floats],
    anchored: Any,
    scenario: Scenario,
    measure: Measure,
    parts: Parts | None,
) -> tuple[Floats, Floats, dict[str, Floats]]:
    count = len(anchored)
    changes = arm_changes(project, constants, count, (Scenario(), scenario))
    lanes = 2 * count
    result = project.model.run(changes, lanes=lanes, outputs=measure.outputs, final_time=measure.year)
    ran = np.ones(lanes, dtype=np.bool_)
    ran[list(result.failed)] = False
    kept = ran.reshape(2, count).all(axis=0) & anchored
    series = series_of(project.spec, result, measure.variable)
    values = value_at(result.time, series, measure.year)[:, 0] * measure.scale
    cells = np.empty(0)
    if parts is not None:
        whole = part_values(project, parts, result, changes, lanes, measure.year) * measure.scale
        cells = whole.reshape(2, count, -1)[:, kept]
    own = {name: value[kept] for name, value in constants.items()}
    return values.reshape(2, count)[:, kept], cells, own


def summary(values: Floats) -> dict[str, float]:
    """Return the mean and the 5, 50 and 95 % quantiles over members."""
    found = quantiles(values, tuple(PROBABILITIES.values()))
    bands = {name: rounded(float(value)) for name, value in zip(PROBABILITIES, found, strict=True)}
    return {"mean": rounded(float(values.mean()))} | bands


def row_of(values: Floats, total: Floats) -> dict[str, Any]:
    """Return a summary with the share of the mean change, None where the change is nothing."""
    mean = float(total.mean())
    share = rounded(float(values.mean()) / mean) if abs(mean) > 0 else None
    return {**summary(values), "share": share}


def rounded(value: float) -> float:
    """Return nine significant digits, so that sums still come out."""
    return float(f"{value:.9g}")
