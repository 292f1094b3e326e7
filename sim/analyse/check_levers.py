"""Metamorphic checks of levers, and of the currency: what must not change, or only in one direction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.analyse.checks import Bench, Check, Lane, verdict
from sim.analyse.validation_tables import LeverIndicator
from sim.ensemble.project import LEVER_CONSTANTS
from sim.ensemble.runner import Floats
from sim.spec.references import Reference
from sim.spec.settings import Setting
from sim.translate.units import Units

__all__ = ["check_currency", "check_own_indicators", "check_zero_levers"]

STEPS = (0.25, 0.5, 0.75, 1.0)
RATE = 8.0
"""New currency units per old one; a power of two keeps the arithmetic nearly exact."""


def check_own_indicators(bench: Bench) -> Iterator[Check]:
    """More of a lever never harms its own indicator, and the last half adds less than the first."""
    table = bench.own
    yield _complete(bench, table)
    lanes = [Lane(), *(Lane(bench.one_lever(own.lever, step)) for own in table for step in STEPS)]
    result = bench.run_wide(bench.changes(lanes))
    for at, own in enumerate(table):
        values = bench.at(result, own.variable, own.year).sum(axis=1)
        path = np.concatenate([values[:1], values[1 + at * len(STEPS) :][: len(STEPS)]])
        yield from _own(bench, own, path / values[0] if values[0] else path)


def _complete(bench: Bench, table: tuple[LeverIndicator, ...]) -> Check:
    known = {lever.id for lever in bench.project.levers}
    missing = sorted(known - {own.lever for own in table})
    found = f"{len(known) - len(missing)}/{len(known)}"
    en = "Every lever has its own indicator"
    return Check(
        "levers",
        "table",
        "每项措施有自身指标",
        en,
        not missing,
        found,
        f"{len(known)}/{len(known)}",
        detail=", ".join(missing),
    )


def _own(bench: Bench, own: LeverIndicator, path: Floats) -> Iterator[Check]:
    """``path`` (intensities,) is the indicator against the baseline at 0, 0.25, 0.5, 0.75 and 1."""
    lever = next(lever for lever in bench.project.levers if lever.id == own.lever)
    rise = np.diff(path) * (1 if own.direction == "up" else -1)
    gain = float(rise.sum())
    shown = f"{100 * gain:+.3g} %"
    where = f"{own.variable} in {own.year}: " + " ".join(f"{value:.6f}" for value in path)
    good = bool((rise >= -1e-12).all() and gain > 1e-9)
    yield Check(
        "levers",
        f"{own.lever}:more",
        f"{lever.zh}：越多越好",
        f"{lever.en}: more never harms its own indicator",
        good,
        shown,
        "≥ 0 %",
        detail="" if good else where,
    )
    first, last = float(rise[:2].sum()), float(rise[2:].sum())
    share = last / first if first > 0 else float("inf")
    yield verdict(
        "levers", f"{own.lever}:less", f"{lever.zh}：效果递减", f"{lever.en}: diminishing returns", share, 1.0
    )


def check_zero_levers(bench: Bench) -> Check:
    """Levers at zero are the baseline bit for bit, whenever they would have started."""
    project = bench.project
    early = Setting(Reference(LEVER_CONSTANTS[1]), project.spec.control.initial_time, factor=False)
    lanes = [Lane(), Lane(bench.all_levers(0.0)), Lane(bench.all_levers(0.0), (early,))]
    result = bench.run(lanes)
    differing = [
        name
        for name in project.outputs
        if any(not np.array_equal(result[name][0], result[name][lane]) for lane in (1, 2))
    ]
    count = len(project.outputs)
    return Check(
        "levers",
        "zero",
        "措施为零即基线，逐位相同",
        "Levers at zero are the baseline bit for bit",
        not differing,
        f"{count - len(differing)}/{count}",
        f"{count}/{count}",
        detail=", ".join(differing[:10]),
    )


def check_currency(bench: Bench, money: str = "YiCNY") -> Check:
    """In another currency every ratio stays, and every amount is multiplied by the rate."""
    project = bench.project
    units = Units(project.study.path("model", "units.txt"))
    (coin,) = dict(units.read(money).exponents)

    def power(name: str) -> float:
        return dict(units.read(project.spec.find(name).units).exponents).get(coin, 0.0)

    amounts = [name for name in project.defaults if power(name)]
    settings = tuple(Setting(Reference(name), RATE ** power(name), factor=True) for name in amounts)
    scenario = bench.all_levers()
    changes = bench.changes([Lane(scenario), Lane(scenario, settings)])
    result = bench.run_wide(changes)
    gaps = {name: _gap(np.asarray(result[name]), RATE ** power(name)) for name in bench.wide}
    worst = max(gaps, key=lambda name: gaps[name])
    return verdict(
        "levers",
        "currency",
        f"换一种货币，比率不变（最差：{worst}）",
        f"Ratios are the same in another currency (worst: {worst})",
        gaps[worst],
        1e-9,
    )


def _gap(values: Floats, factor: float) -> float:
    scale = max(float(np.abs(values[0]).max()), 1e-12)
    return float(np.abs(values[1] / factor - values[0]).max() / scale)
