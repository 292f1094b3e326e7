"""Skill on a tiny region whose model is known: intervals hold the truth, and a wrong structure is seen."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import REGION
from support.double import Double

from sim.calibrate.coverage import Asked, coverage, ranks
from sim.calibrate.forward import Cloud, make_forward
from sim.calibrate.likelihood import make_likelihood
from sim.calibrate.moves import informed_directions
from sim.calibrate.regions import Inference, Truths, make_inference, make_truths, reported
from sim.calibrate.sampling import Settings
from sim.calibrate.skill import Work, skill
from sim.calibrate.structures import Break, Cut, Effort, broken, structure_check
from sim.ensemble import Project, load_project
from sim.errors import BadInput
from sim.spec.loops import Loop, load_loops

OBSERVATIONS = """\
id,zh,en,facts,variable,operator,of,year,scale,value,unit,error,discrepancy,side,group,note
growth,增速,growth,F001,output[city],growth,,2024,100,4.2,%,0.2,0.2,both,growth,
city-2020,市产值,city output,F001,output[city],level,,2020,1,598,1e8 CNY,3,4,both,city,
rest-2020,其他产值,rest output,F004,output[rest],level,,2020,1,1560,1e8 CNY,10,10,both,rest,
price,现价产值,output at current prices,F001,output current[city],level,,2020,1,555,1e8 CNY,5,5,both,price,
least,至少,at least,F001,output[city],level,,2021,1,560,1e8 CNY,4,4,at_least,least,
"""
LOOPS = """\
loop,zh,en,polarity,chain,cut,scenario,against,frozen,measure,variable,year,expected,found,note
B1,拖累,Drag,B,output; growth,drag = 0,plan,baseline,,level,output[city],2035,larger,,
B2,持有,Held,B,output; growth,hold output,plan,baseline,,level,output[city],2035,larger,,
"""
NAIVE = """\
observation,rule,how,facts,scale,years,zh,en
city-2020,random_walk,last,F001,,,不变,as it was
rest-2020,growth,grown,F004;F001,0.5,2,增长,grown
"""
EFFORT = Effort(particles=60, regions=15, larger=10, each_loop=8)
WORK = Work(60, Settings(60, 1, 2), 200, EFFORT)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("study") / "region"
    shutil.copytree(REGION, folder)
    (folder / "calibration" / "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")
    (folder / "calibration" / "naive.csv").write_text(NAIVE, encoding="utf-8")
    (folder / "model" / "loops.csv").write_text(LOOPS, encoding="utf-8")
    return load_project(folder, model=Double())


@pytest.fixture(scope="module")
def bank(project: Project) -> Cloud:
    draws = np.random.default_rng(0).standard_normal((800, len(project.sampled)))
    return make_forward(project)(draws)


@pytest.fixture(scope="module")
def inference(project: Project, bank: Cloud) -> Inference:
    likelihood = make_likelihood(project.observations)
    every = np.ones(len(project.sampled), dtype=bool)
    basis = informed_directions(bank.z, bank.figures / likelihood.deviation, every)
    return make_inference(make_forward(project).learnt(bank), likelihood, bank, basis)


@pytest.fixture(scope="module")
def truths(inference: Inference) -> Truths:
    return make_truths(inference.forward, 200, 3)


@pytest.fixture(scope="module")
def found(project: Project, bank: Cloud) -> dict[str, Any]:
    return skill(project, bank, regions=20, seed=2, work=WORK)


def test_a_skill_record_is_plain_json_with_every_section(found: dict[str, Any]) -> None:
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    sections = {"errors", "leave_out", "coverage", "ranks", "regions", "agreement", "structures", "naive"}
    assert sections <= set(found)
    assert [row["id"] for row in found["errors"]["rows"]] == [
        "growth",
        "city-2020",
        "rest-2020",
        "price",
        "least",
    ]
    assert found["leave_out"]["groups"] == 5
    assert found["coverage"]["regions"] == found["ranks"]["regions"] == 20
    assert {row["kind"] for row in found["coverage"]["rows"]} == {"figure", "constant", "goal"}


def test_the_same_seed_gives_the_same_skill(project: Project, bank: Cloud, found: dict[str, Any]) -> None:
    assert skill(project, bank, regions=20, seed=2, work=WORK) == found
    assert skill(project, bank, regions=20, seed=3, work=WORK)["coverage"] != found["coverage"]


def test_a_figure_that_the_others_contradict_is_outside_when_left_out(project: Project, bank: Cloud) -> None:
    far = tuple(replace(one, value=1480.0) if one.id == "rest-2020" else one for one in project.observations)
    rows = skill(replace(project, observations=far), bank, regions=10, work=WORK)["leave_out"]["rows"]
    inside = {row["id"]: row["inside"] for row in rows}
    assert not inside["rest-2020"]
    assert inside["least"]


def test_importance_sampling_agrees_with_the_sampler(project: Project, bank: Cloud) -> None:
    work = replace(WORK, sampler=Settings(400, 2, 6), compared=2000)
    agreement = skill(project, bank, regions=10, work=work)["agreement"]
    # Particles of the sampler are not quite independent, hence twice what chance gives.
    assert agreement["mean_gap"] < 2 * agreement["chance"]
    assert 0.8 < agreement["spread_ratio"][0] <= agreement["spread_ratio"][1] < 1.25


def test_intervals_of_regions_hold_the_truth_nine_times_in_ten(
    inference: Inference, truths: Truths, bank: Cloud
) -> None:
    every = np.arange(truths.cloud.z.shape[1])
    figures = reported(truths.cloud.figures, inference.likelihood, bank, np.random.default_rng(5))
    beliefs = inference.beliefs(figures, 200, 6, constants=every, forecast=True)
    asked = Asked.of(inference.forward.project, truths, beliefs, every)
    for kind in coverage(asked)["kinds"].values():
        assert abs(kind["coverage"] - 0.9) < 4 * kind["error"]
    assert ranks(asked, 1)["met"]


def test_intervals_that_believe_errors_half_as_large_hold_the_truth_less_often(
    inference: Inference, truths: Truths, bank: Cloud
) -> None:
    none = np.empty(0, dtype=np.intp)
    figures = reported(truths.cloud.figures, inference.likelihood, bank, np.random.default_rng(5))
    sure = replace(inference.likelihood, deviation=inference.likelihood.deviation / 2)
    beliefs = make_inference(inference.forward, sure, bank, inference.basis).beliefs(figures, 200, 6)
    beliefs = replace(beliefs, goal=beliefs.figures[:, :, 0])
    asked = Asked.of(inference.forward.project, truths, beliefs, none)
    assert not coverage(asked)["kinds"]["figure"]["within"]
    assert not ranks(asked, 1)["met"]


def test_a_break_lowers_earlier_levels_and_raises_growth_only_in_its_year(project: Project) -> None:
    figures = np.array([[5.0, 600.0, 1500.0, 560.0, 620.0]])
    early = broken(project.observations, figures, Break(1.06, last_year=False))[0]
    assert early.tolist() == pytest.approx([5.0, 600 / 1.06, 1500 / 1.06, 560 / 1.06, 620 / 1.06])
    late = broken(project.observations, figures, Break(1.06, last_year=True))[0]
    assert late[0] == pytest.approx(100 * (1.05 * 1.06 - 1))


def test_a_cut_holds_whatever_a_run_asks_for(project: Project) -> None:
    loop = _loops(project)[0]
    cut = Cut(project.model, loop)
    asked = {"drag": np.array([[0.3, 0.3], [0.1, 0.1]])}
    after = cut.run(asked, lanes=2, outputs=("output",))["output"]
    without = project.model.run({"drag": np.zeros(2)}, lanes=2, outputs=("output",))["output"]
    assert np.array_equal(after, without)
    assert cut.defaults()["drag"].tolist() == [0.0, 0.0]
    assert asked["drag"][0, 0] == 0.3


def test_the_check_flags_a_large_break_and_seldom_the_right_make(
    project: Project, inference: Inference, truths: Truths, bank: Cloud
) -> None:
    found = structure_check(inference, truths, bank, _loops(project), 1, EFFORT)
    late = next(row for row in found["rows"] if row["kind"] == "last_year_break")
    assert late["flagged"]["chi_square"] >= 0.9
    moved = [row["moved"] for row in found["larger"]]
    assert moved == sorted(moved)
    assert found["larger"][-1]["flagged"]["chi_square"] > 0.8
    assert found["not_cut"] == ["B2"]
    # Noncentral chi-square with four degrees of freedom: power 0.8 at a noncentrality of 11.94.
    assert found["needed"] == pytest.approx(11.94**0.5, rel=1e-3)
    assert found["shipped"]["chi_square"]["above"] > 0.05


def test_bounds_of_made_up_regions_are_seldom_on_the_wrong_side(
    inference: Inference, truths: Truths, bank: Cloud
) -> None:
    figures = reported(truths.cloud.figures, inference.likelihood, bank, np.random.default_rng(5))
    above = figures[:, 4] > truths.cloud.figures[:, 4]
    assert above.mean() < 0.1
    assert 0.35 < (figures[:, 0] > truths.cloud.figures[:, 0]).mean() < 0.65


def test_too_few_regions_are_refused(project: Project, bank: Cloud) -> None:
    with pytest.raises(BadInput, match=r"9 regions given\. Allowed: 10 to"):
        skill(project, bank, regions=9)


def test_a_small_bank_is_refused(project: Project, bank: Cloud) -> None:
    with pytest.raises(BadInput, match=r"The bank has 50 points"):
        skill(project, bank[:50], regions=10)


def test_no_observations_are_refused(project: Project, bank: Cloud) -> None:
    with pytest.raises(BadInput, match="nothing to measure skill by"):
        skill(replace(project, observations=()), bank, regions=10)


def _loops(project: Project) -> tuple[Loop, ...]:
    return load_loops(project.study.path("model", "loops.csv"))
