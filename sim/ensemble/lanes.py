"""From scenarios and members to the changes that the engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.ensemble.project import LEVER_CONSTANTS, Project
from sim.ensemble.runner import Floats, cells
from sim.errors import BadInput
from sim.spec.levers import find_lever
from sim.spec.model import key
from sim.spec.references import Reference, parse_reference
from sim.spec.scenario import Scenario

__all__ = ["arm_changes", "check_scenario", "describe_scenario", "set_cells"]

INTENSITY, START, COST = LEVER_CONSTANTS


def check_scenario(project: Project, scenario: Scenario) -> None:
    """Raise BadInput for the first lever or input of a scenario that the project does not have."""
    for use in scenario.levers:
        find_lever(project.levers, use.id)
    for name in scenario.inputs:
        reference = parse_reference(name)
        where = f"scenario '{scenario.name}', input '{name}'"
        try:
            constant = project.constant(reference.name)
            cells(project.spec, reference)
        except BadInput as error:
            raise BadInput(f"{where}: {error}") from error
        if key(constant) in (INTENSITY, START):
            raise BadInput(f"{where}: levers are set under [levers], as in headquarters = 1.0.")
        dimensions = project.spec.find(constant).dimensions
        if dimensions and not reference.elements:
            raise BadInput(
                f"{where}: it has dimensions. Write {constant}[{', '.join(dimensions)}] with elements."
            )


def arm_changes(
    project: Project, constants: Mapping[str, Floats], members: int, arms: Sequence[Scenario]
) -> dict[str, Floats]:
    """Return engine changes, name → (arms × members, *subscripts): the same members once for each arm.

    A scenario's inputs replace what members drew or were anchored to. Levers that an arm does
    not use stay at the model's default, which is no extra effort.
    """
    each = [_with_scenario(project, constants, members, arm) for arm in arms]
    names = dict.fromkeys(name for changes in each for name in changes)
    return {name: np.concatenate([project.lanes(one, name, members) for one in each]) for name in names}


def set_cells(
    project: Project, changes: dict[str, Floats], reference: Reference, value: float | Floats, lanes: int
) -> None:
    """Set the cells of a constant to ``value``, a number or (lanes,), in a copy put into ``changes``."""
    name = project.constant(reference.name)
    values = project.lanes(changes, name, lanes).copy()
    column = np.broadcast_to(np.asarray(value, dtype=np.float64), (lanes,))[:, None]
    values.reshape(lanes, -1)[:, cells(project.spec, reference)] = column
    changes[name] = values


def describe_scenario(project: Project, scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as the run record keeps it."""
    return {
        "name": scenario.name,
        "title": {"zh": scenario.zh, "en": scenario.en},
        "levers": [_describe_use(project, use.id, use.intensity, use.start) for use in scenario.levers],
        "inputs": dict(scenario.inputs),
    }


def _with_scenario(
    project: Project, constants: Mapping[str, Floats], members: int, scenario: Scenario
) -> dict[str, Floats]:
    changes = dict(constants)
    for use in scenario.levers:
        element = (find_lever(project.levers, use.id).element,)
        set_cells(project, changes, Reference(INTENSITY, element), use.intensity, members)
        if use.start is not None:
            set_cells(project, changes, Reference(START, element), use.start, members)
    for name, value in scenario.inputs.items():
        set_cells(project, changes, parse_reference(name), value, members)
    return changes


def _describe_use(project: Project, name: str, intensity: float, start: float | None) -> dict[str, Any]:
    lever = find_lever(project.levers, name)
    at = _default_at(project, START, lever.element) if start is None else start
    return {
        "id": lever.id,
        "zh": lever.zh,
        "en": lever.en,
        "intensity": intensity,
        "start": at,
        "authority": lever.authority,
        "annual_cost": _default_at(project, COST, lever.element),
        "evidence": lever.evidence,
        "document": lever.document,
        "section": lever.section,
        "summary": {"zh": lever.summary_zh, "en": lever.summary_en},
    }


def _default_at(project: Project, constant: str, element: str) -> float:
    values = project.defaults[project.constant(constant)]
    return float(values.ravel()[cells(project.spec, Reference(constant, (element,)))[0]])
