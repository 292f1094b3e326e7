"""``sim explain``: page, JSON, CSV, a stored run, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import REGION

from sim.ensemble import load_project
from sim.ensemble.members import draw_members
from sim.ensemble.posterior import make_posterior, write_posterior
from sim.spec.loops import COLUMNS

LOOP = {
    "loop": "B1", "zh": "规模", "en": "Size", "polarity": "B", "chain": "output; growth",
    "cut": "drag[city] = 0", "scenario": "plan", "against": "baseline", "measure": "effect",
    "variable": "output[city]", "year": "2035", "expected": "larger",
}  # fmt: skip


@pytest.fixture
def explain(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return ``sim`` over the tiny region, with a table of loops."""
    region = tmp_path / "region"
    shutil.copytree(REGION, region)
    with (region / "model" / "loops.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS)
        table.writeheader()
        table.writerow(dict.fromkeys(COLUMNS, "") | LOOP)
    monkeypatch.setenv("SIM_STUDY", str(region))
    return tiny


TWO = ("--lever", "headquarters", "--lever", "tourism=0.5@2027", "--members", "20")


def test_the_page(explain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = explain("explain", "city-gdp", *TWO)
    assert said.code == 0, said.err
    for words in ("matters most is Headquarters", "By lever", "Interaction", "Size", "every combination"):
        assert words in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_chinese(explain: Any) -> None:
    said = explain("explain", "city-gdp", *TWO, "--lang", "zh")
    assert said.code == 0, said.err
    for words in ("作用最大的举措是总部经济", "按举措", "回路", "规模"):
        assert words in said.out


def test_json_adds_up(explain: Any) -> None:
    value = json.loads(explain("explain", "city-gdp", "--year", "2030", *TWO, "--json").out)
    assert (value["indicator"]["year"], value["members"], value["seed"]) == (2030, 20, 1)
    total = value["effect"]["change"]["mean"]
    assert sum(row["mean"] for row in value["levers"]["rows"]) == pytest.approx(total)
    assert [row["id"] for row in value["loops"]["rows"]] == ["B1"]
    assert all(value["sentences"][lang] for lang in ("zh", "en"))


def test_csv_has_a_row_for_each_line(explain: Any) -> None:
    rows = list(csv.DictReader(StringIO(explain("explain", "city-gdp", *TWO, "--csv").out)))
    sections = [row["section"] for row in rows]
    assert sections[:3] == ["baseline", "scenario", "change"]
    assert {"part", "lever", "interaction", "loop"} < set(sections)


def test_an_indicator_without_parts(explain: Any) -> None:
    said = explain("explain", "rest-gdp", *TWO)
    assert said.code == 0, said.err
    assert "no split by sector" in said.out or "does not change" in said.out
    said = explain("explain", "city-gdp-current", *TWO)
    assert "no split by sector" in said.out


def test_nothing_changes(explain: Any) -> None:
    said = explain("explain", "rest-gdp", "--lever", "headquarters", "--members", "20")
    assert "does not change" in said.out


def test_a_stored_run(explain: Any) -> None:
    run = json.loads(explain("run", *TWO, "--seed", "7", "--json").out)
    value = json.loads(explain("explain", "city-gdp", "--run", "@last", "--json").out)
    assert (value["seed"], value["members"]) == (7, 20)
    assert [use["id"] for use in value["scenario"]["levers"]] == ["headquarters", "tourism"]
    assert value["effect"]["change"]["p50"] == pytest.approx(run["goal"]["effect"]["p50"], rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("citygdp", *TWO), "Did you mean 'city-gdp'"),
        (("city-gdp", "--year", "2031", *TWO), "It has 2030 and 2035"),
        (("city-gdp",), "no lever is pulled"),
        (("city-gdp", "--lever", "headquarters=0"), "no lever is pulled"),
        (("city-gdp", "--lever", "hedquarters"), "Did you mean 'headquarters'"),
        (("city-gdp", "--members", "0", "--lever", "tourism"), "--members is 0"),
        (("city-gdp", "--run", "@last", "--lever", "tourism"), "--run brings its own"),
        (("city-gdp", "--run", "nothing"), "There is no run 'nothing'"),
        (("city-gdp", "--json", "--csv", *TWO), "Choose one"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], says: str, explain: Any) -> None:
    assert explain("run", *TWO).code == 0
    said = explain("explain", *arguments)
    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_stored_baseline(explain: Any) -> None:
    explain("run", "--members", "20")
    said = explain("explain", "city-gdp", "--run", "@last")
    assert said.code == 2
    assert "baseline itself" in said.err


@pytest.mark.usefixtures("own_data")
def test_the_shipped_model() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "explain", "city-gdp", "--lever", "headquarters", "--lever", "talent",
         "--members", "16", "--json"],
        capture_output=True, encoding="utf-8", check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    total = value["effect"]["change"]["mean"]
    assert sum(row["mean"] for row in value["levers"]["rows"]) == pytest.approx(total, rel=1e-6)
    sectors = value["parts"]["dimensions"][0]["rows"]
    assert len(sectors) == 15
    assert sum(row["mean"] for row in sectors) == pytest.approx(total, rel=1e-6)
    assert len(value["loops"]["rows"]) >= 20


def test_it_says_which_members_it_took(explain: Any, double: Any, tmp_path: Path) -> None:
    """Not what was written into the code: a posterior beside the data is taken, and a prior run stays one."""
    project = load_project(tmp_path / "region", model=double)
    members = draw_members(project, 20, 7)
    file = tmp_path / "region" / "calibration" / "posterior.npz"
    write_posterior(file, make_posterior(project, 7, members.draws.astype(np.float32), members.logs))
    said = explain("explain", "city-gdp", *TWO, "--json")
    assert json.loads(said.out)["ensemble"] == "posterior", said.err
    assert "calibrated posterior" in explain("explain", "city-gdp", *TWO).out
    run = explain("run", "--lever", "headquarters", "--members", "20", "--ensemble", "prior", "--json")
    again = explain("explain", "city-gdp", "--run", "@last", "--json")
    found = json.loads(again.out)
    assert found["ensemble"] == json.loads(run.out)["ensemble"] == "prior"
    # The same members give the same effect as the run that is explained.
    effect = json.loads(run.out)["goal"]["effect"]
    assert found["effect"]["change"]["p50"] == pytest.approx(effect["p50"], rel=1e-6)
