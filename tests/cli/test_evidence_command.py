"""``sim evidence``: the main findings, each section in both languages, JSON, CSV and bad input."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support import REGION

from sim.cli.evidence import SECTIONS
from sim.cli.texts import load_texts
from sim.cli.twice_used import twice_used
from sim.ensemble import Project

BAND = {"p05": 4.1, "p50": 5.2, "p95": 6.3}
NAMES = {"zh": "增速", "en": "City growth"}
CONSTANT = {"constant": "growth rate", "zh": "增长率", "en": "growth rate"}
FIGURE = {"id": "growth", **NAMES, "year": 2024, "unit": "1e8 CNY"}
CHANCE = {"constant": 0.9, "current": 0.95, "gdp": BAND, "gdp_current": BAND}
RECORD: dict[str, Any] = {
    "format": 1,
    "made_for": {"model": "another"},
    "members": 500,
    "effective": 321.4,
    "goal": {"year": 2035, "target": 1000},
    "contraction": {
        "threshold": 0.2, "sampled": 80, "above": 3, "above_linear": 2, "untouched": 40, "noise": 0.11,
        "largest": [
            CONSTANT
            | {"unit": "1/year", "contraction": 0.5, "linear": 0.4, "shift": -0.3}
            | {"prior": BAND, "posterior": BAND}
        ],
        "all": [],
    },
    "correlations": {
        "threshold": 0.3, "above": 1,
        "pairs": [{"first": CONSTANT, "second": CONSTANT, "correlation": -0.4, "linear": -0.35}],
    },
    "profiles": {
        "goal": 2035, "drop": 1.92, "z": [-1.0, 0.0, 1.0],
        "profiles": [
            CONSTANT
            | {"effect": 0.03, "correlation": 0.2, "unit": "1/year", "values": [1.0, 2.0, 3.0]}
            | {"state": state}
            | {"misfit": [0.0] * 3, "posterior": [0.0] * 3, "likelihood": [-9.0, 0.0, None]}
            | {"low": 0.5, "high": None}
            for state in ("open_above", "closed", "open")
        ],
        "flat": [CONSTANT | {"effect": 0.02, "correlation": 0.1}],
    },
    "anchors": {
        "stated": 1, "met": 0, "inside": 1,
        "figures": [
            FIGURE
            | {"facts": ["F001"], "fitted": fitted, "side": "both", "note": "", "value": value, "error": 3.0}
            | {"discrepancy": 4.0, "posterior": BAND, "predictive": BAND, "met": met, "inside": inside}
            for fitted, value, met, inside in ((True, 12.5, False, True), (False, None, None, None))
        ],
    },
    "predictive": {
        "points": 9, "members": 8,
        "observations": [
            FIGURE
            | {"value": 5.0, "deviation": 0.7, "side": "at_least", "prior": BAND, "posterior": BAND}
            | {"repeated": BAND}
        ],
        "goals": [
            {"id": "gdp", **NAMES, "unit": {"zh": "亿元", "en": "100 million yuan"}, "year": year}
            | {"target": 850, "direction": "reach", "prior": BAND, "posterior": BAND, "narrowed": 0.87}
            for year in (2030, 2035)
        ],
    },
    "value": {
        "goal": 2035, "members": 500, "sd": {"constant": 0.1, "current": 0.15}, "noise": 0.002,
        "statistics": [
            FIGURE
            | {"operator": "level", "error": 1.0, "deviation": 1.5, "note": "", "posterior": BAND}
            | {"variance": {"constant": 0.008, "current": 0.02}, "sd": {"constant": 0.089, "current": 0.14}}
            | {"reduction": {"constant": 0.21, "current": 0.0001}}
        ],
        "together": {
            "sd": {"constant": 0.08, "current": 0.1}, "variance": {"constant": 0.0064, "current": 0.01},
            "reduction": {"constant": 0.36, "current": 0.5},
        },
    },
    "levers": {
        "threshold": 0.1,
        "levers": [
            {"id": "tourism", "zh": "文旅", "en": "Tourism", "identified": False, "response": 0.0}
            | {"constants": [CONSTANT | {"contraction": 0.04, "linear": 0.0, "response": 0.0}]},
            {"id": "none", "zh": "无", "en": "None", "identified": False, "response": 0.0, "constants": []},
        ],
        "plan": {"name": "plan", "zh": "规划", "en": "plan", "levers": 2},
        "chances": [
            {"factor": factor, "members": 500, "baseline": CHANCE, "plan": CHANCE | {"constant": chance}}
            | {"effect": BAND}
            for factor, chance in ((0.5, 0.93), (1.0, 0.96), (1.5, 0.98))
        ],
    },
}  # fmt: skip
HELD = {"p05": 3.0, "p50": 5.0, "p95": 7.0, "distance": 0.4, "inside": True}
SKILL: dict[str, Any] = {
    "errors": {
        "rows": [
            FIGURE | {"group": "g", "side": "both", "value": 5.1, "deviation": 1}
            | {"posterior": HELD, "prior": HELD}
        ],
        "inside": 0.95, "prior_inside": 0.8,
    },
    "leave_out": {
        "rows": [FIGURE | {"group": "g", "value": 5.1, "deviation": 1.0} | HELD],
        "groups": 14, "figures": 18, "inside": 0.89, "wanted": 0.8, "met": True,
    },
    "coverage": {
        "rows": [], "kinds": {"goal": {"coverage": 0.904, "error": 0.009, "quantities": 1, "within": True}},
        "regions": 1000, "nominal": 0.9, "allowed": [0.87, 0.93], "met": True, "rows_within": 1,
    },
    "ranks": {"rows": [{}, {}], "smallest": 0.03, "adjusted": 0.06, "met": True},
    "structures": {
        "rows": [
            {"kind": "level_break", "id": "level_break 0.94", "factor": 0.94, "regions": 300, "moved": 2.1}
            | {"flagged": {"chi_square": 0.31}},
            {"kind": "loop", "id": "R1", "zh": "回路", "en": "Talent", "factor": None, "regions": 200}
            | {"moved": 0.3, "flagged": {"chi_square": 0.06}},
        ],
        "larger": [], "flagged": {"chi_square": 0.19}, "false_alarms": 0.05, "wanted": 0.8, "met": False,
    },
    "naive": {
        "rows": [
            FIGURE | {"value": 5.1, "model": 5.0, "naive": 5.05, "model_error": 0.1, "naive_error": 0.05}
            | {"rule": "growth", "basis": {"zh": "上年", "en": "the year before"}, "winner": "naive"}
        ],
        "rules": {}, "compared": 3, "model_wins": 1, "winner": "naive",
    },
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "found.json"
    path.write_text(json.dumps(RECORD | {"skill": SKILL}), encoding="utf-8")
    return path


def test_the_main_findings(sim: Any, file: Path) -> None:
    said = sim("evidence", "--file", str(file), "--lang=en")
    assert said.code == 0
    text = " ".join(said.out.split())
    assert "500 members of the posterior, worth 321 independent ones" in text
    assert "Of 80 uncertain constants 3 lost more than 20% of their variance" in text
    assert "must not be called calibrated" in text
    assert "the data bound 1 on both sides, 1 on one and 1 on neither; 1 more matter as much" in text
    assert "City growth in 2035 (billion yuan): 0.410 – 0.630 (5–95%) before" in text
    assert "from 10.0% to 8.9%. All of them would bring it to 8.0%" in text
    assert "Of 2 levers the documents identify the effect of 0" in text
    assert "93% / 96% / 98% (2024 prices); without levers 90%" in text
    assert "nearer in 1 of 3; overall: naive wins" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("section", [*RECORD, "skill"][5:])
def test_every_section_fits_the_width(
    sim: Any, file: Path, section: str, columns: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", columns)
    said = sim("evidence", section, "--file", str(file), f"--lang={lang}")
    assert said.code == 0
    assert max(cell_len(line) for line in said.out.splitlines()) <= int(columns)
    assert (NAMES[lang] in said.out) or (CONSTANT[lang] in said.out)


def test_tables_show_the_figures(sim: Any, file: Path) -> None:
    def page(section: str) -> str:
        return " ".join(sim("evidence", section, "--file", str(file), "--lang=en").out.split())

    assert "1.25 ± 0.5 0.520 0.410 – 0.630 no yes" in page("anchors")
    assert "not stated" in page("anchors")
    assert "growth rate 1/year 0.50 0.40 -0.30" in page("contraction")
    assert "-0.40 -0.35" in page("correlations")
    assert "+3.0% 0.50 open" in page("profiles")
    assert "growth rate +2.0%" in page("profiles")
    assert "≥0.5 ± 0.070" in page("predictive")
    assert "21.0% 0% 8.9%" in page("value")
    assert "0.04 0 no" in page("levers")
    assert "× 0.5 93% 95% 90% 95% +0.520 (0.410–0.630)" in page("levers")
    skill = page("skill")
    assert "89% lie in the 90% band predicted without them; wanted 80%: met" in skill
    assert "19% of regions with another structure are found out" in skill
    assert "not met" in skill
    assert "level break × 0.94 300 2.10 31%" in skill
    assert "Talent 200 0.30 6%" in skill
    assert "亿元" in sim("evidence", "anchors", "--file", str(file), "--lang=zh").out


def test_json_is_what_the_file_holds(sim: Any, file: Path) -> None:
    assert json.loads(sim("evidence", "--json", "--file", str(file)).out) == RECORD | {"skill": SKILL}
    assert json.loads(sim("evidence", "value", "--json", "--file", str(file)).out) == RECORD["value"]


def test_csv_has_a_column_for_each_number(sim: Any, file: Path) -> None:
    rows = list(csv.DictReader(StringIO(sim("evidence", "value", "--csv", "--file", str(file)).out)))
    assert (rows[0]["id"], rows[0]["reduction_constant"], rows[0]["posterior_p50"]) == (
        "growth",
        "0.21",
        "5.2",
    )
    rows = list(csv.DictReader(StringIO(sim("evidence", "levers", "--csv", "--file", str(file)).out)))
    assert [row["table"] for row in rows] == ["levers"] * 2 + ["chances"] * 3
    assert rows[0]["constants"] == "growth rate"
    rows = list(csv.DictReader(StringIO(sim("evidence", "profiles", "--csv", "--file", str(file)).out)))
    assert rows[0]["likelihood"] == "-9.0;0.0;"


def test_what_was_not_measured_is_left_out(sim: Any, file: Path) -> None:
    file.write_text(json.dumps(RECORD | {"skill": {"naive": SKILL["naive"]}}), encoding="utf-8")
    said = sim("evidence", "skill", "--file", str(file), "--lang=en")
    assert said.code == 0
    assert "Coverage" not in said.out
    file.write_text(json.dumps(RECORD), encoding="utf-8")
    assert "Skill" not in sim("evidence", "--file", str(file), "--lang=en").out
    said = sim("evidence", "skill", "--file", str(file))
    assert said.code == 2
    assert "sim calibrate --skill" in said.err


def test_a_place_without_statistics_or_goals(sim: Any, file: Path) -> None:
    found = copy.deepcopy(RECORD)
    found["value"] |= {"statistics": [], "together": None}
    found["predictive"]["goals"] = []
    file.write_text(json.dumps(found), encoding="utf-8")
    assert "statistics.csv" in sim("evidence", "value", "--file", str(file), "--lang=en").out
    assert "no goals of its own" in sim("evidence", "--file", str(file), "--lang=en").out
    assert sim("evidence", "predictive", "--file", str(file), "--lang=en").code == 0


def test_a_place_never_calibrated_is_told_what_to_do(tiny: Any) -> None:
    said = tiny("evidence")
    assert said.code == 2
    assert "sim calibrate" in said.err


def test_the_users_own_calibration_comes_first(tiny: Any, double: Any) -> None:
    from sim.ensemble import load_project
    from sim.ensemble.posterior import identity, own_posterior

    project = load_project(REGION, model=double)
    path = own_posterior(project).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(RECORD), encoding="utf-8")
    said = tiny("evidence", "--lang=en")
    assert said.code == 0
    assert "another version" in said.err
    path.write_text(json.dumps(RECORD | {"made_for": identity(project)}), encoding="utf-8")
    assert tiny("evidence", "--lang=en").err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["profile"], "Did you mean"),
        (["--csv"], "--csv needs a section"),
        (["value", "--csv", "--json"], "Choose one"),
        (["--file", "missing.json"], "cannot be read"),
    ],
)
def test_bad_input(sim: Any, arguments: list[str], said: str) -> None:
    found = sim("evidence", *arguments)
    assert found.code == 2
    assert said in found.err


@pytest.mark.parametrize("text", ['{"contraction": ', "[]", '{"runs": 1}', "\udcff"])
def test_a_damaged_file_is_bad_input(sim: Any, file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    said = sim("evidence", "--file", str(file))
    assert said.code == 2
    assert "sim calibrate" in said.err


def test_plots_need_a_folder_and_the_skill(tiny: Any, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps({"contraction": RECORD["contraction"]}), encoding="utf-8")
    said = tiny("evidence", "--file", str(path), "--json", "--plots", str(tmp_path))
    assert said.code == 2
    assert "no section skill" in said.err
    path.write_text(json.dumps({"contraction": RECORD["contraction"], "skill": {}}), encoding="utf-8")
    said = tiny("evidence", "--file", str(path), "--json", "--plots", str(tmp_path / "none"))
    assert said.code == 2
    assert "there is no such folder" in said.err


WRONG: tuple[Any, ...] = (None, "text", [], {}, [None], 10**400, True, -1)


def changed(value: Any, seen: set[tuple[Any, ...]], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value stands; of the rows of a list only the first, which is like the others."""
    inner = value.items() if isinstance(value, dict) else list(enumerate(value))[:1]
    for name, one in inner:
        if (*path, name) not in seen:
            yield (*path, name)
            if isinstance(one, dict | list):
                yield from changed(one, seen, (*path, name))


def with_wrong(path: tuple[Any, ...], wrong: Any) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(RECORD | {"skill": SKILL})
    inner: Any = record
    for name in path[:-1]:
        inner = inner[name]
    if wrong is KeyError:
        del inner[path[-1]]
    else:
        inner[path[-1]] = wrong
    return record


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_value_that_is_null_missing_or_of_another_kind_is_one_message(
    sim: Any, file: Path, every: int
) -> None:
    places = [path for path in changed(RECORD | {"skill": SKILL}, set()) if path[0] != "made_for"]
    assert len(places) > 150
    refused = 0
    for number, path in list(enumerate(places))[::every]:
        section = path[0] if len(path) > 1 and path[0] in SECTIONS else None
        for wrong in (WRONG[number % len(WRONG)], KeyError):
            file.write_text(json.dumps(with_wrong(path, wrong)), encoding="utf-8")
            said = sim("evidence", *filter(None, [section]), "--file", str(file), "--lang=en")
            assert said.code in (0, 2), (path, wrong, said.err)
            if said.code == 2:
                refused += 1
                assert len(said.err.splitlines()) == 1, (path, wrong, said.err)
                assert said.err.startswith("sim: ")
                assert said.out == ""
    assert refused > 150 // every


@pytest.mark.parametrize(
    "text", ["9" * 5000, "[" * 100_000, "nul", '{"contraction": 1e999, "a": ' + "9" * 5000 + "}"]
)
def test_a_file_that_json_itself_refuses_is_one_message(sim: Any, file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    said = sim("evidence", "--file", str(file))
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)


def test_figures_used_twice_are_named_and_what_it_means(
    sim: Any, shipped: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.ensemble.load_project", lambda folder: shipped)
    monkeypatch.setenv("COLUMNS", "80")
    for lang, meaning in (("en", "narrower than the data justify"), ("zh", "区间比数据所能支持的更窄")):
        for section in ((), ("anchors",), ("contraction",)):
            said = sim("evidence", *section, "--lang", lang)
            flat = "".join(said.out.split())
            assert "".join(meaning.split()) in flat
            assert "F186" in flat
            assert "F002" in flat
        assert "".join(meaning.split()) not in "".join(sim("evidence", "value", "--lang", lang).out.split())
    assert sim("evidence", "--lang", "en").out.splitlines()[-1].startswith("Next: ")


def test_a_place_without_double_uses_says_nothing(project: Project) -> None:
    assert twice_used(project, load_texts("en")) == ""
