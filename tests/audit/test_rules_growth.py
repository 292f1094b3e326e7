"""Growth: stated, implied and needed; rows and ratios of targets; and where the rules stay silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sim.audit import Settings, audit
from sim.audit.pairings import Falling, Growth, Intensity, Pace, Rows
from sim.spec.facts import Fact

Make = Callable[..., Fact]
Heard = Callable[..., Any]


def rate(fact: Make, name: str, period: str, value: str, **more: Any) -> Fact:
    """Return a stated growth rate."""
    return fact(name, period, value, **({"unit": "%", "kind": "stated_rate"} | more))


def test_a_stated_rate_against_its_levels(fact: Make, heard: Heard) -> None:
    levels = (fact("firms", "2020", "200", unit="count"), fact("firms", "2024", "292", unit="count"))
    assert heard(*levels, rate(fact, "firms growth", "2021-2024", "9.9")) == [], "292.8 within rounding"
    assert heard(*levels, rate(fact, "firms growth", "2021-2024", "12")) == [
        ("stated_rates", ("F1", "F2", "F4"))
    ]
    assert heard(*levels, rate(fact, "firms growth", "2020-2024", "12")) == [
        ("stated_rates", ("F1", "F2", "F5"))
    ]
    assert heard(*levels, rate(fact, "firms growth", "2024M1-M10", "12")) == [], "not whole years"
    assert heard(*levels, rate(fact, "firms growth", "2022-2024", "12")) == [], "no level at its start"


def test_prices_may_explain_some_of_a_gap_in_money(fact: Make, heard: Heard, bare: Settings) -> None:
    levels = (fact("output", "2023", "100.0"), fact("output", "2024", "110.0"))
    assert heard(*levels, rate(fact, "output growth", "2024", "5.0")) == []
    assert heard(*levels, rate(fact, "output growth", "2024", "3.0")) == [
        ("stated_rates_money", ("F1", "F2", "F4"))
    ]
    current = replace(bare, growth=(Growth("output", "output growth", current=True),))
    both_current = rate(fact, "output growth", "2024", "5.0")
    assert heard(*levels, both_current, settings=current) == [("stated_rates", ("F1", "F2", "F5"))]


def test_a_target_rate_against_a_target_level(fact: Make, heard: Heard, bare: Settings) -> None:
    settings = replace(bare, growth=(Growth("sales", "retail growth", current=True),))
    base, goal = fact("sales", "2020", "224.27"), fact("sales", "2025", "350", kind="target")
    slow = rate(fact, "retail growth", "2021-2025", "6.5", kind="target")
    assert heard(base, goal, slow, settings=settings) == [("target_rates", ("F1", "F2", "F3"))]
    fast = rate(fact, "retail growth", "2021-2025", "9.3", kind="target")
    assert heard(base, goal, fast, settings=settings) == []


def test_two_levels_apart_from_the_stated_pace(fact: Make, heard: Heard, bare: Settings) -> None:
    entry = Pace("prefecture | GDP | 2020", "prefecture | GDP | 2024", "prefecture | growth 2024 | 2024")
    settings = replace(bare, paces=(entry,))
    start, stated = fact("GDP", "2020", "1388"), rate(fact, "growth 2024", "2024", "7.8")
    assert heard(start, fact("GDP", "2024", "2509.3"), stated, settings=settings) == [
        ("pace", ("F1", "F3", "F2"))
    ]
    assert heard(start, fact("GDP", "2024", "1900"), stated, settings=settings) == []


def test_the_pace_that_a_target_needs(fact: Make, heard: Heard) -> None:
    base = fact("visits", "2024", "5138", unit="1e4 visits")
    stated = rate(fact, "visits growth", "2024", "14")
    far = fact("visits", "2025", "10000", unit="1e4 visits", kind="target")
    assert heard(base, stated, far) == [("too_fast", ("F1", "F3", "F2"))]
    near = fact("visits", "2025", "6000", unit="1e4 visits", kind="target")
    assert heard(base, stated, near) == []
    easy = fact("visits", "2035", "7000", unit="1e4 visits", kind="target")
    assert heard(base, stated, easy) == [("too_slow", ("F1", "F5", "F2"))]
    assert heard(base, far, easy) == [], "only the last target of a document is judged, and it is not steep"


def test_steep_targets(fact: Make, heard: Heard) -> None:
    base = fact("parcels", "2024", "2066", unit="1e4 items")
    assert heard(base, fact("parcels", "2030", "8000", unit="1e4 items", kind="target")) == [
        ("steep", ("F1", "F2"))
    ]
    assert heard(base, fact("parcels", "2030", "5000", unit="1e4 items", kind="target")) == [], "16 %"
    few = fact("hubs", "2024", "1", unit="count")
    assert heard(few, fact("hubs", "2027", "3", unit="count", kind="target")) == [], "a few things"
    share = fact("share", "2024", "10", unit="%")
    assert heard(share, fact("share", "2026", "90", unit="%", kind="target")) == [], "a share"


def test_rows_that_leave_no_room(fact: Make, bare: Settings) -> None:
    settings = replace(bare, rows=(Rows("revenue", "GDP", "services share"),))
    share = fact("services share", "2024", "49.4", unit="%")
    targets = [
        fact(name, year, value, kind="target")
        for name, year, value in (
            ("revenue", "2030", "360"), ("revenue", "2035", "600"),
            ("GDP", "2030", "850"), ("GDP", "2035", "1000"),
        )
    ]  # fmt: skip
    (found,) = audit([share, *targets], settings)
    assert (found.rule, found.values["part"], found.values["whole"]) == ("rows_apart", "10.8", "3.3")
    assert found.values["rest"] == "-3.97"
    modest = replace(targets[1], value=430.0)
    assert audit([share, targets[0], modest, *targets[2:]], settings) == ()
    assert audit([share, *targets[:3]], settings) == ()


def test_a_ratio_that_falls(fact: Make, heard: Heard, bare: Settings) -> None:
    settings = replace(bare, falling=(Falling("added", "output", "因。", "Why."),))
    targets = [
        fact(name, year, value, kind="target")
        for name, year, value in (
            ("added", "2030", "82"), ("output", "2030", "360"),
            ("added", "2035", "120"), ("output", "2035", "540"),
        )
    ]  # fmt: skip
    assert heard(*targets, settings=settings) == [("falling_ratio", ("F1", "F2", "F3", "F4"))]
    rounded = replace(targets[2], value=122.0, printed="122")
    assert heard(*targets[:2], rounded, targets[3], settings=settings) == [], "within rounding"


def test_spending_that_two_targets_imply(fact: Make, bare: Settings) -> None:
    settings = replace(bare, intensities=(Intensity("revenue", "visits", "元", "CNY", "每人次", "spending"),))
    base = (fact("revenue", "2024", "357.9"), fact("visits", "2024", "5138.45", unit="1e4 visits"))
    goal = (
        fact("revenue", "2025", "520", kind="target"),
        fact("visits", "2025", "5200", unit="1e4 visits", kind="target"),
    )
    (found,) = audit(base + goal, settings)
    assert (found.rule, found.values["wanted"], found.values["fact"]) == ("spending", "1000", "696.5")
    assert found.size == pytest.approx(1 - 0.6965, abs=1e-3)
    near = replace(goal[1], value=7000.0)
    assert audit((*base, goal[0], near), settings) == ()
