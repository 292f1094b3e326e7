"""Loop knock-outs: every loop is cut in lanes of one batch, beside the same runs with the loop whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.analyse.checks import Bench, Check, Lane, Replaced
from sim.spec.loops import Loop
from sim.spec.scenario import Scenario, load_scenario

__all__ = ["Knockout", "check_knockouts", "knock_out"]

CLEAR = 1e-5
"""Per cent of the variable by which a cut must at least move it."""


@dataclass(frozen=True)
class Knockout:
    """What cutting a loop did, in per cent of its variable.

    ``whole`` and ``cut`` are the measure with the loop working and cut (an effect in per cent, or a level in
    the variable's unit), ``change`` the difference in per cent of the variable.
    """

    loop: Loop
    whole: float
    cut: float
    change: float

    @property
    def as_expected(self) -> bool:
        """Whether the outcome moved clearly in the direction of the loop's polarity."""
        return self.change > CLEAR if self.loop.expected == "larger" else self.change < -CLEAR


def check_knockouts(bench: Bench) -> Iterator[Check]:
    """One check for each loop: the figure is the change in per cent of the loop's variable."""
    for one in knock_out(bench):
        loop = one.loop
        sign = f"> {CLEAR:g} %" if loop.expected == "larger" else f"< -{CLEAR:g} %"
        where = f"{loop.variable} ({loop.measure}, {loop.year})"
        detail = "" if one.as_expected else f"{where}: {one.whole:.6g} → {one.cut:.6g}"
        yield Check(
            "loops",
            loop.id,
            f"{loop.id} {loop.zh}",
            f"{loop.id} {loop.en}",
            one.as_expected,
            f"{one.change:+.3g} %",
            sign,
            detail=detail,
        )


def knock_out(bench: Bench) -> tuple[Knockout, ...]:
    """Cut every loop in its own lanes: the scenario, and what it is compared with."""
    loops = bench.loops
    pairs = [_pair(bench, loop) for loop in loops]
    whole = [Lane(scenario) for pair in pairs for scenario in pair]
    cut = [
        Lane(scenario, loop.settings) for loop, pair in zip(loops, pairs, strict=True) for scenario in pair
    ]
    lanes = [Lane(), *whole, *cut]
    result = bench.run_wide(bench.changes(lanes), _held(bench, loops, len(lanes)))
    found = []
    for at, loop in enumerate(loops):
        values = bench.at(result, loop.variable, loop.year).sum(axis=1)
        first = 1 + 2 * at
        after = first + 2 * len(loops)
        found.append(_knockout(loop, values[first : first + 2], values[after : after + 2]))
    return tuple(found)


def _pair(bench: Bench, loop: Loop) -> tuple[Scenario, Scenario]:
    file = bench.project.study.path("runs", "scenarios", f"{loop.scenario}.toml")
    plan = load_scenario(file, bench.project.levers)
    if loop.against == "baseline":
        return Scenario(), plan
    uses = tuple(replace(use, intensity=use.intensity / 2) for use in plan.levers)
    return replace(plan, levers=uses), plan


def _held(bench: Bench, loops: Sequence[Loop], lanes: int) -> dict[str, Replaced]:
    """Return the variables kept at their path without the scenario, in the lanes of loops that hold them."""
    base = bench.run_wide(bench.changes([Lane()]))
    held: dict[str, Replaced] = {}
    for at, loop in enumerate(loops):
        first = 1 + 2 * len(loops) + 2 * at
        for name in map(bench.name, loop.held):
            _, where = held.setdefault(name, (np.asarray(base[name][0]), np.zeros(lanes, dtype=np.bool_)))
            where[first : first + 2] = True
    return held


def _knockout(loop: Loop, whole: np.ndarray[Any, Any], cut: np.ndarray[Any, Any]) -> Knockout:
    if loop.measure == "level":
        before, after = float(whole[1]), float(cut[1])
        return Knockout(loop, before, after, 100 * (after / before - 1))
    before, after = 100 * float(whole[1] / whole[0] - 1), 100 * float(cut[1] / cut[0] - 1)
    return Knockout(loop, before, after, after - before)
