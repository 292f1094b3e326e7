"""The figures about skill are drawn from a plain record, in both languages."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sim.errors import BadInput
from sim.figures.skill import skill_plots
from sim.folders import content

BAND = {"p05": 4.0, "p50": 5.0, "p95": 6.0, "distance": -0.5, "inside": True}
NAMED = {"id": "growth", "zh": "增速", "en": "growth of output", "year": 2024, "unit": "%"}
FIGURE = {**NAMED, "value": 5.5, "deviation": 1.0, "group": "growth", "side": "both"}
KINDS = [
    {**NAMED, "kind": "figure"},
    {
        "kind": "constant",
        "id": "drag[city]",
        "constant": "drag[city]",
        "zh": "拖累（市）",
        "en": "drag[city]",
    },
    {**NAMED, "id": "gdp", "kind": "goal", "zh": "生产总值", "en": "GDP", "year": 2035},
]
FLAGGED = {"chi_square": 0.3, "largest": 0.2, "surprise": 0.1}
BREAK = {"kind": "level_break", "id": "level_break 1.06", "factor": 1.06, "regions": 9, "moved": 1.0}
RECORD: dict[str, Any] = {
    "errors": {"rows": [{**FIGURE, "posterior": BAND, "prior": BAND}]},
    "leave_out": {"rows": [{**FIGURE, **BAND}], "inside": 1.0, "wanted": 0.8},
    "coverage": {
        "rows": [{**row, "coverage": 0.91, "error": 0.01, "within": True} for row in KINDS],
        "regions": 50,
        "allowed": [0.87, 0.93],
    },
    "ranks": {
        "rows": [{**row, "counts": [12, 8, 11, 9, 10], "p": 0.87} for row in KINDS],
        "regions": 50,
        "bins": 5,
    },
    "structures": {
        "rows": [
            {**BREAK, "flagged": FLAGGED},
            {**BREAK, "kind": "last_year_break", "flagged": FLAGGED},
            {
                "kind": "loop",
                "id": "B1",
                "zh": "景区拥挤",
                "en": "Crowding",
                "regions": 7,
                "moved": 0.5,
                "flagged": FLAGGED,
            },
        ],
        "larger": [{**BREAK, "factor": 1.5, "flagged": FLAGGED}],
        "kinds": {"loop": FLAGGED},
        "wanted": 0.8,
        "false_alarms": 0.05,
    },
    "naive": {
        "rows": [{**NAMED, "model_error": 0.0, "naive_error": 2.0, "rule": "random_walk"}],
        "model_wins": 1,
        "compared": 1,
    },
}


@pytest.mark.parametrize(("lang", "word"), [("zh", "随机游走"), ("en", "Random walk")])
def test_every_figure_is_drawn_the_same_each_time(tmp_path: Path, lang: str, word: str) -> None:
    files = skill_plots(RECORD, tmp_path, lang)
    assert [file.name for file in files] == [
        "errors.svg", "leave-out.svg", "coverage.svg", "ranks.svg", "structures.svg", "naive.svg",
    ]  # fmt: skip
    before = [file.read_bytes() for file in files]
    assert word in before[-1].decode()
    assert [file.read_bytes() for file in skill_plots(RECORD, tmp_path, lang)] == before


def test_a_place_without_naive_forecasts_has_no_figure_of_them(tmp_path: Path) -> None:
    record = copy.deepcopy(RECORD) | {"naive": None}
    assert "naive.svg" not in [file.name for file in skill_plots(record, tmp_path, "en")]


def test_a_figure_outside_its_band_looks_different(tmp_path: Path) -> None:
    before = skill_plots(RECORD, tmp_path, "en")[1].read_text(encoding="utf-8")
    record = copy.deepcopy(RECORD)
    record["leave_out"]["rows"][0]["inside"] = False
    after = skill_plots(record, tmp_path, "en")[1].read_text(encoding="utf-8")
    assert after.lower().count("#d55e00") > before.lower().count("#d55e00")


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Unknown language 'fr'\. Allowed are: zh, en"):
        skill_plots(RECORD, tmp_path, "fr")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        skill_plots(RECORD, tmp_path / "none", "en")


def test_both_languages_have_the_same_words() -> None:
    words = tomllib.loads(content("reports", "skill_text.toml").read_text(encoding="utf-8"))
    assert words["zh"].keys() == words["en"].keys()
