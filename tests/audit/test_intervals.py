"""What a printed figure leaves open, and the arithmetic of intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from sim.audit.intervals import Interval, growth, interval_of, scale, unit_base
from sim.spec.facts import Fact

Make = Callable[..., Fact]


@pytest.mark.parametrize(
    ("printed", "more", "low", "high"),
    [
        ("40.6", {"unit": "%"}, 40.55, 40.65),
        ("190.40", {}, 190.395, 190.405),
        ("350", {}, 349.5, 350.5),
        ("1.2e3", {}, 1150, 1250),
        ("11", {"unit": "count"}, 11, 11),
        ("10", {"unit": "count/yr"}, 10, 10),
        ("3.5", {"unit": "1e4 persons"}, 3.45, 3.55),
        ("600", {"kind": "lower_bound", "unit": "count"}, 600, math.inf),
        ("100", {"kind": "upper_bound"}, -math.inf, 100),
        ("180", {"kind": "approximate"}, 171, 189),
    ],
)
def test_rounding_and_bounds(fact: Make, printed: str, more: dict[str, str], low: float, high: float) -> None:
    found = interval_of(fact("x", "2024", printed, **more))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_fact_made_without_its_print_is_read_from_its_value(fact: Make) -> None:
    assert interval_of(fact("x", "2024", "7", printed="", unit="%")) == Interval(6.5, 7.5)


def test_touching_intervals_are_not_apart() -> None:
    assert not Interval(1, 2).apart(Interval(2, 3))
    assert Interval(1, 2).apart(Interval(2.001, 3))
    assert not Interval(0.1 + 0.2, 0.3).apart(Interval(0.3, 0.3))


def test_growth_is_widest_between_opposite_ends() -> None:
    found = growth(Interval(100, 110), Interval(121, 133.1), 2)
    assert (found.low, found.high) == pytest.approx(
        (100 * (math.sqrt(1.1) - 1), 100 * (math.sqrt(1.331) - 1))
    )
    assert growth(Interval(100, 100), Interval(121, math.inf), 2).high == math.inf


def test_units(fact: Make) -> None:
    one = fact("x", "2024", "1", unit="1e8 t km")
    assert (scale(one), unit_base(one)) == (1e8, "t km")
    assert (scale(fact("x", "2024", "1", unit="t km")), unit_base(fact("x", "2024", "1", unit="t km"))) == (
        1.0,
        "t km",
    )
