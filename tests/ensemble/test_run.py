"""A run end to end on the tiny region: pairing, scenarios and the record."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from sim.ensemble import (
    LeverUse,
    Project,
    Scenario,
    describe_scenario,
    draw_members,
    run_paired,
    run_scenario,
    short_record,
)
from sim.errors import BadInput, SimError

HEADQUARTERS = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))
KEYS = [
    "run_id", "created", "status", "command", "tags", "seed", "members", "failed_members", "ensemble",
    "price_basis", "place", "scenario", "goal", "kpis", "series", "assumptions", "levers_available",
    "provenance", "findings", "sources", "elapsed_s", "targets",
]  # fmt: skip


def test_a_scenario_without_levers_is_the_baseline_bit_for_bit(project: Project) -> None:
    members = draw_members(project, 40, 1)
    paired = run_paired(project, members, Scenario(), Scenario())
    np.testing.assert_array_equal(paired.indicators[0], paired.indicators[1])
    np.testing.assert_array_equal(paired.series[:, 0], paired.series[:, 1])


def test_both_arms_run_the_same_members_in_one_batch(project: Project) -> None:
    members = draw_members(project, 40, 1)
    run_paired(project, members, Scenario(), HEADQUARTERS)
    changes = project.model.runs[-1]["changes"]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(changes["growth rate"][:40], changes["growth rate"][40:])
    np.testing.assert_array_equal(changes["lever intensity"][:40], np.zeros((40, 2)))
    np.testing.assert_array_equal(changes["lever intensity"][40:], np.tile([1.0, 0.0], (40, 1)))


def test_indicators_by_hand(project: Project) -> None:
    members = draw_members(project, 5, 1)
    paired = run_paired(project, members, Scenario(), HEADQUARTERS)
    result = project.model.run(members.constants(project), lanes=5)
    expected = np.stack(
        [
            result["output"][:, 10, 0],
            result["output"][:, 15, 0],
            result["output current"][:, 15, 0],
            result["output"][:, 15, 1] / 1000,
        ],
        axis=1,
    )
    np.testing.assert_allclose(paired.indicators[0], expected, rtol=1e-14)
    assert (paired.indicators[1, :, :3] > paired.indicators[0, :, :3]).all()
    assert paired.series.shape == (2, 2, 16, 5)


def test_blocks_give_what_one_block_gives(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    members = draw_members(project, 30, 1)
    whole = run_paired(project, members, Scenario(), HEADQUARTERS)
    monkeypatch.setattr("sim.ensemble.paired.BLOCK", 7)
    parts = run_paired(project, members, Scenario(), HEADQUARTERS)
    np.testing.assert_array_equal(whole.indicators, parts.indicators)
    np.testing.assert_array_equal(whole.series, parts.series)
    monkeypatch.setattr("sim.ensemble.paired.MOST_IN_BANDS", 14)
    assert run_paired(project, members, Scenario(), HEADQUARTERS).series.shape[-1] == 14


def test_intensity_and_start_reach_the_model(project: Project) -> None:
    members = draw_members(project, 3, 1)
    late = Scenario("late", "晚", "late", (LeverUse("tourism", 0.6, 2030.0),))
    run_paired(project, members, Scenario(), late)
    changes = project.model.runs[-1]["changes"]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(changes["lever intensity"][3:], np.tile([0.0, 0.6], (3, 1)))
    np.testing.assert_array_equal(changes["lever start year"][3:], np.tile([2025.0, 2030.0], (3, 1)))
    np.testing.assert_array_equal(changes["lever start year"][:3], np.tile([2025.0, 2026.0], (3, 1)))


def test_inputs_replace_what_members_drew_in_the_scenario_only(project: Project) -> None:
    members = draw_members(project, 3, 1)
    slow = Scenario("slow", "慢", "slow", (), {"Growth_Rate": 0.01, "drag[city]": 0.3})
    run_paired(project, members, Scenario(), slow)
    changes = project.model.runs[-1]["changes"]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(changes["growth rate"][3:], [0.01] * 3)
    assert np.unique(changes["growth rate"][:3]).size == 3
    np.testing.assert_array_equal(changes["drag"][3:, 0], [0.3] * 3)
    np.testing.assert_array_equal(changes["drag"][3:, 1], changes["drag"][:3, 1])


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario("x", "x", "x", (LeverUse("turism"),)), "Did you mean 'tourism'"),
        (Scenario("x", "x", "x", (), {"grwth rate": 1.0}), "Did you mean 'growth rate'"),
        (Scenario("x", "x", "x", (), {"output": 1.0}), "only constants can be changed"),
        (Scenario("x", "x", "x", (), {"drag[west]": 1.0}), "Did you mean 'rest'"),
        (Scenario("x", "x", "x", (), {"drag": 1.0}), r"Write drag\[region\] with elements"),
        (Scenario("x", "x", "x", (), {"lever intensity[tourism lever]": 1.0}), r"under \[levers\]"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused_before_anything_runs(
    project: Project, scenario: Scenario, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        run_scenario(scenario, members=10, project=project)
    assert project.model.runs == []  # type: ignore[attr-defined]


def test_the_record(project: Project) -> None:
    run = run_scenario(HEADQUARTERS, members=200, seed=4, project=project, command=["sim", "run"], tags=["a"])
    record = run.record
    assert list(record) == KEYS
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", record["run_id"])
    assert (record["seed"], record["members"], record["failed_members"]) == (4, 200, 0)
    assert (record["status"], record["ensemble"], record["price_basis"]) == (
        "complete", "prior", "constant 2024 prices",
    )  # fmt: skip
    assert (record["command"], record["tags"], record["levers_available"]) == (["sim", "run"], ["a"], 2)
    assert record["scenario"] == describe_scenario(project, HEADQUARTERS)
    assert record["scenario"]["levers"] == [
        {
            "id": "headquarters",
            "zh": "总部经济",
            "en": "Headquarters",
            "intensity": 1.0,
            "start": 2025.0,
            "authority": "city",
            "annual_cost": 1.5,
            "evidence": "assumption",
            "document": "S1",
            "section": "二(一)",
            "summary": {"zh": "吸引总部。", "en": "Attracts headquarters."},
        }
    ]
    assert record["sources"] == [
        {"source": "S1", "title": "city plan"},
        {"source": "S2", "title": "prefecture plan"},
    ]
    assert -1 < record["assumptions"][1].pop("goal_correlation") < 1
    assert record["assumptions"][1] == {
        "constant": "drag[region]",
        "unit": "dmnl",
        "value": 0.1,
        "low": 0.05,
        "high": 0.2,
        "distribution": "lognormal",
        "evidence": "published",
        "source": "R002",
    }
    assert sorted(record["provenance"]) == [
        "anchors_hash", "audit_hash", "audit_text_hash", "charts_hash", "computed_hash", "facts_hash",
        "indicators_hash", "integrator", "jax", "jaxlib", "levers_hash", "members_hash", "model_hash",
        "numpy", "platform", "priors_hash", "pysd", "python", "scenario_hash", "scipy", "sim", "sources_hash",
        "study_hash", "time_step",
    ]  # fmt: skip


def test_the_record_s_numbers_are_the_members(project: Project) -> None:
    run = run_scenario(HEADQUARTERS, members=200, seed=4, project=project)
    values, record = run.members_indicators, run.record
    assert values.shape == (2, 200, 4)
    assert values.dtype == np.float32
    kpi = record["kpis"][1]
    assert (kpi["id"], kpi["year"], kpi["target"], kpi["direction"]) == ("city-gdp", 2035, 1000, "reach")
    for at, arm in enumerate(("baseline", "scenario")):
        low, middle, high = np.quantile(values[at, :, 1], [0.05, 0.5, 0.95])
        assert [kpi[arm][name] for name in ("p05", "p50", "p95")] == pytest.approx(
            [low, middle, high], rel=1e-6
        )
        assert kpi[arm]["probability_met"] == (values[at, :, 1] >= 1000).mean()
        assert record["goal"][arm]["probability_constant"] == kpi[arm]["probability_met"]
        assert record["goal"][arm]["probability_current"] == (values[at, :, 2] >= 1000).mean()
    effect = np.quantile(values[1, :, 1].astype(float) - values[0, :, 1], [0.05, 0.5, 0.95])
    assert list(record["goal"]["effect"].values()) == pytest.approx(effect.tolist(), rel=1e-4)
    met = values[:, :, 1] >= 1000
    for at, arm in enumerate(("baseline", "scenario")):
        share = met[at].mean()
        wanted = np.sqrt(share * (1 - share) / 200)
        assert 0 < wanted == pytest.approx(record["goal"][arm]["sampling_error_constant"], rel=1e-6)
    change, paired = record["goal"]["change"], met[1].astype(float) - met[0]
    assert change["probability_constant"] == pytest.approx(paired.mean())
    assert change["sampling_error_constant"] == pytest.approx(paired.std() / np.sqrt(200), rel=1e-6)
    assert record["kpis"][2]["baseline"]["probability_met"] is None
    assert record["kpis"][2]["target"] is None


def test_assumptions_keep_how_they_go_with_the_goal(project: Project) -> None:
    from scipy.stats import spearmanr

    run = run_scenario(HEADQUARTERS, members=200, seed=4, project=project)
    draws = draw_members(project, 200, 4).draws
    goal = run.members_indicators[1, :, 1]
    names = [str(prior.constant) for prior in project.sampled]
    kept = {row["constant"]: row["goal_correlation"] for row in run.record["assumptions"]}
    assert any(abs(one) > 0.5 for one in kept.values() if one is not None)
    for column, name in enumerate(names):
        assert kept[name] == pytest.approx(spearmanr(draws[:, column], goal).statistic, abs=1e-3)
    assert all(kept[name] is None for name in set(kept) - set(names))


def test_a_target_without_a_starting_figure_gets_no_probability(project: Project) -> None:
    lacking = dataclasses.replace(project.kpis[0], start=())
    record = run_scenario(
        HEADQUARTERS, members=50, project=dataclasses.replace(project, kpis=(lacking, *project.kpis[1:]))
    ).record
    first, second = record["kpis"][:2]
    assert (first["assessed"], first["start"], second["start"]) == (False, [], ["F001"])
    for arm in ("baseline", "scenario"):
        assert first[arm]["probability_met"] is None
        assert first[arm]["p50"] > 0
        assert second[arm]["probability_met"] is not None
    assert record["targets"]["assessed"] == 2
    assert record["targets"]["not_assessed"] == 1


def test_the_record_s_series(project: Project) -> None:
    record = run_scenario(HEADQUARTERS, members=50, project=project).record
    city, rest = record["series"]
    assert (city["chart"], city["series"], city["unit"]) == (
        "gdp-city", "city", {"zh": "亿元", "en": "1e8 CNY"},
    )  # fmt: skip
    assert city["time"] == [float(year) for year in range(2020, 2036)]
    assert list(city["baseline"]) == ["p05", "p25", "p50", "p75", "p95"]
    assert city["baseline"]["p50"][4] == pytest.approx(705, rel=1e-4)
    assert city["scenario"]["p50"][15] == record["kpis"][1]["scenario"]["p50"]
    assert city["points"][0] == {"year": 2024, "value": 705, "kind": "observed", "fact": "F001"}
    assert rest["points"] == [{"year": 2024, "value": 1.8, "kind": "observed", "fact": "F004"}]


def test_a_goal_never_reached_is_null(project: Project) -> None:
    stagnant = Scenario("none", "停", "none", (), {"growth rate": 0.0})
    record = run_scenario(stagnant, members=20, project=project).record
    assert record["goal"]["scenario"]["year_reached"] == {"p05": None, "p50": None, "p95": None}
    assert record["goal"]["scenario"]["probability_constant"] == 0


def test_failed_members_leave_both_arms_and_are_counted(project: Project) -> None:
    members = draw_members(project, 30, 1)
    members.anchored[:3] = False
    broken = members.draws
    broken[5, 0] = np.nan
    paired = run_paired(project, members, Scenario(), HEADQUARTERS)
    assert paired.kept.sum() == 26
    assert not paired.kept[[0, 1, 2, 5]].any()


def test_failed_members_are_nan_in_the_blob(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    members = draw_members(project, 30, 1)
    members.anchored[7] = False
    monkeypatch.setattr("sim.ensemble.run.chosen_members", lambda *given: members)
    run = run_scenario(HEADQUARTERS, members=30, project=project)
    assert run.record["failed_members"] == 1
    assert np.isnan(run.members_indicators[:, 7]).all()
    assert np.isfinite(np.delete(run.members_indicators, 7, axis=1)).all()


def test_a_run_without_any_member_left_fails_clearly(project: Project) -> None:
    mad = Scenario("mad", "乱", "mad", (), {"growth rate": -50.0})
    with pytest.raises(SimError, match="No member ran through"):
        run_scenario(mad, members=5, project=project)


def test_content_without_the_goal_is_refused(project: Project) -> None:
    bare = dataclasses.replace(project, kpis=project.kpis[3:])
    with pytest.raises(BadInput, match=r"kpis\.csv needs a row with id city-gdp and the goal"):
        run_scenario(HEADQUARTERS, members=5, project=bare)
    # The goal is the last row with a target, and its year needs the row at current prices too.
    earlier = dataclasses.replace(project, kpis=project.kpis[:1])
    with pytest.raises(BadInput, match=r"needs a row with id city-gdp-current for 2030"):
        run_scenario(HEADQUARTERS, members=5, project=earlier)


def test_the_same_seed_gives_the_same_record(project: Project) -> None:
    def numbers() -> str:
        record = run_scenario(HEADQUARTERS, members=20, seed=9, project=project).record
        return json.dumps({name: record[name] for name in ("goal", "kpis", "series")})

    assert numbers() == numbers()


def test_the_short_record_is_what_json_prints(project: Project) -> None:
    record = run_scenario(HEADQUARTERS, members=5, project=project).record
    assert list(short_record(record)) == [
        "run_id", "seed", "members", "ensemble", "price_basis", "scenario", "goal", "targets", "kpis",
        "provenance", "elapsed_s",
    ]  # fmt: skip


def test_the_ensemble_imports_no_slow_library() -> None:
    code = (
        "import sys, sim.ensemble, sim.analyse; "
        "print(sorted({'scipy', 'pandas', 'pysd', 'jax', 'matplotlib'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
