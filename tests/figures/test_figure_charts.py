"""Figures from plain data: what they show, and that the same data give the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pytest
from support import RECORD

from sim.errors import BadInput, SimError
from sim.figures import (
    Band,
    Interval,
    Point,
    Series,
    fan_chart,
    figure_bytes,
    font_files,
    goal_chart,
    load_text,
    paired_intervals,
    series_from,
    small_multiples,
    stacked_areas,
)
from sim.words import Unit


def series(name: str = "接待游客", unit: str = "万人次", *points: Point, factor: float = 1.0) -> Series:
    time = np.arange(2020.0, 2036.0)
    middle = factor * np.linspace(10.0, 40.0, len(time))
    spread = np.linspace(0.05, 0.3, len(time))
    band = Band(*(middle * (1 + z * spread) for z in (-1.6, -0.7, 0.0, 0.7, 1.6)))
    higher = Band(*(1.05 * getattr(band, q) for q in ("p05", "p25", "p50", "p75", "p95")))
    return Series("visits", name, Unit(unit), time, band, higher, points)


def words(svg: bytes) -> str:
    return svg.decode("utf-8")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_small_multiples_show_each_name_and_unit(count: int) -> None:
    many = [series(f"指标{number}", f"单位{number}", factor=number + 1) for number in range(count)]
    svg = words(figure_bytes(small_multiples(many, load_text("zh"))))
    for number in range(count):
        assert f"指标{number}" in svg
        assert f"单位{number}" in svg
    assert "基线" in svg
    assert "情景" in svg


def test_the_legend_names_only_the_marks_that_are_drawn() -> None:
    text = load_text("en")
    bare = words(figure_bytes(fan_chart(series("visits", "trips"), text)))
    both = fan_chart(series("visits", "trips", Point(2024, 20, "observed"), Point(2030, 50, "target")), text)
    assert "Observed" not in bare
    assert "Target" not in bare
    assert "Observed" in words(figure_bytes(both))
    assert "Target" in words(figure_bytes(both))


def test_points_outside_the_time_shown_are_left_out() -> None:
    late = series("a", "b", Point(2050, 20, "target"))
    assert late.points_of("target") == []


def test_the_goal_chart_says_its_chances() -> None:
    svg = words(figure_bytes(goal_chart([series()], 30.0, 2035, [("53%", "57%")], load_text("zh"))))
    assert "基线 53%" in svg
    assert "2035年达到目标的可能性" in svg


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_stack_of_a_record_names_each_sector(lang: str) -> None:
    text = load_text(lang)
    rows = [row for row in json.loads(RECORD.read_text("utf-8"))["series"] if row["chart"] == "gdp-sectors"]
    svg = words(figure_bytes(stacked_areas([series_from(row, text) for row in rows], text)))
    for row in rows:
        assert text.title(row) in svg


def test_intervals_beyond_the_limit_do_not_fail() -> None:
    rows = [
        Interval("规模以上服务业企业营业收入 2035", 50.0, 90.0, 400.0),
        Interval("b", 210.0, 250.0, 300.0),
    ]
    figure = paired_intervals(rows, rows, "%", load_text("zh"), reference=(100.0, "目标"), limit=200.0)
    assert figure_bytes(figure).startswith(b"<?xml")


def test_the_same_data_give_the_same_bytes_without_a_date() -> None:
    for kind in ("svg", "png", "pdf"):
        first, second = (figure_bytes(fan_chart(series(), load_text("zh")), kind) for _ in range(2))
        assert first == second
        assert b"CreationDate" not in first
        assert b"dc:date" not in first


def test_svg_keeps_its_text_as_text_in_the_vendored_family() -> None:
    svg = words(figure_bytes(fan_chart(series(), load_text("zh"))))
    assert "Sim Sans SC" in svg
    assert ">接待游客<" in svg


def test_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    figure_bytes(fan_chart(series(), load_text("zh")))
    assert dict(matplotlib.rcParams) == before


def test_gaps_and_flat_lines_can_be_drawn() -> None:
    flat = series(factor=0.0)
    gap = Band(*(np.where(flat.time < 2024, np.nan, getattr(flat.baseline, q)) for q in Band.__annotations__))
    broken = Series("x", "空", Unit("家"), flat.time, gap, gap)
    assert figure_bytes(small_multiples([flat, broken], load_text("zh")))


def test_unknown_format_is_bad_input() -> None:
    with pytest.raises(BadInput, match="pdf, png, svg"):
        figure_bytes(fan_chart(series(), load_text("zh")), "gif")


def test_a_character_without_a_glyph_is_an_error_not_a_box() -> None:
    with pytest.raises(SimError, match="cannot show all its words"):
        figure_bytes(fan_chart(series("\U00020bb7"), load_text("zh")))


def row_of(**changes: Any) -> dict[str, Any]:
    band = {q: [1.0, 2.0] for q in ("p05", "p25", "p50", "p75", "p95")}
    row = {"chart": "c", "series": "s", "zh": "名", "en": "name", "unit": {"zh": "家", "en": "firms"}}
    return row | {"time": [2020, 2021], "baseline": band, "scenario": band, "points": []} | changes


def test_a_series_is_read_from_a_record_row() -> None:
    found = series_from(
        row_of(points=[{"year": 2020, "value": 3, "kind": "observed", "fact": "F1"}]), load_text("en")
    )
    assert (found.name, found.unit) == ("Name", Unit("firms"))
    assert found.points_of("observed") == [Point(2020.0, 3.0, "observed")]
    assert found.at(2021, "scenario")["p50"] == 2.0


def test_nulls_in_a_record_become_gaps() -> None:
    band = {q: [1.0, None] for q in ("p05", "p25", "p50", "p75", "p95")}
    assert np.isnan(series_from(row_of(baseline=band), load_text("en")).baseline.p50[1])


def test_a_series_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(SimError, match=r"'s': baseline p05 has 2 values for 3 times"):
        series_from(row_of(time=[2020, 2021, 2022]), load_text("en"))


def test_a_figure_draws_the_unit_that_is_shown() -> None:
    stored = replace(series("a", "b", Point(2024, 20.0, "observed")), unit=Unit("billion yuan", -1))
    drawn = stored.drawn
    assert drawn.unit == Unit("billion yuan")
    assert drawn.points[0].value == 2.0
    assert drawn.baseline.p50[-1] == pytest.approx(4.0)
    assert drawn.drawn is drawn


def test_fonts_are_there() -> None:
    assert [path.name for path in font_files() if path.is_file()] == [
        "SimSansSC-Regular.ttf",
        "SimSansSC-Bold.ttf",
        "DejaVuSans.ttf",
        "DejaVuSans-Bold.ttf",
    ]
