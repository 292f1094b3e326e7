"""Step and integrator: half the step, or Runge–Kutta, must hardly change any indicator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.analyse.checks import Bench, Check, Lane, verdict
from sim.ensemble.runner import Result, series_of
from sim.spec.references import Reference

__all__ = ["check_numerics"]

YEAR = 2035
LIMIT = 0.005


def check_numerics(bench: Bench) -> Iterator[Check]:
    """Every indicator in 2035, without and with all levers."""
    project = bench.project
    lanes = [Lane(), Lane(bench.all_levers())]
    options: dict[str, dict[str, Any]] = {
        "half": {"time_step": project.spec.control.time_step / 2},
        "rk4": {"integrator": "rk4"},
    }
    names = {
        "half": ("步长减半", "Half the time step"),
        "rk4": ("四阶龙格—库塔法", "Runge–Kutta in place of Euler"),
    }
    arms = (("baseline", "基线", "baseline"), ("all", "全部措施", "all levers"))
    usual = bench.run(lanes)
    for way, extra in options.items():
        other = bench.run(lanes, **extra)
        for lane, (arm, zh, en) in enumerate(arms):
            gaps = _gaps(bench, usual, other, lane)
            where = max(gaps, key=lambda name: gaps[name])
            over = [f"{name} {value:.2%}" for name, value in gaps.items() if value > LIMIT]
            yield verdict(
                "numerics",
                f"{way}:{arm}",
                f"{names[way][0]}，{zh}（最差：{where}）",
                f"{names[way][1]}, {en} (worst: {where})",
                gaps[where],
                LIMIT,
                detail=", ".join(over),
            )


def _gaps(bench: Bench, one: Result, other: Result, lane: int) -> dict[str, float]:
    """Return indicator → relative difference of two runs in the year looked at."""
    gaps: dict[str, float] = {}
    for kpi in bench.project.kpis:
        first, second = (_value(bench, result, kpi.variable, lane) for result in (one, other))
        gap = abs(second - first) / max(abs(first), 1e-12)
        # What is no number is above every limit, and comparisons would pass it over.
        gaps[kpi.id] = gap if math.isfinite(gap) else math.inf
    return gaps


def _value(bench: Bench, result: Result, variable: Reference, lane: int) -> float:
    at = int(np.argmin(np.abs(result.time - YEAR)))
    return float(series_of(bench.project.spec, result, variable)[lane, at, 0])
