"""The check of step and integrator: what it runs, and that it fails on what moves or is no number."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from support.double import DoubleResult

from sim.analyse.check_numerics import check_numerics
from sim.analyse.checks import Bench
from sim.ensemble import Project, Scenario


class Fake:
    """A bench whose runs end at 100, or at what ``otherwise`` gives for another step or integrator."""

    def __init__(self, project: Project, **otherwise: list[float]) -> None:
        self.project = project
        self.otherwise = otherwise
        self.asked: list[dict[str, Any]] = []

    def all_levers(self) -> Scenario:
        return Scenario("all", "all", "all")

    def run(self, lanes: Any, **options: Any) -> DoubleResult:
        self.asked.append(options)
        ends = [100.0] * len(lanes)
        for name in options:
            ends = self.otherwise.get(name, ends)
        values = np.repeat(np.array(ends)[:, None, None], 2, axis=2)
        return DoubleResult(np.array([2035.0]), {"output": values, "output current": values}, {})


def passed(project: Project, **otherwise: list[float]) -> dict[str, bool]:
    return {one.id: one.passed for one in check_numerics(cast(Bench, Fake(project, **otherwise)))}


def test_half_the_model_s_step_and_runge_kutta_are_run(project: Project) -> None:
    bench = Fake(project)
    assert all(one.passed for one in check_numerics(cast(Bench, bench)))
    assert bench.asked == [{}, {"time_step": project.spec.control.time_step / 2}, {"integrator": "rk4"}]


@pytest.mark.parametrize(("end", "fine"), [(100.49, True), (100.51, False), (99.49, False), (np.nan, False)])
def test_more_than_half_a_percent_or_no_number_fails(project: Project, end: float, fine: bool) -> None:
    assert passed(project, time_step=[100.0, end]) == {
        "half:baseline": True, "half:all": fine, "rk4:baseline": True, "rk4:all": True,
    }  # fmt: skip
    assert passed(project, integrator=[end, 100.0]) == {
        "half:baseline": True, "half:all": True, "rk4:baseline": fine, "rk4:all": True,
    }  # fmt: skip


def test_one_indicator_that_is_no_number_is_not_passed_over(project: Project) -> None:
    bench = Fake(project)
    usual = bench.run

    def broken(lanes: Any, **options: Any) -> DoubleResult:
        result = usual(lanes, **options)
        if "time_step" in options:
            result.values["output current"] = np.full_like(result.values["output"], np.nan)
        return result

    bench.run = broken  # type: ignore[method-assign]
    found = {one.id: one.passed for one in check_numerics(cast(Bench, bench))}
    assert found == {"half:baseline": False, "half:all": False, "rk4:baseline": True, "rk4:all": True}
