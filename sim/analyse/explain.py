"""Why an indicator changed: by its parts, by lever, by loop, member by member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.analyse.additive import splits
from sim.analyse.by_lever import by_lever
from sim.analyse.coalitions import players_of
from sim.analyse.effects import Effect, effect_of, row_of, summary
from sim.analyse.indicator import Indicator
from sim.analyse.knockouts import by_loop
from sim.ensemble.choosing import Choice, chosen_members
from sim.ensemble.lanes import check_scenario
from sim.ensemble.project import Project
from sim.ensemble.runner import Progress
from sim.ensemble.sampling import check_count, check_seed
from sim.errors import BadInput, SimError
from sim.spec.loops import Loop
from sim.spec.parts import Parts, find_parts
from sim.spec.scenario import Scenario

__all__ = ["by_part", "explain"]

ROUNDING = 1e-6


def explain(
    project: Project,
    scenario: Scenario,
    indicator: Indicator,
    *,
    members: int = 1000,
    seed: int = 1,
    parts: Sequence[Parts] = (),
    loops: Sequence[Loop] = (),
    progress: Progress | None = None,
    choice: Choice | None = None,
) -> dict[str, Any]:
    """Return the explanation of a change as plain JSON data; ``means`` says that the indicator counts things,
    whose means are split.

    Args:
        project: model and data.
        scenario: what is compared with the baseline.
        indicator: what changed, and in which year.
        members: of the ensemble.
        seed: of the members, and of the orders where levers are sampled.
        parts: what indicators are the sum of; one that is not among them has no split by part.
        loops: those that are cut one by one.
        progress: called with a stage ("members", "runs", "coalitions", "loops"), what is done, of how much.
        choice: which members to take.

    Raises:
        BadInput: the scenario changes nothing, or members or seed are out of range.
        SimError: no member ran through, or the parts do not add up to the indicator.
    """
    check_count(members)
    check_seed(seed)
    check_scenario(project, scenario)
    players = players_of(project, scenario)
    if not players:
        raise BadInput("Nothing differs from the baseline. Give --lever NAME with an intensity above 0.")
    own = find_parts(parts, indicator.id)
    drawn = chosen_members(project, members, seed, choice, progress)
    effect = effect_of(project, drawn, scenario, indicator, parts, progress)
    table = {
        "effect": {
            "baseline": summary(effect.values[0]),
            "scenario": summary(effect.values[1]),
            "change": summary(effect.change),
        },
        "parts": None if own is None else by_part(project, own, effect),
        "levers": by_lever(project, players, effect, seed, progress),
        "loops": by_loop(project, loops, scenario, effect, progress) if loops else None,
    }
    head = {
        "ensemble": drawn.ensemble,
        "seed": seed,
        "members": members,
        "failed_members": members - effect.kept,
        "members_hash": drawn.hash,
    }
    # A split adds up for the model's means, and so it stays with them where sim run draws whole numbers.
    return head | {"means": any(count.id == indicator.id for count in project.counts)} | table


def by_part(project: Project, parts: Parts, effect: Effect) -> dict[str, Any]:
    """Return the split of the change along each dimension of its parts.

    Raises:
        SimError: the parts do not add up to the indicator.
    """
    assert effect.parts is not None
    gap = np.abs(effect.parts.sum(axis=2) - effect.values).max()
    if gap > ROUNDING * max(float(np.abs(effect.values).max()), 1e-12):
        raise SimError(
            f"parts.csv, row {parts.line}: the parts of '{parts.indicator}' miss it by up to {gap:.3g}. "
            "Correct the row or take it out."
        )
    total = effect.change
    found = splits(project.spec, parts, effect.parts[1] - effect.parts[0])
    return {
        "dimensions": [
            {
                "dimension": split.dimension,
                "rows": [
                    {"id": name} | row_of(split.change[:, at], total) for at, name in enumerate(split.names)
                ],
            }
            for split in found
        ]
    }
