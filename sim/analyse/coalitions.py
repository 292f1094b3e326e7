"""Coalitions of levers as lanes: each lane is one member with some of a scenario's levers at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.anchoring import value_at
from sim.ensemble.project import LEVER_CONSTANTS, Project
from sim.ensemble.runner import Floats, Progress, cells, series_of
from sim.spec.levers import find_lever
from sim.spec.references import Reference, parse_reference
from sim.spec.scenario import Scenario

__all__ = ["CONDITIONS", "Measure", "Player", "coalition_values", "players_of"]

BLOCK = 2048
CONDITIONS = "conditions"
"""The player that stands for all outside conditions of a scenario."""

INTENSITY, START, _ = LEVER_CONSTANTS


@dataclass(frozen=True)
class Player:
    """A lever by its id, or :data:`CONDITIONS`, and the model cells that it sets."""

    id: str
    settings: tuple[tuple[Reference, float], ...]


@dataclass(frozen=True)
class Measure:
    """What is read off a lane: ``variable`` × ``scale`` in ``year``; ``outputs`` are those to ask for."""

    variable: Reference
    scale: float
    year: int
    outputs: tuple[str, ...]


def players_of(project: Project, scenario: Scenario) -> tuple[Player, ...]:
    """Return the active levers of a scenario, and its outside conditions as one player if it has any."""
    players = []
    for use in scenario.levers:
        if use.intensity > 0:
            element = (find_lever(project.levers, use.id).element,)
            settings = [(Reference(INTENSITY, element), use.intensity)]
            if use.start is not None:
                settings.append((Reference(START, element), use.start))
            players.append(Player(use.id, tuple(settings)))
    if scenario.inputs:
        given = tuple((parse_reference(name), value) for name, value in scenario.inputs.items())
        players.append(Player(CONDITIONS, given))
    return tuple(players)


def coalition_values(
    project: Project,
    constants: Mapping[str, Floats],
    players: tuple[Player, ...],
    active: NDArray[np.bool_],
    ends: tuple[Floats, Floats],
    measure: Measure,
    progress: Progress | None = None,
) -> Floats:
    """Return (members, coalitions) values of the measure; NaN where a lane failed.

    Args:
        project: model and data.
        constants: the members' constants, name → (members, *subscripts).
        players: from :func:`players_of`.
        active: (members, coalitions, players), who takes part.
        ends: (members,) values with no player and with all of them, which are known already.
        measure: what is read off.
        progress: called with ("coalitions", lanes done, lanes).
    """
    values = np.where(active.all(axis=2), ends[1][:, None], ends[0][:, None])
    inner = np.argwhere(active.any(axis=2) & ~active.all(axis=2))
    for begin in range(0, len(inner), BLOCK):
        if progress:
            progress("coalitions", begin, len(inner))
        member, coalition = inner[begin : begin + BLOCK].T
        changes = _changes(project, constants, players, member, active[member, coalition])
        values[member, coalition] = _measured(project, changes, len(member), measure)
    if progress:
        progress("coalitions", len(inner), len(inner))
    return values


def _changes(
    project: Project,
    constants: Mapping[str, Floats],
    players: tuple[Player, ...],
    member: NDArray[np.intp],
    active: NDArray[np.bool_],
) -> dict[str, Floats]:
    """Return engine changes, name → (lanes, *subscripts)."""
    changes = {name: value[member] for name, value in constants.items()}
    own: set[str] = set(changes)
    for player, taking_part in zip(players, active.T, strict=True):
        for reference, value in player.settings:
            name = project.constant(reference.name)
            if name not in own:
                changes[name] = project.lanes(changes, name, len(member)).copy()
                own.add(name)
            rows, columns = np.flatnonzero(taking_part), cells(project.spec, reference)
            changes[name].reshape(len(member), -1)[rows[:, None], columns] = value
    return changes


def _measured(project: Project, changes: Mapping[str, Floats], lanes: int, measure: Measure) -> Floats:
    result = project.model.run(changes, lanes=lanes, outputs=measure.outputs, final_time=measure.year)
    series = series_of(project.spec, result, measure.variable)
    values = value_at(result.time, series, measure.year)[:, 0] * measure.scale
    values[list(result.failed)] = np.nan
    return np.asarray(values)
