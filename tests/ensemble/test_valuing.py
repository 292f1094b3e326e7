"""A place's priors give the model its constants, and shares that cannot make up their whole are refused."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.ensemble import Project, load_project, median_start, run_scenario
from sim.ensemble.runner import Revalued
from sim.ensemble.valuing import check_shares, revalued
from sim.errors import BadInput
from sim.spec.priors import Prior
from sim.spec.references import parse_reference
from sim.spec.scenario import Scenario
from sim.spec.shares import Shares


def prior(
    name: str, value: float, low: float | None = None, high: float | None = None, line: int = 9
) -> Prior:
    """Return a fixed prior, or one with a range."""
    kind = "fixed" if low is None else "uniform"
    ends = (value if low is None else low, value if high is None else high)
    return Prior(parse_reference(name), "dmnl", value, *ends, kind, "assumption", "test", "", line)


def changed(region: Path, folder: Path, before: str, after: str) -> Path:
    """Return a copy of the tiny region with other words in its priors."""
    shutil.copytree(region, folder)
    file = folder / "calibration" / "priors.csv"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    return folder


def test_values_of_the_model_exchange_nothing(project: Project) -> None:
    assert project.exchanged == ()
    assert revalued(project.model, project.priors) is project.model


def test_a_value_is_what_the_model_runs_with(project: Project, region: Path, tmp_path: Path) -> None:
    folder = changed(region, tmp_path / "copy", "price rise,1/year,0.02,0.01", "price rise,1/year,0.03,0.01")
    other = load_project(folder, model=project.model)
    assert other.exchanged == ("price rise",)
    assert other.defaults["price rise"] == 0.03
    assert other.model.defaults()["price rise"] == 0.03
    constants = {"growth rate": np.full(1, 0.04)}
    price = [
        one.model.run(constants, lanes=1, outputs=one.outputs)["output current"][0, -1, 0]
        for one in (project, other)
    ]
    assert price[1] / price[0] == pytest.approx((1.03 / 1.02) ** 11, rel=1e-12)
    given = other.model.run({"price rise": np.full(1, 0.02)}, lanes=1, outputs=other.outputs)
    assert given["output current"][0, -1, 0] == price[0]


def test_a_value_for_each_element_is_not_taken_for_one_for_each_lane(project: Project) -> None:
    model = revalued(project.model, [prior("drag[city]", 0.3)])
    for lanes in (1, 2, 3):
        run = model.run(lanes=lanes, outputs=("output",))["output"]
        assert run.shape[0] == lanes
        assert (run == run[:1]).all()
        assert (run[:, -1, 1] == project.model.run(lanes=1, outputs=("output",))["output"][0, -1, 1]).all()
        given = project.model.runs[-2]["changes"]["drag"].shape  # type: ignore[attr-defined]
        assert given == ((2, 2) if lanes == 2 else (2,))


def test_a_fixed_value_counts_in_runs_and_in_the_start(
    project: Project, region: Path, tmp_path: Path
) -> None:
    row = "known output[city],YiCNY,70.5,70.5,70.5,fixed,document,F001,a tenth\ngrowth rate,"
    folder = changed(region, tmp_path / "copy", "growth rate,", row)
    other = load_project(folder, model=project.model)
    assert other.defaults["known output"].tolist() == [70.5, 1800.0]
    assert median_start(other).logs[0] == pytest.approx(median_start(project).logs[0] + np.log(0.1), abs=0.3)
    record = run_scenario(Scenario(), members=5, project=other).record
    city = next(row for row in record["series"] if row["series"] == "city")
    assert city["baseline"]["p50"][city["time"].index(2024)] == pytest.approx(70.5, rel=1e-3)


def test_a_cost_shown_is_the_place_s_own(project: Project, region: Path, tmp_path: Path) -> None:
    from sim.ensemble import describe_scenario
    from sim.spec.scenario import LeverUse

    folder = changed(region, tmp_path / "copy", "YiCNY/year,1.5,1,2,fixed", "YiCNY/year,0.25,0.1,0.5,fixed")
    other = load_project(folder, model=project.model)
    pulled = Scenario("one", "一", "one", (LeverUse("tourism"),))
    assert describe_scenario(other, pulled)["levers"][0]["annual_cost"] == 0.25


def test_a_project_elsewhere_keeps_its_values(project: Project, region: Path, tmp_path: Path) -> None:
    folder = changed(region, tmp_path / "copy", "price rise,1/year,0.02,0.01", "price rise,1/year,0.03,0.01")
    other = load_project(folder, model=project.model)
    moved = other.on(project.model)
    assert isinstance(moved.model, Revalued)
    assert moved.model.model is project.model
    assert moved.defaults["price rise"] == 0.03


FULL = Shares("drag", "region", 1.0, scaled=True, line=2)
EXACT = dataclasses.replace(FULL, scaled=False)


def test_shares_whose_ranges_hold_the_whole_pass(project: Project) -> None:
    ranges = [prior("drag[city]", 0.1, 0.1, 0.7), prior("drag[rest]", 0.1, 0.05, 0.4)]
    check_shares(project.model, ranges, [FULL])
    check_shares(project.model, [], [Shares("not in this model", "region", 1.0, scaled=True, line=3)])


def test_ranges_that_cannot_reach_the_whole(project: Project) -> None:
    rows = [prior("drag[city]", 0.1, 0.05, 0.3, 4), prior("drag[rest]", 0.1, 0.05, 0.4, 7)]
    says = (
        r"priors\.csv, rows 4, 7: the shares drag\[region\] can sum to 0\.1 to 0\.7 .*to 0\.2.* whole is 1\."
    )
    with pytest.raises(BadInput, match=says):
        check_shares(project.model, rows, [FULL])
    low = [prior("drag[city]", 0.8, 0.7, 0.9, 4), prior("drag[rest]", 0.6, 0.5, 0.7, 7)]
    with pytest.raises(BadInput, match=r"can sum to 1\.2 to 1\.6"):
        check_shares(project.model, low, [FULL])


def test_values_that_miss_the_whole(project: Project) -> None:
    model = revalued(project.model, [prior("drag[city]", 0.6), prior("drag[rest]", 0.3)])
    rows = [prior("drag[city]", 0.6, line=4), prior("drag[rest]", 0.3, line=5)]
    with pytest.raises(
        BadInput, match=r"rows 4, 5: the shares drag\[region\] sum to 0\.9, where the whole is 1\."
    ):
        check_shares(model, rows, [EXACT])
    good = revalued(project.model, [prior("drag[city]", 0.6), prior("drag[rest]", 0.4)])
    check_shares(good, rows, [EXACT])


def test_a_constant_without_priors_is_named_as_the_model_s(project: Project) -> None:
    with pytest.raises(BadInput, match=r"The model's constants: the shares drag\[region\] can sum to 0\.2"):
        check_shares(project.model, [], [FULL])


def test_a_dimension_that_the_shares_do_not_have(project: Project) -> None:
    wrong = dataclasses.replace(FULL, dimension="lever")
    with pytest.raises(BadInput, match=r"shares\.csv, row 2: drag has the dimensions region"):
        check_shares(project.model, [], [wrong])


def test_shares_along_one_of_two_dimensions(project: Any) -> None:
    from sim.spec.model import Variable

    spec = dataclasses.replace(project.spec, variables={
        **project.spec.variables, "mix": Variable("mix", "constant", "dmnl", ("lever", "region"), "", "", ()),
    })  # fmt: skip

    class Model:
        spec = None

        def defaults(self) -> dict[str, Any]:
            return {"mix": np.array([[0.5, 0.5], [0.6, 0.3]])}

    model: Any = Model()
    model.spec = spec
    with pytest.raises(BadInput, match=r"the shares mix\[tourism lever, region\] sum to 0\.9"):
        check_shares(model, [], [Shares("mix", "region", 1.0, scaled=False, line=2)])
