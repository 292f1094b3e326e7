"""Intervals in charts, read back from what is drawn: both ends, the dot, the order of rows."""

from __future__ import annotations

import pytest
from support.charts import axes_of, drawn_intervals

from sim.figures import Interval, load_text, paired_intervals, tornado

TEXT = load_text("en")


def test_an_interval_is_drawn_from_its_low_to_its_high_end_with_a_dot_at_its_median() -> None:
    baseline = [Interval("a", 50.0, 75.0, 90.0), Interval("b", 10.0, 20.0, 30.0)]
    scenario = [Interval("a", 60.0, 80.0, 95.0), Interval("b", 12.0, 22.0, 32.0)]
    figure = paired_intervals(baseline, scenario, "%", TEXT, reference=(100.0, "Target"))
    found = drawn_intervals(figure)
    assert [one[1:] for one in found] == [
        (50.0, 90.0, 75.0, False), (10.0, 30.0, 20.0, False),
        (60.0, 95.0, 80.0, False), (12.0, 32.0, 22.0, False),
    ]  # fmt: skip
    # Each pair stands at its row, the baseline above: heights grow downwards.
    places = [one.place for one in found]
    assert [round(place) for place in places] == [0, 1, 0, 1]
    assert places[0] < places[2]
    bottom, top = axes_of(figure).get_ylim()
    assert bottom > top
    assert [label.get_text() for label in axes_of(figure).get_yticklabels()] == ["a", "b"]
    assert [line.get_xdata() for line in axes_of(figure).lines][-1] == [100.0, 100.0]


def test_what_lies_beyond_the_limit_ends_in_an_arrow() -> None:
    rows = [
        Interval("far", 50.0, 90.0, 400.0),
        Interval("out", 210.0, 250.0, 300.0),
        Interval("at", 1.0, 200.0, 200.0),
    ]
    figure = paired_intervals(rows, [], "%", TEXT, limit=200.0)
    assert [one[1:] for one in drawn_intervals(figure)] == [
        (50.0, 200.0, 90.0, True), (200.0, 200.0, None, True), (1.0, 200.0, 200.0, False),
    ]  # fmt: skip
    assert axes_of(figure).get_xlim()[1] == 200.0


def test_a_tornado_has_a_bar_and_its_interval_for_each_input_the_strongest_on_top() -> None:
    rows = [
        Interval("weak", 0.1, 0.2, 0.3),
        Interval("strong", -0.8, -0.7, -0.6),
        Interval("none", -0.05, 0.0, 0.05),
    ]
    figure = tornado(rows, "r", "t", TEXT)
    axes = axes_of(figure)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["strong", "weak", "none"]
    bars = [(bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in axes.patches]  # type: ignore[attr-defined]
    assert bars == [(-0.7, pytest.approx(0)), (0.2, pytest.approx(1)), (0.0, pytest.approx(2))]
    assert [(one.place, one.low, one.high) for one in drawn_intervals(figure)] == [
        (0, -0.8, -0.6), (1, 0.1, 0.3), (2, -0.05, 0.05),
    ]  # fmt: skip
    bottom, top = axes.get_ylim()
    assert bottom > top
