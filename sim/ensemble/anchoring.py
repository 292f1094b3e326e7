"""Anchoring: each member's anchored constants are multiplied until the model hits the known levels.

The constants hold initial (2020) values, the levels are those of a later year (2024), so the
multipliers are found by running the model up to that year. All anchors and all members are solved
at once by Broyden's method (1965, Mathematics of Computation 19) in logarithms. Each member begins
with the solution and the slopes of the model's own constants, and its steps are damped where they
make it worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, cells, series_of
from sim.errors import BadInput
from sim.spec.anchors import Anchor
from sim.spec.references import Reference

__all__ = [
    "TOLERANCE",
    "Anchored",
    "Figures",
    "Start",
    "anchor_labels",
    "apply_multipliers",
    "find_start",
    "solve_anchors",
    "value_at",
]

Figures = Callable[[Result], Floats]
"""Makes (lanes, figures) of a result."""

TOLERANCE = 1e-3
"""Largest relative miss of a target that counts as hit."""

AIM = 1e-5
"""Log miss at which a member needs no more steps: one step beyond the tolerance, and nearly free."""

MAX_STEPS = 40
NUDGE = 1e-4
"""Step in the log of a multiplier over which slopes are taken."""

LARGEST_MOVE = 0.7
"""Most that a step may add to the log of a multiplier, so that a wild first guess stays harmless."""


@dataclass(frozen=True)
class Anchored:
    """``logs`` of the multipliers and ``miss`` = log(model / target), both (members, anchored cells).

    ``figures`` (members, figures) is what was asked for of each member's last run.
    """

    logs: Floats
    miss: Floats
    figures: Floats = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def hit(self) -> NDArray[np.bool_]:
        """(members,) whether every target is met within the tolerance."""
        return np.asarray(np.abs(np.nan_to_num(self.miss, nan=np.inf)).max(axis=1, initial=0.0) <= TOLERANCE)


@dataclass(frozen=True)
class Start:
    """Where the search begins: ``logs`` (cells,), ``inverse`` (cells, cells) of the slopes d miss / d logs.

    ``miss`` (cells,) is that of the model's own constants.
    """

    logs: Floats
    inverse: Floats
    miss: Floats

    @property
    def hit(self) -> bool:
        """Whether the model's own constants meet every target."""
        return bool(Anchored(self.logs[None], self.miss[None]).hit[0])


def anchor_labels(project: Project) -> tuple[str, ...]:
    """Return a readable name for each anchored cell, in the order of the columns of ``logs``."""
    labels: list[str] = []
    for anchor in project.anchors:
        variable = project.spec.find(anchor.variable.name)
        names = [project.spec.dimensions[dimension].elements for dimension in variable.dimensions]
        every = list(product(*names))
        for cell in cells(project.spec, anchor.variable):
            labels.append(f"{Reference(variable.name, every[cell])} in {anchor.year}")
    return tuple(labels)


def apply_multipliers(project: Project, constants: Mapping[str, Floats], logs: Floats) -> dict[str, Floats]:
    """Return ``constants`` (name → (members, *subscripts)) with the anchored ones multiplied by exp(logs)."""
    result = dict(constants)
    at = 0
    for anchor in project.anchors:
        name = project.constant(anchor.constant.name)
        where = cells(project.spec, anchor.constant)
        values = project.lanes(result, name, len(logs)).copy()
        values.reshape(len(logs), -1)[:, where] *= np.exp(logs[:, at : at + where.size])
        result[name] = values
        at += where.size
    return result


def find_start(project: Project) -> Start:
    """Return where members begin: the solution and the slopes of the model's own constants.

    Raises:
        BadInput: as for :func:`solve_anchors`.
    """
    count = len(anchor_labels(project))
    begin = np.zeros(count)
    if not count:
        return Start(begin, np.empty((0, 0)), begin)
    solved = _solve(project, {}, begin[None], _inverse_slopes(project, begin))
    if not solved.hit.all():
        return Start(begin, np.eye(count), solved.miss[0])
    return Start(solved.logs[0], _inverse_slopes(project, solved.logs[0]), solved.miss[0])


def solve_anchors(
    project: Project,
    constants: Mapping[str, Floats],
    members: int,
    start: Start,
    *,
    begin: Floats | None = None,
    aim: float = AIM,
    steps: int = MAX_STEPS,
    figures: Figures | None = None,
) -> Anchored:
    """Find the multipliers of every member.

    Args:
        project: model and anchors.
        constants: what members differ in, name → (members, *subscripts).
        members: how many there are.
        start: from :func:`find_start`.
        begin: (members, cells) logs nearer to the solution than the start's own.
        aim: log miss at which a member needs no more steps.
        steps: after how many a member is given up.
        figures: what else to take from the last run of each member, (lanes, figures).

    Raises:
        BadInput: an anchor's constant, variable and target differ in their count of cells, or a
            constant is 0 where its target is not.
    """
    logs = np.tile(start.logs, (members, 1)) if begin is None else begin.copy()
    return _solve(project, constants, logs, start.inverse, aim, steps, figures)


def value_at(time: NDArray[np.float64], values: Floats, year: float) -> Floats:
    """Return (lanes, cells) at ``year``, linear between the saved times of (lanes, times, cells)."""
    after = int(np.clip(np.searchsorted(time, year - 1e-9), 1, max(len(time) - 1, 1)))
    if len(time) == 1 or not time[0] - 1e-6 <= year <= time[-1] + 1e-6:
        if len(time) and abs(time[0] - year) < 1e-6:
            return values[:, 0]
        raise BadInput(f"The year {year:g} is outside what the model ran, {time[0]:g} to {time[-1]:g}.")
    share = (year - time[after - 1]) / (time[after] - time[after - 1])
    # At a saved time the neighbour must not enter at all, so that the value is the saved one bit for bit.
    if abs(share - 1) < 1e-9:
        return values[:, after]
    if abs(share) < 1e-9:
        return values[:, after - 1]
    return np.asarray(values[:, after - 1] * (1 - share) + values[:, after] * share)


def _solve(
    project: Project,
    constants: Mapping[str, Floats],
    logs: Floats,
    slopes: Floats,
    aim: float = AIM,
    steps: int = MAX_STEPS,
    figures: Figures | None = None,
) -> Anchored:
    if not logs.shape[1] and figures is None:
        return Anchored(logs, np.empty((len(logs), 0)))
    miss, found = _run(project, constants, logs, figures)
    inverse = np.tile(slopes, (len(logs), 1, 1))
    damping = np.ones(len(logs))
    for _ in range(steps):
        # NaN compares false: a member that the model cannot run stays where it is and counts as missed.
        left = np.flatnonzero(np.abs(miss).max(axis=1, initial=0.0) > aim)
        if not left.size:
            break
        move = _move(inverse[left], miss[left], damping[left])
        part = {name: values[left] for name, values in constants.items()}
        tried, seen = _run(project, part, logs[left] + move, figures)
        runs = np.isfinite(tried).all(axis=1)
        change = tried[runs] - miss[left[runs]]
        inverse[left[runs]] = _broyden(inverse[left[runs]], move[runs], change)
        better = runs & (np.linalg.norm(tried, axis=1) < np.linalg.norm(miss[left], axis=1))
        logs[left[better]] += move[better]
        miss[left[better]] = tried[better]
        found[left[better]] = seen[better]
        damping[left] = np.where(better, np.minimum(1.0, 2 * damping[left]), damping[left] / 2)
    return Anchored(logs, miss, found)


def _inverse_slopes(project: Project, logs: Floats) -> Floats:
    """Return the inverse of d miss / d logs of the model's own constants, by differences in one batch."""
    count = logs.size
    tried, _ = _run(project, {}, np.concatenate([logs[None], logs + NUDGE * np.eye(count)]), None)
    slopes = (tried[1:] - tried[0]).T / NUDGE
    if not np.isfinite(slopes).all():
        return np.eye(count)
    # Nearly flat directions are left alone: following their slope would throw a multiplier far away.
    return np.asarray(np.linalg.pinv(slopes, rcond=1e-3))


def _move(inverse: Floats, miss: Floats, damping: Floats) -> Floats:
    move = -np.matmul(inverse, miss[:, :, None])[:, :, 0] * damping[:, None]
    largest = np.abs(move).max(axis=1, keepdims=True)
    return np.asarray(move * np.minimum(1.0, LARGEST_MOVE / np.maximum(largest, 1e-300)))


def _broyden(inverse: Floats, move: Floats, change: Floats) -> Floats:
    expected = np.matmul(inverse, change[:, :, None])[:, :, 0]
    row = np.matmul(move[:, None, :], inverse)
    scale = (move * expected).sum(axis=1)
    safe = np.abs(scale) > 1e-3 * (move * move).sum(axis=1)
    factor = np.where(safe, 1 / np.where(safe, scale, 1.0), 0.0)
    return np.asarray(inverse + (move - expected)[:, :, None] * row * factor[:, None, None])


def _run(
    project: Project, constants: Mapping[str, Floats], logs: Floats, figures: Figures | None
) -> tuple[Floats, Floats]:
    """Return the misses (members, cells) and the figures (members, figures) of one run."""
    changed = apply_multipliers(project, constants, logs)
    years = [anchor.year for anchor in project.anchors] + [one.year for one in project.observations]
    result = project.model.run(changed, lanes=len(logs), outputs=project.outputs, final_time=max(years))
    misses = [_miss_of(project, anchor, changed, result, len(logs)) for anchor in project.anchors]
    miss = np.concatenate([np.empty((len(logs), 0)), *misses], axis=1)
    miss[list(result.failed)] = np.nan
    return miss, np.empty((len(logs), 0)) if figures is None else figures(result)


def _miss_of(
    project: Project, anchor: Anchor, constants: Mapping[str, Floats], result: Result, lanes: int
) -> Floats:
    model = value_at(result.time, series_of(project.spec, result, anchor.variable), anchor.year)
    target = _target(project, anchor, constants, result, model.shape)
    constant = _constant_cells(project, anchor.constant, constants, lanes)
    if not constant.shape == model.shape == target.shape:
        counts = f"{constant.shape[1]}, {model.shape[1]} and {target.shape[1]}"
        raise BadInput(
            f"anchors.csv, row {anchor.line}: constant, variable and target have {counts} cells. "
            "They must have as many."
        )
    idle = constant == 0
    if (idle & (target != 0)).any():
        raise BadInput(
            f"anchors.csv, row {anchor.line}: {anchor.constant} is 0 where its target is not, "
            "and no multiplier changes that. Give it a start value."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(idle, 0.0, np.log(model / target))


def _target(
    project: Project, anchor: Anchor, constants: Mapping[str, Floats], result: Result, shape: tuple[int, ...]
) -> Floats:
    if not isinstance(anchor.target, Reference):
        return np.full(shape, anchor.target)
    if project.spec.find(anchor.target.name).name in project.defaults:
        return _constant_cells(project, anchor.target, constants, shape[0])
    return value_at(result.time, series_of(project.spec, result, anchor.target), anchor.year)


def _constant_cells(
    project: Project, reference: Reference, constants: Mapping[str, Floats], lanes: int
) -> Floats:
    values = project.lanes(constants, project.constant(reference.name), lanes)
    return values.reshape(lanes, -1)[:, cells(project.spec, reference)]
