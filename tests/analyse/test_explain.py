"""The split of a change by part, lever and loop, on the tiny region and on the shipped model."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim.analyse.by_lever
from sim.analyse.additive import part_outputs
from sim.analyse.by_lever import _tied
from sim.analyse.coalitions import CONDITIONS, players_of
from sim.analyse.explain import explain
from sim.analyse.indicator import find_indicator
from sim.ensemble import LeverUse, Project, Scenario, draw_members, run_paired
from sim.errors import BadInput, SimError
from sim.spec.counts import Count
from sim.spec.loops import COLUMNS, Loop, load_loops
from sim.spec.parts import load_parts
from sim.spec.references import parse_reference


def make(*uses: LeverUse, inputs: dict[str, float] | None = None) -> Scenario:
    return Scenario("test", "试", "Test", uses, inputs or {})


BOTH = make(LeverUse("headquarters"), LeverUse("tourism", 0.5, 2027))


def loop(cut: str, folder: Path) -> Loop:
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {
        "loop": "B1", "zh": "规模", "en": "Size", "polarity": "B", "chain": "output; growth", "cut": cut,
        "scenario": "plan", "against": "baseline", "measure": "effect", "variable": "output[city]",
        "year": "2035", "expected": "larger",
    }  # fmt: skip
    with (folder / "loops.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerow(cells)
    return load_loops(folder / "loops.csv")[0]


def explained(project: Project, scenario: Scenario, region: Path, **options: Any) -> dict[str, Any]:
    parts = load_parts(region / "model" / "parts.csv")
    indicator = find_indicator(project, "city-gdp")
    return explain(project, scenario, indicator, members=24, seed=3, parts=parts, **options)


def test_the_effect_is_that_of_a_run(project: Project, region: Path) -> None:
    result = explained(project, BOTH, region)
    paired = run_paired(project, draw_members(project, 24, 3), Scenario(), BOTH)
    column = next(at for at, kpi in enumerate(project.kpis) if (kpi.id, kpi.year) == ("city-gdp", 2035))
    change = np.diff(paired.indicators[:, paired.kept, column], axis=0)[0]
    assert result["effect"]["change"]["mean"] == pytest.approx(change.mean())
    assert result["effect"]["change"]["p50"] == pytest.approx(np.median(change))
    assert result["failed_members"] == 0


def test_parts_and_levers_add_up(project: Project, region: Path) -> None:
    result = explained(project, BOTH, region)
    total = result["effect"]["change"]["mean"]
    for rows in (result["parts"]["dimensions"][0]["rows"], result["levers"]["rows"]):
        assert sum(row["mean"] for row in rows) == pytest.approx(total)
        assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert result["levers"]["method"] == "exact"
    assert result["loops"] is None


def test_shapley_values_are_the_mean_over_orders_of_single_runs(project: Project, region: Path) -> None:
    scenario = make(LeverUse("headquarters"), LeverUse("tourism"), inputs={"growth rate": 0.03})
    settings: dict[str, Any] = {
        "headquarters": LeverUse("headquarters"), "tourism": LeverUse("tourism"), CONDITIONS: None,
    }  # fmt: skip
    members = draw_members(project, 24, 3)
    column = next(at for at, kpi in enumerate(project.kpis) if (kpi.id, kpi.year) == ("city-gdp", 2035))

    def worth(players: tuple[str, ...]) -> float:
        uses = [settings[name] for name in players if settings[name]]
        one = make(*uses, inputs=dict(scenario.inputs) if CONDITIONS in players else {})
        return float(run_paired(project, members, Scenario(), one).indicators[1, :, column].mean())

    expected = dict.fromkeys(settings, 0.0)
    for order in permutations(settings):
        for at, name in enumerate(order):
            expected[name] += (worth(order[: at + 1]) - worth(order[:at])) / 6
    rows = {row["id"]: row["mean"] for row in explained(project, scenario, region)["levers"]["rows"]}
    assert rows == pytest.approx(expected)


def test_sampling_agrees_with_the_exact_values(
    project: Project, region: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = make(LeverUse("headquarters"), LeverUse("tourism"), inputs={"growth rate": 0.03})
    exact = explained(project, scenario, region)["levers"]
    monkeypatch.setattr(sim.analyse.by_lever, "MOST_EXACT", 1)
    sampled = explained(project, scenario, region)["levers"]
    assert sampled["method"] == "permutations"
    assert sum(row["mean"] for row in sampled["rows"]) == pytest.approx(exact["change"]["mean"])
    values = {row["id"]: row["mean"] for row in exact["rows"]}
    for row in sampled["rows"]:
        assert row["mean"] == pytest.approx(values[row["id"]], abs=5 * row["standard_error"] + 1e-9)
    joint = {(row["first"], row["second"]): row["mean"] for row in exact["interactions"]}
    for row in sampled["interactions"]:
        found = joint[row["first"], row["second"]]
        assert row["mean"] == pytest.approx(found, abs=5 * row["standard_error"] + 1e-9)


def test_levers_that_cannot_be_told_from_the_first_are_tied() -> None:
    # Behind the first lever by 1, 1, 1 and 3 in four members: 1.5 on average with an error of 1/2, three
    # errors; the second by 0, 2, 0 and 2: 1 with an error of 0.58, less than two; the last pulls downwards.
    first = np.array([10.0, 20.0, 30.0, 40.0])
    each = np.column_stack([first - [1, 1, 1, 3], first, first - [0, 2, 0, 2], -first])
    assert _tied(each).tolist() == [False, True, True, True]
    assert _tied(each[:1, :2]).tolist() == [True, True]  # One member tells nothing.


def test_a_lever_at_nothing_is_no_player(project: Project) -> None:
    scenario = make(LeverUse("headquarters", 0.0), LeverUse("tourism"))
    assert [player.id for player in players_of(project, scenario)] == ["tourism"]


def test_a_cut_loop_is_cut_in_both_arms(project: Project, region: Path, tmp_path: Path) -> None:
    cut = loop("drag[city] = 0", tmp_path)
    row = explained(project, BOTH, region, loops=[cut])["loops"]["rows"][0]
    constants = draw_members(project, 24, 3).constants(project)
    constants["drag"] = np.tile([0.0, 0.2], (24, 1))
    column = parse_reference("output[city]")

    def end(intensity: list[float], start: list[float]) -> Any:
        changes = constants | {
            "lever intensity": np.tile(intensity, (24, 1)), "lever start year": np.tile(start, (24, 1)),
        }  # fmt: skip
        return project.model.run(changes, lanes=24)[column.name][:, -1, 0]

    remains = end([1.0, 0.5], [2025.0, 2027.0]) - end([0.0, 0.0], [2025.0, 2026.0])
    total = explained(project, BOTH, region)["effect"]["change"]["mean"]
    assert row["mean"] == pytest.approx(total - remains.mean())
    assert row["share"] == pytest.approx(1 - remains.mean() / total)


def test_a_loop_that_names_nothing(project: Project, region: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"loops.csv, row 2, column 'cut'"):
        explained(project, BOTH, region, loops=[loop("dragg = 0", tmp_path)])


def test_parts_that_do_not_add_up(project: Project, region: Path, tmp_path: Path) -> None:
    file = tmp_path / "parts.csv"
    file.write_text("indicator,parts,note\ncity-gdp,output[region],\n", encoding="utf-8")
    with pytest.raises(SimError, match=r"parts.csv, row 2: the parts of 'city-gdp' miss it"):
        explain(project, BOTH, find_indicator(project, "city-gdp"), members=8, parts=load_parts(file))


def test_parts_whose_factors_do_not_fit(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "parts.csv"
    file.write_text('indicator,parts,note\ncity-gdp,"drag[city] * output[region]",\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"parts.csv, row 2, column 'parts'"):
        part_outputs(project, load_parts(file)[0])


@pytest.mark.parametrize("row", ["city-gdp,,", "city-gdp,a[b,", "city gdp,a,", "a,b,\na,c,"])
def test_a_wrong_table_of_parts(row: str, tmp_path: Path) -> None:
    file = tmp_path / "parts.csv"
    file.write_text(f"indicator,parts,note\n{row}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"parts\.csv, row [23]"):
        load_parts(file)


def test_indicators_and_years(project: Project) -> None:
    assert find_indicator(project, "city-gdp").year == 2035
    assert find_indicator(project, "rest", 2031).year == 2031
    with pytest.raises(BadInput, match=r"'city-gdp' has no year 2031. It has 2030 and 2035"):
        find_indicator(project, "city-gdp", 2031)
    with pytest.raises(BadInput, match="Did you mean 'city-gdp'"):
        find_indicator(project, "citygdp")


def test_nothing_to_explain(project: Project, region: Path) -> None:
    with pytest.raises(BadInput, match="Nothing differs from the baseline"):
        explained(project, Scenario(), region)


@pytest.mark.parametrize("name", [parts.indicator for parts in load_parts()])
def test_every_shipped_sum_is_exact(name: str, shipped: Project) -> None:
    scenario = make(LeverUse("headquarters"))
    # Parts that miss the indicator are an error.
    result = explain(shipped, scenario, find_indicator(shipped, name), members=8, parts=load_parts())
    for split in result["parts"]["dimensions"]:
        total = sum(row["mean"] for row in split["rows"])
        assert total == pytest.approx(result["effect"]["change"]["mean"], rel=1e-5, abs=1e-7)


def test_a_count_is_explained_by_its_mean_and_said_so(project: Project, region: Path) -> None:
    counted = replace(project, counts=(Count("city-gdp", None, None, (), None, None, None, 2),))
    result = explained(counted, BOTH, region)
    assert result["means"]
    plain = explained(project, BOTH, region)
    assert not plain["means"]
    assert result["effect"] == plain["effect"]
