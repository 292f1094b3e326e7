"""Indicators worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from support.double import DoubleResult

from sim.ensemble import Project
from sim.ensemble.indicators import indicator_values, met_share, quantiles, year_by_share, year_reached

TIME = np.array([2024.0, 2025.0, 2026.0])


def test_the_year_a_level_is_reached() -> None:
    paths = np.array(
        [
            [900.0, 950.0, 1050.0],  # passed in the course of 2025, seen in the figure of 2026
            [1000.0, 1100.0, 1200.0],  # from the start
            [900.0, 1000.0, 900.0],  # just so, then lost again
            [900.0, 950.0, 999.0],  # never
            [900.0, 1100.0, 1300.0],  # seen in the figure of 2025
        ]
    )
    assert year_reached(TIME, paths, 1000).tolist() == [2026, 2024, 2025, np.inf, 2025]


def test_the_first_crossing_counts() -> None:
    assert year_reached(TIME, np.array([[0.0, 2.0, 0.5]]), 1.0).tolist() == [2025]


def test_between_two_years_nothing_is_published() -> None:
    time = np.array([2024.0, 2024.5, 2025.0, 2025.5, 2026.0])
    assert year_reached(time, np.array([[0.0, 2.0, 0.5, 0.5, 3.0]]), 1.0).tolist() == [2026]


def test_the_year_of_a_share_of_members_agrees_with_the_printed_probability() -> None:
    reached = np.array([2030.0] * 50 + [2034.0] * 448 + [2035.0] * 450 + [np.inf] * 52)  # 94.8 % by 2035
    assert [year_by_share(reached, share) for share in (0.05, 0.5, 0.95, 0.96)] == [2030, 2034, 2035, None]


def test_nan_never_reaches() -> None:
    assert year_reached(TIME, np.full((1, 3), np.nan), 1.0).tolist() == [np.inf]


def test_quantiles_lie_between_order_statistics() -> None:
    values = np.array([[3.0, 1.0, 2.0, 5.0, 4.0], [10.0, 10.0, 10.0, 10.0, 20.0]])
    expected = [[1.0, 10.0], [1.2, 10.0], [3.0, 10.0], [5.0, 20.0]]
    np.testing.assert_allclose(quantiles(values, (0.0, 0.05, 0.5, 1.0)), expected)


@given(some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=40), some.floats(0, 1))
def test_quantiles_agree_with_numpy(values: list[float], probability: float) -> None:
    assert quantiles(values, (probability,))[0] == pytest.approx(np.quantile(values, probability), abs=1e-6)


def test_a_quantile_on_never_is_infinite_and_others_are_not() -> None:
    found = quantiles([2030.0, 2032.0, np.inf, np.inf, np.inf], (0.0, 0.25, 0.3, 0.5, 1.0))
    assert found.tolist() == [2030.0, 2032.0, np.inf, np.inf, np.inf]


def test_quantiles_of_counts_are_the_least_that_their_share_does_not_exceed() -> None:
    twenty = np.arange(20.0, 0.0, -1.0)
    assert quantiles(twenty, (0.0, 0.05, 0.06, 0.5, 0.95, 1.0), whole=True).tolist() == [1, 1, 2, 10, 19, 20]
    assert quantiles([0.0, 3.0, 1.0], (0.05, 0.5, 0.95), whole=True).tolist() == [0, 1, 3]


def test_an_indicator_is_its_variable_in_its_year_times_its_scale(project: Project) -> None:
    result = DoubleResult(
        TIME,
        {
            "output": np.array(
                [[[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]], [[3.0, 30.0], [5.0, 50.0], [7.0, 70.0]]]
            ),
            "output current": np.array(
                [[[0.0, 0.0], [0.0, 0.0], [8.0, 0.0]], [[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]]
            ),
        },
        {},
    )
    years = (2025, 2024, 2026, 2026)
    kpis = [replace(kpi, year=year) for kpi, year in zip(project.kpis, years, strict=True)]
    kpis[3] = replace(kpis[3], scale=0.5)  # the rest of the region; the others are the city's
    found = indicator_values(project.spec, result, kpis)
    assert found.tolist() == [[2.0, 1.0, 8.0, 20.0], [5.0, 3.0, 9.0, 35.0]]


def test_one_member() -> None:
    assert quantiles([7.0], (0.05, 0.5, 0.95)).tolist() == [7.0, 7.0, 7.0]


@pytest.mark.parametrize(
    ("direction", "target", "expected"),
    [
        ("reach", 2.0, 0.75),
        ("below", 2.0, 0.5),
        ("none", None, None),
        ("none", 2.0, None),
        ("reach", None, None),
    ],
)
def test_the_share_that_meets_a_target(direction: str, target: float | None, expected: float | None) -> None:
    assert met_share(np.array([1.0, 2.0, 3.0, 4.0]), direction, target) == expected
