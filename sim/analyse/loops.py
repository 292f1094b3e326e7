"""Cutting feedback loops: constants overridden, or variables kept at their path without the scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, cells, series_of
from sim.errors import BadInput
from sim.spec.loops import Loop
from sim.spec.references import Reference

__all__ = ["UNCUT", "Paths", "check_loops", "held_variables", "paths_of", "with_cuts"]

UNCUT = -1


@dataclass(frozen=True)
class Paths:
    """Where held variables are kept: ``values`` maps the text of a reference to (members, times, *cells)."""

    time: Floats
    values: Mapping[str, Floats]


def check_loops(project: Project, loops: Sequence[Loop]) -> None:
    """Raise BadInput for the first cut that names what the model does not have."""
    for loop in loops:
        try:
            for setting in loop.settings:
                project.constant(setting.target.name)
                cells(project.spec, setting.target)
            for held in loop.held:
                cells(project.spec, held)
        except BadInput as error:
            raise BadInput(f"loops.csv, row {loop.line}, column 'cut': {error}") from error


def held_variables(project: Project, loops: Sequence[Loop]) -> tuple[str, ...]:
    """Return the model variables that some loop's cut keeps at a path."""
    names = (project.spec.find(held.name).name for loop in loops for held in loop.held)
    return tuple(dict.fromkeys(names))


def paths_of(project: Project, loops: Sequence[Loop], result: Result, members: int) -> Paths:
    """Return the paths of the held variables in the first ``members`` lanes of a run without the scenario."""
    values = {}
    for held in _held(loops):
        variable = project.spec.find(held.name)
        series = series_of(project.spec, result, held)[:members]
        # All cells of a variable keep its axes, a single one has none.
        shape = () if series.shape[-1] == 1 else project.spec.shape(variable)
        values[str(held)] = series if held.elements and shape else series.reshape(*series.shape[:2], *shape)
    return Paths(np.asarray(result.time, dtype=np.float64), values)


def with_cuts(
    project: Project,
    loops: Sequence[Loop],
    which: NDArray[np.intp],
    changes: Mapping[str, Floats],
    paths: Paths,
    member: NDArray[np.intp],
) -> dict[str, Any]:
    """Return engine changes with one loop cut in each lane.

    Args:
        project: model and data.
        loops: all loops of the study. Runs that share them share one compiled program.
        which: (lanes,) the loop that is cut in a lane, or :data:`UNCUT`.
        changes: what the lanes differ in, name → (lanes, *subscripts).
        paths: from :func:`paths_of`.
        member: (lanes,) the member whose path a lane's held variables keep.
    """
    # The package of the engine loads JAX only when something runs.
    from sim.engine.replacing import TimeSeries

    cut: dict[str, Any] = dict(changes)
    own: set[str] = set()
    for at, loop in enumerate(loops):
        rows = np.flatnonzero(which == at)
        for setting in loop.settings if rows.size else ():
            name = project.constant(setting.target.name)
            if name not in own:
                cut[name] = project.lanes(cut, name, len(which)).copy()
                own.add(name)
            block = cut[name].reshape(len(which), -1)
            where = rows[:, None], cells(project.spec, setting.target)
            block[where] = block[where] * setting.value if setting.factor else setting.value
    for held in _held(loops):
        holding = [at for at, loop in enumerate(loops) if held in loop.held]
        cut[str(held)] = TimeSeries(paths.time, paths.values[str(held)][member], np.isin(which, holding))
    return cut


def _held(loops: Sequence[Loop]) -> tuple[Reference, ...]:
    return tuple(dict.fromkeys(held for loop in loops for held in loop.held))
