"""Anchoring on a tiny model, and on equations with known solutions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.ensemble import Project, draw_members, median_start
from sim.ensemble.anchoring import (
    Anchored,
    anchor_labels,
    apply_multipliers,
    find_start,
    solve_anchors,
    value_at,
)
from sim.errors import BadInput, SimError
from sim.spec.anchors import Anchor
from sim.spec.model import Control, Dimension, Model, Variable
from sim.spec.references import Reference


def anchor(constant: str, variable: str, target: str | float, year: int = 2024) -> Anchor:
    goal = Reference(target) if isinstance(target, str) else target
    return Anchor(Reference(constant), Reference(variable), goal, year, "F001", "", 2)


def solve(project: Project, constants: dict[str, NDArray[np.float64]], members: int) -> Anchored:
    return solve_anchors(project, constants, members, find_start(project))


@dataclass
class Formula:
    """A model whose output is a given function of the constant ``x`` (lanes, cells)."""

    formula: Any
    cells: int
    lanes_run: int = 0

    @property
    def spec(self) -> Model:
        names = tuple(f"c{place}" for place in range(self.cells))
        kinds = {"x": "constant", "y": "auxiliary"}
        variables = {
            name: Variable(name, kind, "dmnl", ("cell",), "", "", ())  # type: ignore[arg-type]
            for name, kind in kinds.items()
        }
        return Model(
            "formula", "1" * 64, variables, {"cell": Dimension("cell", names)}, Control(2020, 2035, 1, 1)
        )

    def defaults(self) -> dict[str, NDArray[np.float64]]:
        return {"x": np.ones(self.cells)}

    def run(
        self, changes: Any = None, *, lanes: Any = None, outputs: Any = None, final_time: Any = None
    ) -> Any:
        self.lanes_run += lanes
        with np.errstate(all="ignore"):
            values = self.formula(changes["x"])
        broken = {int(lane): "NaN" for lane in np.flatnonzero(~np.isfinite(values).all(axis=1))}

        @dataclass
        class Result:
            time = np.array([2020.0, 2024.0])
            failed = broken

            def __getitem__(self, name: str, /) -> NDArray[np.float64]:
                return np.stack([values, values], axis=1)

        return Result()


def formula_project(project: Project, formula: Any, cells: int, target: float) -> Project:
    return dataclasses.replace(
        project,
        model=Formula(formula, cells),
        priors=(),
        kpis=(),
        charts=(),
        anchors=(anchor("x", "y", target),),
    )


def test_members_hit_the_known_levels(project: Project) -> None:
    members = draw_members(project, 200, 3)
    assert members.anchored.all()
    result = project.model.run(members.constants(project), lanes=200)
    np.testing.assert_allclose(result["output"][:, 4], np.tile([705.0, 1800.0], (200, 1)), rtol=2e-5)


def test_members_are_run_to_the_anchors_year_only(project: Project) -> None:
    draw_members(project, 8, 3)
    runs: list[dict[str, Any]] = project.model.runs  # type: ignore[attr-defined]
    assert {run["final_time"] for run in runs} == {2024}
    assert {run["outputs"] for run in runs} == {project.outputs} == {("output", "output current")}


def test_a_member_does_not_depend_on_its_neighbours(project: Project) -> None:
    many, few = draw_members(project, 64, 5), draw_members(project, 3, 5)
    np.testing.assert_array_equal(many.draws[:3], few.draws)
    np.testing.assert_allclose(many.logs[:3], few.logs, atol=1e-12)


def test_the_median_member_has_the_model_s_own_constants(project: Project) -> None:
    constants = apply_multipliers(project, {}, median_start(project).logs[None])
    assert list(constants) == ["initial output"]
    result = project.model.run(constants, lanes=1)
    np.testing.assert_allclose(result["output"][0, 4], [705, 1800], rtol=2e-5)


def test_a_number_or_an_output_may_be_the_target(project: Project) -> None:
    city = dataclasses.replace(
        project,
        anchors=(
            Anchor(
                Reference("initial output", ("city",)), Reference("output", ("city",)), 700.0, 2024, "", "", 2
            ),
            Anchor(
                Reference("initial output", ("rest",)),
                Reference("output", ("rest",)),
                Reference("output current", ("city",)),
                2023,
                "",
                "",
                3,
            ),
        ),
    )
    assert anchor_labels(city) == ("output[city] in 2024", "output[rest] in 2023")
    solved = solve(city, {}, 1)
    assert solved.hit.all()
    output = city.model.run(apply_multipliers(city, {}, median_start(city).logs[None]), lanes=1)
    assert output["output"][0, 4, 0] == pytest.approx(700, rel=2e-5)
    assert output["output"][0, 3, 1] == pytest.approx(output["output current"][0, 3, 0], rel=2e-5)


@pytest.mark.parametrize("power", [0.3, 1.0, 2.5])
def test_a_power_law_is_solved_whatever_its_slope(project: Project, power: float) -> None:
    made = formula_project(project, lambda x: x**power, 2, 3.0)
    solved = solve(made, {}, 4)
    assert solved.hit.all()
    np.testing.assert_allclose(np.exp(solved.logs), 3 ** (1 / power), rtol=1e-4)


def test_coupled_cells_are_solved(project: Project) -> None:
    weights = np.array([[1.0, 0.9, 0.0], [0.6, 1.0, 0.7], [0.5, 0.5, 1.0]])
    made = formula_project(project, lambda x: (weights @ (x**1.5).T).T, 3, 2.0)
    solved = solve(made, {}, 1)
    assert solved.hit.all()
    np.testing.assert_allclose(weights @ np.exp(1.5 * solved.logs[0]), 2.0, rtol=2e-5)


def test_a_falling_response_is_solved(project: Project) -> None:
    solved = solve(formula_project(project, lambda x: 1 / x, 1, 0.5), {}, 1)
    assert solved.hit.all()
    assert np.exp(solved.logs[0, 0]) == pytest.approx(2.0, rel=1e-4)


def test_a_step_into_nan_is_taken_back(project: Project) -> None:
    """Beyond 1.5 the model breaks down; the target lies at 1.4 and the first step overshoots."""
    made = formula_project(project, lambda x: np.where(x > 1.5, np.nan, x**0.25), 1, 1.4**0.25)
    solved = solve(made, {"x": np.full((1, 1), 0.2)}, 1)
    assert solved.hit.all()


def test_members_at_their_target_are_not_run_again(project: Project) -> None:
    made = formula_project(project, lambda x: x, 1, 2.0)
    first = np.linspace(1, 2, 10)[:, None]
    solved = solve(made, {"x": first}, 10)
    assert solved.hit.all()
    assert made.model.lanes_run < 30  # type: ignore[attr-defined]


def test_a_target_out_of_reach_is_a_clear_failure(project: Project) -> None:
    made = formula_project(project, lambda x: x / (1 + x), 1, 2.0)
    with pytest.raises(SimError, match=r"5 of 5 members cannot meet the anchors.*y\[c0\] in 2024, off by"):
        draw_members(made, 5, 1)
    with pytest.raises(SimError, match="own constants cannot be anchored"):
        median_start(made)


def test_a_model_that_never_runs_is_a_clear_failure(project: Project) -> None:
    made = formula_project(project, lambda x: x * np.nan, 1, 2.0)
    with pytest.raises(SimError, match="does not run to the anchors' year"):
        draw_members(made, 5, 1)


def test_a_zero_constant_cannot_be_multiplied_up(project: Project) -> None:
    made = formula_project(project, lambda x: x + 1, 1, 2.0)
    with pytest.raises(BadInput, match="x is 0 where its target is not"):
        solve(made, {"x": np.zeros((2, 1))}, 2)


def test_counts_of_cells_must_agree(project: Project) -> None:
    odd = Anchor(Reference("growth rate"), Reference("output"), Reference("known output"), 2024, "", "", 7)
    with pytest.raises(BadInput, match=r"anchors\.csv, row 7: .* have 1, 2 and 2 cells"):
        solve(dataclasses.replace(project, anchors=(odd,)), {}, 1)


def test_no_anchors_leave_the_draws_alone(project: Project) -> None:
    free = dataclasses.replace(project, anchors=())
    members = draw_members(free, 4, 1)
    assert members.logs.shape == (4, 0)
    assert members.anchored.all()
    assert "initial output" not in members.constants(free)


def test_values_between_saved_times_are_linear() -> None:
    time = np.array([2020.0, 2022.0, 2024.0])
    values = np.array([[[1.0], [3.0], [7.0]]])
    assert [float(value_at(time, values, year)[0, 0]) for year in (2020, 2021, 2022, 2023.5, 2024)] == [
        1.0,
        2.0,
        3.0,
        6.0,
        7.0,
    ]
    with pytest.raises(BadInput, match="2025 is outside what the model ran, 2020 to 2024"):
        value_at(time, values, 2025)
