"""What the documents say of the levers' effects, and what the goal's chance would be if those were others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim.calibrate.contraction import contractions
from sim.calibrate.forward import Cloud
from sim.calibrate.naming import band, constant_names, number
from sim.calibrate.outlook import BLOCK, goal_kpis, members_of, outputs_for
from sim.ensemble import LeverUse, Project, Scenario
from sim.ensemble.indicators import indicator_values, met_share
from sim.ensemble.lanes import arm_changes
from sim.ensemble.runner import Floats, cells
from sim.spec.levers import Lever
from sim.spec.scenario import load_scenario

__all__ = ["FACTORS", "IDENTIFIED", "chances", "lever_effects", "moved_priors", "plan_scenario", "scaled"]

IDENTIFIED = 0.1
"""A lever's effect counts as identified where one of its constants contracts by this much."""

FELT = 1e-6
"""Slope, in deviations of an observation, below which no observation depends on a constant."""

FACTORS = (0.5, 1.0, 1.5)


def lever_effects(project: Project, z: Floats, slopes: Floats, covariance: Floats) -> list[dict[str, Any]]:
    """Return each lever with the constants that carry its effect and what the observations say of them.

    A lever is identified where some observation depends on one of its constants, and that constant's variance
    shrank by a tenth. The first is asked because a thousand members shrink by a tenth by chance.

    Args:
        project: the region.
        z: (members, priors) of the posterior.
        slopes: (priors, observations) in deviations for one standard deviation of the prior.
        covariance: (priors, priors) of the posterior if the model were linear.
    """
    found, linear = contractions(z), 1 - np.diag(covariance)
    felt = np.abs(slopes).max(axis=1, initial=0.0)
    names = constant_names(project)
    rows: list[dict[str, Any]] = []
    for lever in project.levers:
        carried = moved_priors(project, lever)
        constants = [
            names[at]
            | {"contraction": number(found[at]), "linear": number(linear[at]), "response": number(felt[at])}
            for at in carried
        ]
        identified = any(felt[at] > FELT and found[at] >= IDENTIFIED for at in carried)
        rows.append(
            {"id": lever.id, "zh": lever.zh, "en": lever.en, "constants": constants, "identified": identified}
            | {"response": number(max((felt[at] for at in carried), default=0.0))}
        )
    return rows


def moved_priors(project: Project, lever: Lever) -> tuple[int, ...]:
    """Return the positions among the sampled priors of the constants that carry a lever's effect."""
    wanted = {
        (project.constant(moved.name), int(cell))
        for moved in lever.moves
        for cell in cells(project.spec, moved)
    }
    return tuple(
        at
        for at, prior in enumerate(project.sampled)
        if any(
            (project.constant(prior.constant.name), int(cell)) in wanted
            for cell in cells(project.spec, prior.constant)
        )
    )


def scaled(project: Project, constants: dict[str, Floats], factor: float, lanes: int) -> dict[str, Floats]:
    """Return constants (name → (lanes, *subscripts)) with all that carry levers' effects times ``factor``."""
    changed, done = dict(constants), set[tuple[str, int]]()
    for moved in (moved for lever in project.levers for moved in lever.moves):
        name = project.constant(moved.name)
        # Two levers may share a constant, which must not be scaled twice.
        fresh = [cell for cell in cells(project.spec, moved).tolist() if (name, cell) not in done]
        done.update((name, cell) for cell in fresh)
        values = project.lanes(changed, name, lanes).copy()
        values.reshape(lanes, -1)[:, fresh] *= factor
        changed[name] = values
    return changed


def plan_scenario(project: Project) -> Scenario:
    """Return the place's own plan (``runs/scenarios/plan.toml``), or else every lever asked in full."""
    path = project.study.find("runs", "scenarios", "plan.toml")
    if path is not None:
        return load_scenario(path, project.levers)
    return replace(Scenario(), name="plan", levers=tuple(LeverUse(lever.id) for lever in project.levers))


def chances(project: Project, cloud: Cloud, plan: Scenario) -> list[dict[str, Any]]:
    """Return for each factor on the levers' effects the chance of the goal with the plan and without it."""
    return [_chance(project, cloud, plan, factor) for factor in FACTORS]


def _chance(project: Project, cloud: Cloud, plan: Scenario, factor: float) -> dict[str, Any]:
    members = members_of(project, cloud)
    parts = []
    for begin in range(0, len(members), BLOCK // 2):
        part = slice(begin, begin + BLOCK // 2)
        count = len(cloud.z[part])
        constants = scaled(project, members.constants(project, part), factor, count)
        changes = arm_changes(project, constants, count, (Scenario(), plan))
        result = project.model.run(changes, lanes=2 * count, outputs=outputs_for(project))
        values = indicator_values(project.spec, result, goal_kpis(project))
        values[list(result.failed)] = np.nan
        values[:count][~members.anchored[part]] = np.nan
        parts.append(values.reshape(2, count, 2))
    both = np.concatenate(parts, axis=1)
    both = both[:, np.isfinite(both).all(axis=(0, 2))]
    return {"factor": factor, "members": both.shape[1]} | _arms(project, both)


def _arms(project: Project, both: Floats) -> dict[str, Any]:
    """Return what the arms (2, members, 2) say at constant and current prices, and the plan's own effect."""
    goal = goal_kpis(project)[0]
    found: dict[str, Any] = {}
    for arm, name in enumerate(("baseline", "plan")):
        found[name] = {
            "constant": met_share(both[arm, :, 0], goal.direction, goal.target),
            "current": met_share(both[arm, :, 1], goal.direction, goal.target),
            "gdp": band(both[arm, :, 0]),
            "gdp_current": band(both[arm, :, 1]),
        }
    return found | {"effect": band(both[1, :, 0] - both[0, :, 0])}
