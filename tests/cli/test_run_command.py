"""``sim run`` over the tiny region: page, JSON, CSV, what is stored, and interruption."""

from __future__ import annotations

import csv
import json
import signal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import sim.ensemble.run
from sim.errors import SimError
from sim.folders import database_path
from sim.store import open_store

SHAPE = {
    "run_id", "seed", "members", "ensemble", "price_basis", "scenario", "goal", "targets", "kpis",
    "provenance", "elapsed_s",
}  # fmt: skip


def stored_status() -> list[str]:
    with open_store(database_path(), write=False) as store:
        return [line.status for line in store.runs.lines()]


def test_the_page_has_both_arms_and_ends_with_the_next_command(tiny: Any) -> None:
    said = tiny("run", "--lever=headquarters", "--members", "50")
    assert (said.code, said.err) == (0, "")
    for words in ("baseline", "scenario", "≥100 ", "constant 2024 prices", "prior's", "Stored as"):
        assert words in said.out
    assert said.out.splitlines()[-1] == "Next: sim report @last"


def test_chinese(tiny: Any) -> None:
    said = tiny("run", "--lever=headquarters", "--members", "50", "--lang", "zh")
    assert said.code == 0
    for words in ("基线", "情景", "总部经济", "现价", "先验", "已存为"):
        assert words in said.out
    assert said.out.splitlines()[-1] == "下一步：sim report @last"


def test_without_levers_only_the_baseline_is_shown(tiny: Any) -> None:
    said = tiny("run", "--members", "20")
    assert said.code == 0
    assert "baseline" in said.out
    assert "scenario" not in said.out


def test_json_has_the_agreed_shape_and_nothing_else_on_stdout(tiny: Any) -> None:
    said = tiny("run", "--lever", "tourism=0.5@2027", "--members", "50", "--seed", "7", "--json")
    value = json.loads(said.out)
    assert set(value) == SHAPE
    assert (value["seed"], value["members"], value["ensemble"]) == (7, 50, "prior")
    for arm in ("baseline", "scenario"):
        assert {"probability_constant", "probability_current", "year_reached"} <= set(value["goal"][arm])
        assert set(value["goal"][arm]["year_reached"]) == {"p05", "p50", "p95"}
        for kpi in value["kpis"]:
            assert set(kpi[arm]) == {"p05", "p50", "p95", "probability_met"}
    use = value["scenario"]["levers"][0]
    assert (use["id"], use["intensity"], use["start"]) == ("tourism", 0.5, 2027)
    assert "Stored as" in said.err


def test_csv_has_a_row_for_each_indicator_and_year(tiny: Any) -> None:
    said = tiny("run", "--members", "20", "--csv")
    rows = list(csv.DictReader(StringIO(said.out)))
    assert [(row["id"], row["year"]) for row in rows][:2] == [("city-gdp", "2030"), ("city-gdp", "2035")]
    assert float(rows[0]["baseline_p05"]) < float(rows[0]["baseline_p95"])
    assert rows[2]["target"] == ""
    assert [row["id"] for row in rows[4:]] == [
        "goal-constant-prices", "goal-current-prices", "goal-year", "goal-difference", "targets-likely",
        "members", "failed-members",
    ]  # fmt: skip


def test_what_was_printed_is_what_is_stored(tiny: Any) -> None:
    printed = json.loads(tiny("run", "--lever=headquarters", "--members", "20", "--json").out)
    kept = json.loads(tiny("runs", "show", printed["run_id"], "--json").out)
    kept["kpis"] = [kpi | {"unit": kpi["unit"]["en"]} for kpi in kept["kpis"]]
    assert {name: kept[name] for name in SHAPE} == printed
    assert kept["command"] == ["sim", "run", "--lever=headquarters", "--members", "20", "--json"]
    with open_store(database_path(), write=False) as store:
        assert store.runs.members_indicators("@last").shape == (2, 20, len(printed["kpis"]))


def test_the_same_seed_gives_the_same_numbers(tiny: Any) -> None:
    runs = [
        json.loads(tiny("run", "--lever=headquarters", "--members", "20", "--json").out) for _ in range(2)
    ]
    assert runs[0]["kpis"] == runs[1]["kpis"]
    assert runs[0]["run_id"] != runs[1]["run_id"]


def test_a_scenario_file_with_a_lever_on_top(tiny: Any, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        'name = "plan"\n[title]\nzh = "规划"\nen = "Plan"\n[levers]\nheadquarters = 0.2\n'
        '[inputs]\n"growth rate" = 0.03\n',
        encoding="utf-8",
    )
    said = tiny("run", "--scenario", str(file), "--lever", "headquarters=0.9", "--members", "20", "--json")
    scenario = json.loads(said.out)["scenario"]
    assert scenario["name"] == "plan"
    assert [use["intensity"] for use in scenario["levers"]] == [0.9]
    assert scenario["inputs"] == {"growth rate": 0.03}


def test_the_database_is_chosen_by_option_then_environment(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "environment.db"))
    tiny("run", "--members", "20")
    tiny("run", "--members", "20", "--db", str(tmp_path / "option.db"))
    assert (tmp_path / "environment.db").is_file()
    assert (tmp_path / "option.db").is_file()


def test_ctrl_c_marks_the_run(tiny: Any, double: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny("run", "--members", "20")

    def interrupted(*arguments: Any, **options: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sim.ensemble.run, "run_paired", interrupted)
    said = tiny("run", "--members", "20")
    assert (said.code, said.out) == (130, "")
    assert "Interrupted" in said.err
    assert stored_status() == ["interrupted", "complete"]
    assert tiny("runs", "show", "@last").code == 0


def test_a_run_that_fails_is_marked_with_the_reason(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*arguments: Any, **options: Any) -> None:
        raise SimError("No member ran through.")

    monkeypatch.setattr(sim.ensemble.run, "run_paired", failed)
    said = tiny("run", "--members", "20")
    assert (said.code, said.err) == (1, "sim: No member ran through.\n")
    assert stored_status() == ["failed"]


def test_a_result_that_cannot_be_stored_is_shown_all_the_same(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise SimError("The run database is in use (locked).")

    monkeypatch.setattr("sim.store.runs.Runs.complete", locked)
    said = tiny("run", "--lever=headquarters", "--members", "20")
    assert said.code == 1
    assert "Tiny City" in said.out
    assert said.err.splitlines()[-1] == (
        "sim: The result was not stored. The run database is in use (locked)."
    )
