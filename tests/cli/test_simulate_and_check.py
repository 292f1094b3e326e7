"""sim simulate and sim check over real small models."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
EPIDEMIC = str(ROOT / "tests" / "models" / "classic" / "epidemic.mdl")
FIVE = str(ROOT / "tests" / "bad" / "models" / "five_faults.mdl")
TIMES = """
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 4 ~ year ~ |
TIME STEP = 0.5 ~ year ~ |
SAVEPER = 1 ~ year ~ |
"""
SMALL = """
place: north, south ~ ~ |
stock[place] = INTEG(rate * stock[place] * push(Time), start[place]) ~ widget [0, ?] ~ |
start[place] = 1, 2 ~ widget ~ |
rate = 0.5 ~ 1/year ~ |
push((0, 1), (4, 1)) ~ dmnl ~ |
root = SQRT(rate * span) ~ dmnl ~ |
span = 1 ~ year ~ |
"""


class Said(Protocol):
    code: int
    out: str
    err: str


Sim = Callable[..., Any]


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.mdl"
    path.write_text("{UTF-8}\n" + SMALL + TIMES, encoding="utf-8")
    return str(path)


def test_a_table_with_sparklines(sim: Sim, small: str) -> None:
    said = sim("simulate", small)
    assert said.code == 0, said.err
    assert "small (time in year)" in said.out
    (row,) = (line for line in said.out.splitlines() if line.startswith("stock[south]"))
    assert row.split()[1:6] == ["widget", "2.0", "11.9", "2.0", "11.9"]
    assert "▁" in row
    assert "root" not in said.out


def test_csv_has_a_column_for_each_cell(sim: Sim, small: str) -> None:
    said = sim("simulate", small, "--output", "stock", "--output", "root", "--set", "rate=0.25", "--csv")
    rows = list(csv.DictReader(said.out.splitlines()))
    assert list(rows[0]) == ["time", "stock[north]", "stock[south]", "root"]
    assert float(rows[4]["stock[north]"]) == pytest.approx(1.125**8)
    assert float(rows[0]["root"]) == 0.5


def test_json_elements_lookups_and_times(sim: Sim, small: str) -> None:
    said = sim(
        "simulate", small, "--output", "stock[south]", "--set", "push=(0,0), (4,0)",
        "--set", "stock[south]=3", "--final-time", "2", "--time-step", "0.25", "--save-every", "0.5",
        "--integrator", "rk4", "--json",
    )  # fmt: skip
    assert json.loads(said.out) == {
        "model": "small",
        "time_unit": "year",
        "time": [0, 0.5, 1, 1.5, 2],
        "outputs": {"stock[south]": {"unit": "widget", "values": [3, 3, 3, 3, 3]}},
    }


def test_a_plot(sim: Sim, small: str, tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    said = sim("simulate", small, "--output", "stock", "--output", "root", "--plot", str(plot))
    assert said.code == 0, said.err
    drawn = plot.read_text(encoding="utf-8")
    assert "stock[north]" in drawn
    assert "widget" in drawn
    assert str(plot) in said.err


def test_a_run_that_fails_shows_what_there_is_and_says_so(sim: Sim, small: str) -> None:
    said = sim("simulate", small, "--output", "root", "--set", "rate=-1", "--json")
    assert said.code == 1
    assert json.loads(said.out)["outputs"]["root"]["values"] == [None] * 5
    assert "root is NaN at time 0" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["simulate", "{tmp}/none.mdl"], ["There is no model file", "none.mdl"]),
        (["simulate", "{tmp}/model.txt"], ["model.txt is not a model file", ".mdl, .xmile, .stmx"]),
        (["simulate", "{tmp}/bad.mdl"], ["bad.mdl, line 3: syntax error in: b = = 2", "from here on"]),
        (["simulate", "{small}", "--set", "rat=1"], ["no variable 'rat'", "Did you mean 'rate'"]),
        (["simulate", "{small}", "--set", "rate"], ["NAME=VALUE"]),
        (["simulate", "{small}", "--set", "rate=fast"], ["'fast' is not a number"]),
        (["simulate", "{small}", "--set", "rate=nan"], ["'nan' is not a finite number"]),
        (["simulate", "{small}", "--set", "rate=1", "--set", "rate=2"], ["rate is given twice"]),
        (["simulate", "{small}", "--set", "rate=(0,1),(1,2)"], ["pairs of points are for lookups"]),
        (["simulate", "{small}", "--set", "push=(1,1),(0,2)"], ["increasing x"]),
        (["simulate", "{small}", "--set", "stock=-1"], ["an initial value of -1", "nothing below 0"]),
        (["simulate", "{small}", "--set", "stock[west]=1"], ["no element 'west'", "north, south"]),
        (["simulate", "{small}", "--output", "stok"], ["no variable 'stok'", "Did you mean 'stock'"]),
        (["simulate", "{small}", "--output", "stock[west]"], ["no element 'west'"]),
        (["simulate", "{small}", "--time-step", "0.3"], ["save interval 1 is not a multiple", "0.333333"]),
        (["simulate", "{small}", "--final-time", "-1"], ["before the initial time"]),
        (["simulate", "{small}", "--integrator", "heun"], ["heun", "euler", "rk4"]),
        (["simulate", "{small}", "--plot", "{tmp}/plot.gif"], ["plot.gif", ".svg or .png or .pdf"]),
        (["simulate", "{small}", "--json", "--csv"], ["Choose one"]),
        (["simulate", "{small}", "--encoding", "klingon"], ["klingon", "--encoding gbk"]),
        (["check", "{tmp}/none.mdl"], ["There is no model file"]),
        (["check", "{small}", "--units", "{tmp}/none.txt"], ["none.txt", "cannot be read"]),
    ],
)
def test_bad_input(sim: Sim, small: str, tmp_path: Path, arguments: list[str], says: list[str]) -> None:
    (tmp_path / "bad.mdl").write_text("{UTF-8}\na = 1 ~ ~ |\nb = = 2 ~ ~ |\n" + TIMES, encoding="utf-8")
    (tmp_path / "model.txt").write_text("a = 1", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    said = sim(*[text.replace("{small}", small).replace("{tmp}", str(tmp_path)) for text in arguments])
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    for words in says:
        assert words in said.err
    assert [path for path in sorted(tmp_path.iterdir()) if path.suffix != ".gif"] == before


def test_check_finds_all_five_planted_faults(sim: Sim) -> None:
    said = sim("check", FIVE, "--json")
    assert said.code == 1
    whole = json.loads(said.out)
    assert whole["faults"] == sum(one["level"] != "note" for one in whole["findings"])
    assert {one["kind"] for one in whole["findings"]} == {"function", "name", "loop", "unit", "unused"}
    page = sim("check", FIVE)
    assert page.code == 1
    for words in ("FIND ZERO", "'stok'", "price → demand → price", "target is widget", "idle constant"):
        assert words in page.out


def test_check_passes_a_right_model(sim: Sim, small: str) -> None:
    said = sim("check", EPIDEMIC)
    assert said.code == 0, said.out
    assert "nothing is wrong" in said.out
    said = sim("check", small, "--csv")
    assert said.code == 0, said.out
    assert said.out.splitlines()[0] == "level,kind,message"
    assert sim("check", small, "--lang", "zh").code == 0
