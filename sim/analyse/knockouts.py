"""By loop: how much of an effect is lost when a feedback loop is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.analyse.effects import Effect, rounded, summary
from sim.analyse.loops import check_loops, held_variables, paths_of, with_cuts
from sim.ensemble.anchoring import value_at
from sim.ensemble.lanes import arm_changes
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Progress, series_of
from sim.spec.loops import Loop
from sim.spec.scenario import Scenario

__all__ = ["by_loop"]

MEMBERS = 64
LANES = 512


def by_loop(
    project: Project,
    loops: Sequence[Loop],
    scenario: Scenario,
    effect: Effect,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return, for each loop, the part of the effect that goes when it is cut in both arms.

    Raises:
        BadInput: a cut names what the model does not have.
    """
    check_loops(project, loops)
    used = min(MEMBERS, effect.kept)
    cut = _effects_when_cut(project, loops, scenario, effect, used, progress)
    rows: list[dict[str, Any]] = []
    for at, loop in enumerate(loops):
        ran = np.isfinite(cut[at])
        total = effect.change[:used][ran]
        if not ran.any():
            continue
        lost = total - cut[at][ran]
        mean = float(total.mean())
        share = rounded(float(lost.mean()) / mean) if mean else None
        row: dict[str, Any] = {"id": loop.id, "zh": loop.zh, "en": loop.en, "polarity": loop.polarity}
        rows.append(row | summary(lost) | {"share": share, "members": int(ran.sum())})
    ordered = sorted(rows, key=lambda row: -abs(row["mean"]))
    return {"members": used, "change": summary(effect.change[:used]), "rows": ordered}


def _effects_when_cut(
    project: Project,
    loops: Sequence[Loop],
    scenario: Scenario,
    effect: Effect,
    used: int,
    progress: Progress | None,
) -> Floats:
    """Return (loops, members) effects, NaN where a lane failed."""
    measure = effect.measure
    constants = {name: value[:used] for name, value in effect.constants.items()}
    outputs = tuple(dict.fromkeys((*measure.outputs, *held_variables(project, loops))))
    before = arm_changes(project, constants, used, (Scenario(),))
    base = project.model.run(before, lanes=used, outputs=outputs)
    paths = paths_of(project, loops, base, used)
    block = max(1, LANES // (2 * used))
    found = []
    for begin in range(0, len(loops), block):
        if progress:
            progress("loops", begin, len(loops))
        chosen = np.arange(begin, min(begin + block, len(loops)))
        arms = (Scenario(), scenario) * len(chosen)
        changes = arm_changes(project, constants, used, arms)
        which = np.repeat(chosen, 2 * used)
        member = np.tile(np.arange(used), len(arms))
        cut = with_cuts(project, loops, which, changes, paths, member)
        result = project.model.run(cut, lanes=len(which), outputs=outputs, final_time=measure.year)
        series = series_of(project.spec, result, measure.variable)
        values = value_at(result.time, series, measure.year)[:, 0] * measure.scale
        values[list(result.failed)] = np.nan
        both = values.reshape(len(chosen), 2, used)
        found.append(both[:, 1] - both[:, 0])
    if progress:
        progress("loops", len(loops), len(loops))
    return np.concatenate(found)
