"""The parts of a record that are worked out by hand: its shape, counts, bands, and what ``--json`` prints."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.audit import findings_for_record, load_settings
from sim.ensemble import LeverUse, Members, Paired, Project, Scenario, draw_members, short_record
from sim.ensemble.members import Adapted, Origin
from sim.ensemble.record import make_record
from sim.spec.counts import Count
from sim.spec.funding import Purse
from sim.spec.references import parse_reference

SCENARIO = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))


@pytest.fixture
def members(project: Project) -> Members:
    drawn = draw_members(project, 5, 3)
    drawn.anchored[4] = False
    return drawn


@pytest.fixture
def paired() -> Paired:
    """Five members of which the last failed; every other number is a small whole one."""
    indicators = np.zeros((2, 5, 4))
    indicators[0, :, 0] = [800.0, 850.0, 900.0, 840.0, 9999.0]
    indicators[1, :, 0] = [860.0, 850.0, 900.0, 840.0, 9999.0]
    indicators[0, :, 1] = [900.0, 1000.0, 1100.0, 990.0, 9999.0]
    indicators[1, :, 1] = [1001.0, 1010.0, 1200.0, 990.0, 9999.0]
    indicators[..., 3] = [2.0, 3.0, 3.5, 4.0, 0.0]
    series = np.zeros((2, 2, 2, 5), dtype=np.float32)
    series[0, 0, 1] = [0.0, 10.0, 20.0, 40.0, 9999.0]
    series[1, 1, 0] = [4.0, 3.0, 2.0, 1.0, 9999.0]
    return Paired(
        time=np.array([2034.0, 2035.0]),
        indicators=indicators,
        reached=np.full((2, 5), np.inf),
        series=series,
        kept=np.array([True, True, True, True, False]),
        funding=np.zeros((0, 2, 2, 5), dtype=np.float32),
    )


def made(project: Project, members: Members, paired: Paired, **given: Any) -> dict[str, Any]:
    return make_record(project, SCENARIO, members, paired, **given).record


def test_an_indicator_of_the_record(project: Project, members: Members, paired: Paired) -> None:
    kpis = made(project, members, paired)["kpis"]
    # Half of the members that ran reach 850 without the lever, three of four with it.
    assert kpis[0] == {
        "id": "city-gdp", "zh": "地区生产总值", "en": "GDP", "year": 2030, "target": 850.0,
        "direction": "reach", "unit": {"zh": "亿元", "en": "1e8 CNY"}, "start": ["F001"], "assessed": True,
        "baseline": {"p05": 806.0, "p50": 845.0, "p95": 892.5, "probability_met": 0.5},
        "scenario": {"p05": 841.5, "p50": 855.0, "p95": 894.0, "probability_met": 0.75},
    }  # fmt: skip
    # What must stay below its target is met at it: by two of four.
    assert kpis[3]["baseline"]["probability_met"] == 0.5
    assert kpis[2]["target"] is None
    assert kpis[2]["baseline"]["probability_met"] is None


def test_what_counts_things_has_whole_bands_and_its_last_count(
    project: Project, members: Members, paired: Paired
) -> None:
    count = Count("rest-gdp", None, 2024, ("F004",), None, None, None, 2)
    kpis = made(replace(project, counts=(count,)), members, paired)["kpis"]
    assert kpis[3]["count"] == {"year": 2024, "facts": ["F004"]}
    assert [kpis[3]["scenario"][name] for name in ("p05", "p50", "p95")] == [2.0, 3.0, 4.0]
    assert "count" not in kpis[0]
    assert kpis[0]["baseline"]["p50"] == 845.0


def test_a_series_of_the_record(project: Project, members: Members, paired: Paired) -> None:
    city, rest = made(project, members, paired)["series"]
    nothing = {name: [0.0, 0.0] for name in ("p05", "p25", "p50", "p75", "p95")}
    # Quantiles of 0, 10, 20, 40: linear between the ordered values, at 0.15, 0.75, 1.5, 2.25 and 2.85.
    ends = {"p05": [0.0, 1.5], "p25": [0.0, 7.5], "p50": [0.0, 15.0], "p75": [0.0, 25.0], "p95": [0.0, 37.0]}
    assert city == {
        "chart": "gdp-city", "series": "city", "zh": "全市", "en": "City",
        "unit": {"zh": "亿元", "en": "1e8 CNY"}, "time": [2034.0, 2035.0],
        "baseline": ends, "scenario": nothing,
        "points": [
            {"year": 2024, "value": 705.0, "kind": "observed", "fact": "F001"},
            {"year": 2035, "value": 1000.0, "kind": "target", "fact": "F003"},
        ],
    }  # fmt: skip
    assert rest["baseline"] == nothing
    assert rest["scenario"]["p50"] == [2.5, 0.0]


def test_bands_over_time_are_of_the_first_members_that_ran(
    project: Project, members: Members, paired: Paired
) -> None:
    few = replace(paired, series=paired.series[..., :3], kept=np.array([False, True, True, True, False]))
    assert made(project, members, few)["series"][0]["baseline"]["p50"] == [0.0, 15.0]


def test_counts_of_members_and_targets(project: Project, members: Members, paired: Paired) -> None:
    run = make_record(project, SCENARIO, members, paired)
    assert (run.record["members"], run.record["failed_members"], run.record["seed"]) == (5, 1, 3)
    # All three targets have a starting figure; the first two are likely (75 %) with the lever.
    assert run.record["targets"] == {"assessed": 3, "not_assessed": 0, "baseline": 0, "scenario": 2}
    lacking = replace(project.kpis[1], start=())
    record = made(replace(project, kpis=(project.kpis[0], lacking, *project.kpis[2:])), members, paired)
    assert record["targets"] == {"assessed": 2, "not_assessed": 1, "baseline": 0, "scenario": 1}
    over = replace(project.kpis[0], start=(), year=2021)
    record = made(replace(project, kpis=(over, *project.kpis[1:])), members, paired)
    assert record["targets"]["not_assessed"] == 0  # its year is over, as for those that can be assessed
    assert np.isnan(run.members_indicators[:, 4]).all()
    assert run.members_indicators[1, :4, 1].tolist() == [1001.0, 1010.0, 1200.0, 990.0]
    # Errors are those of the four members that ran: √(1/2 · 1/2 / 4).
    assert run.record["goal"]["baseline"]["sampling_error_constant"] == 0.25


def test_correlations_are_over_the_members_that_ran(
    project: Project, members: Members, paired: Paired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scenario's goal is 1001, 1010, 1200, 990: the ranks 2, 3, 4, 1."""
    sampled = [str(prior.constant) for prior in project.sampled]
    members.draws[:, 0] = [2.0, 3.0, 4.0, 1.0, -9.0]
    members.draws[:, 1] = [3.0, 2.0, 1.0, 4.0, 99.0]
    members.draws[:, 2] = [1.0, 2.0, 3.0, 4.0, 99.0]
    members.draws[:, 3] = [5.0, 5.0, 5.0, 5.0, 1.0]

    def found() -> list[float | None]:
        rows = {
            row["constant"]: row["goal_correlation"] for row in made(project, members, paired)["assumptions"]
        }
        return [rows[name] for name in sampled[:4]]

    # For the third, Σd² is 1 + 1 + 1 + 9 = 12: 1 − 6 · 12 / 60 is −0.2.
    assert found() == [1.0, -1.0, pytest.approx(-0.2), None]
    monkeypatch.setattr("sim.ensemble.record.MOST_IN_RANKS", 3)
    assert found() == [1.0, -1.0, 1.0, None]


def test_a_very_large_run_is_ranked_by_its_first_4096_members(project: Project) -> None:
    count = 4200
    goal = np.concatenate([np.arange(4096.0), np.full(count - 4096, -1.0)])
    draws = np.tile(np.arange(float(count)), (len(project.sampled), 1)).T
    members = Members(1, draws, np.zeros((count, 2)), np.ones(count, dtype=bool))
    indicators = np.zeros((2, count, 4))
    indicators[1, :, 1] = goal
    nothing = np.zeros((2, 2, 1, 0), dtype=np.float32)
    whole = Paired(
        np.array([2035.0]), indicators, np.full((2, count), np.inf), np.zeros((2, 2, 1, 1), dtype=np.float32),
        np.ones(count, dtype=bool), nothing[:0],
    )  # fmt: skip
    rows = make_record(project, SCENARIO, members, whole).record["assumptions"]
    assert rows[0]["goal_correlation"] == 1.0


def test_when_how_and_with_what_a_run_was_made(project: Project, members: Members, paired: Paired) -> None:
    record = made(
        project, members, paired, command=("sim", "run"), tags=("a", "b"), elapsed_s=1.23456, run_id="x"
    )
    when = datetime.fromisoformat(record["created"])
    assert when.utcoffset() == timedelta(0)
    assert abs(datetime.now(when.tzinfo) - when) < timedelta(hours=1)
    assert (record["run_id"], record["status"], record["elapsed_s"]) == ("x", "complete", 1.235)
    assert (record["command"], record["tags"]) == (["sim", "run"], ["a", "b"])
    assert (record["ensemble"], record["price_basis"]) == ("prior", "constant 2024 prices")
    assert record["place"] == project.place.plain()
    own = record["provenance"]
    assert (own["sim"], own["python"], own["numpy"]) == (
        sim.__version__,
        platform.python_version(),
        np.__version__,
    )
    assert (own["integrator"], own["time_step"]) == ("euler", 1)
    plain = made(project, members, paired)
    # Without a name a run is called by its second and four digits.
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", plain["run_id"])
    assert (plain["elapsed_s"], plain["command"], plain["tags"]) == (0.0, [], [])
    assert "evidence" not in plain
    assert "no_evidence" not in plain
    assert made(project, members, paired, evidence={"a": 1})["evidence"] == {"a": 1}
    assert made(project, members, paired, no_evidence="older")["no_evidence"] == "older"


def test_what_a_record_says_of_the_place(project: Project, members: Members, paired: Paired) -> None:
    record = made(project, members, paired)
    assert record["levers_available"] == 2
    assert record["sources"] == [
        {"source": "S1", "title": "city plan"}, {"source": "S2", "title": "prefecture plan"},
    ]  # fmt: skip
    assert record["findings"] == findings_for_record(project.facts, load_settings(None))
    drag = next(row for row in record["assumptions"] if row["constant"] == "drag[region]")
    assert {name: drag[name] for name in drag if name != "goal_correlation"} == {
        "constant": "drag[region]", "unit": "dmnl", "value": 0.1, "low": 0.05, "high": 0.2,
        "distribution": "lognormal", "evidence": "published", "source": "R002",
    }  # fmt: skip


def test_a_posterior_that_was_taken_over_is_told_of_and_makes_errors_larger(
    project: Project, members: Members, paired: Paired
) -> None:
    """Of eight members worth two, four ran: 1/2 + 1/4 − 1/8 is 5/8, and √(1/2 · 1/2 · 5/8) is 0.3953."""
    adapted = Adapted({"priors": ["growth rate"]}, ("growth rate",), (), (), 2.0)
    origin = Origin(Path("posterior.npz"), "a" * 64, "b" * 64, 8, adapted)
    record = made(project, replace(members, origin=origin), paired, no_evidence="older")
    assert record["adapted"] == {
        "differs": {"priors": ["growth rate"]}, "changed": ["growth rate"], "added": [], "lost": [],
        "unfitted": False, "members": 8, "effective": 2.0, "distinct": 5,
    }  # fmt: skip
    assert record["goal"]["baseline"]["sampling_error_constant"] == pytest.approx(0.3952847)
    assert list(short_record(record)) == [
        "run_id", "seed", "members", "ensemble", "adapted", "no_evidence", "price_basis", "scenario", "goal",
        "targets", "kpis", "provenance", "elapsed_s",
    ]  # fmt: skip
    # Neither members of the priors nor a posterior of this very model are taken over.
    own = replace(members, origin=replace(origin, adapted=None))
    assert "adapted" not in made(project, own, paired)
    assert "adapted" not in made(project, members, paired)


def test_money_of_the_members_that_ran(project: Project, members: Members, paired: Paired) -> None:
    purse = Purse(
        "city", "市级", "City", parse_reference("output"), parse_reference("output"), 1.0, "亿元", "CNY", 2
    )
    money = np.zeros((1, 2, 2, 5), dtype=np.float32)
    money[0, 0] = [[10.0, 20.0, 30.0, 40.0, 9999.0]] * 2
    money[0, 1] = [[5.0, 10.0, 15.0, 20.0, 0.0]] * 2
    record = made(replace(project, purses=(purse,)), members, replace(paired, funding=money))
    (found,) = record["funding"]
    assert found["asked"]["p50"] == [25.0, 25.0]
    assert found["share"]["p05"] == [0.5, 0.5]
    short = short_record(record)
    assert short["funding"][0]["unit"] == "CNY"
    assert short["funding"][0]["asked"] == found["asked"]


def test_what_json_prints_of_a_record(project: Project, members: Members, paired: Paired) -> None:
    record = made(project, members, paired)
    short = short_record(record)
    for name in ("run_id", "seed", "members", "ensemble", "price_basis", "scenario", "goal", "targets"):
        assert short[name] == record[name]
    assert [one["unit"] for one in short["kpis"]] == ["1e8 CNY", "1e8 CNY", "1e8 CNY", "1e11 CNY"]
    assert [{**one, "unit": 0} for one in short["kpis"]] == [{**one, "unit": 0} for one in record["kpis"]]
    assert "funding" not in short
    assert record["kpis"][0]["unit"] == {"zh": "亿元", "en": "1e8 CNY"}
