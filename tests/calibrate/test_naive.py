"""Naive forecasts: their arithmetic, who wins, and mistakes in their table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.naive import compare_with_naive, load_naive
from sim.errors import BadInput
from sim.folders import content
from sim.spec.facts import Fact, load_facts
from sim.spec.observations import load_observations

HEAD = "observation,rule,how,facts,scale,years,zh,en\n"


def _fact(name: str, value: float, kind: str = "observed") -> Fact:
    return Fact(name, "city", name, name, "2020", value, "%", kind, "S1", "", "")


FACTS = (
    _fact("F001", 100), _fact("F002", 10), _fact("F003", 121), _fact("F004", 50), _fact("F005", 9, "target"),
    _fact("F006", -1),
)  # fmt: skip


def _load(tmp_path: Path, row: str) -> Any:
    path = tmp_path / "naive.csv"
    path.write_text(HEAD + row + "\n", encoding="utf-8")
    return load_naive(path, ["one"], FACTS)[0]


@pytest.mark.parametrize(
    ("row", "forecast"),
    [
        ("one,random_walk,last,F001,,,甲,a", 100),
        ("one,random_walk,last,F001,0.2,,甲,a", 20),
        ("one,growth,grown,F001;F002,,2,甲,a", 121),
        ("one,growth,yearly,F001;F003,,2,甲,a", 10),
        ("one,growth,yearly,F004/F001;F003,200,2,甲,a", 10),
    ],
)
def test_forecasts(tmp_path: Path, row: str, forecast: float) -> None:
    assert _load(tmp_path, row).forecast({fact.id: fact for fact in FACTS}) == pytest.approx(forecast)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("two,growth,last,F001,,,甲,a", r"naive\.csv, row 2, column 'observation'"),
        ("one,luck,last,F001,,,甲,a", r"column 'rule'.*Allowed: growth, random_walk"),
        ("one,growth,best,F001,,,甲,a", r"column 'how'"),
        ("one,growth,grown,F001,,,甲,a", r"'grown' needs 2"),
        ("one,growth,last,F001/F002/F003,,,甲,a", r"quotient of two"),
        ("one,growth,last,F009,,,甲,a", r"'F009' is not in facts\.csv"),
        ("one,growth,last,F005,,,甲,a", r"F005 is a target or a forecast"),
        ("one,growth,last,F006,,,甲,a", r"F006 is not above 0"),
        ("one,growth,last,F001,0,,甲,a", r"column 'scale': 0 is not above 0"),
        ("one,growth,last,F001,,-1,甲,a", r"column 'years': -1 is not above 0"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        _load(tmp_path, row)


def test_the_better_naive_forecast_counts_and_may_win(tmp_path: Path) -> None:
    path = tmp_path / "naive.csv"
    path.write_text(
        HEAD + "one,random_walk,last,F001,,,甲,a\none,growth,last,F003,,,乙,b\ntwo,growth,last,F004,,,丙,c\n",
        encoding="utf-8",
    )
    held = [
        {"id": name, "zh": name, "en": name, "year": 2024, "unit": "%", "value": value, "p50": model}
        for name, value, model in (("one", 120.0, 118.0), ("two", 80.0, 79.0))
    ]
    found = compare_with_naive(load_naive(path, ["one", "two"], FACTS), FACTS, held)
    assert [row["winner"] for row in found["rows"]] == ["model", "naive", "model"]
    assert (found["compared"], found["model_wins"], found["winner"]) == (2, 1, "even")
    assert found["rules"]["random_walk"] == {"compared": 1, "model_wins": 1, "ratio": 0.1}


def test_the_shipped_forecasts_use_nothing_of_the_observation_itself() -> None:
    facts = load_facts()
    observations = {one.id: one for one in load_observations(facts=facts)}
    naives = load_naive(content("calibration", "naive.csv"), list(observations), facts)
    assert len({one.observation for one in naives}) >= 10
    for one in naives:
        used = {name for names in one.facts for name in names}
        assert not used & set(observations[one.observation].facts), one.observation
