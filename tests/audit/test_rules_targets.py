"""Targets that are met already and ratios without sense; and where the rules stay silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sim.audit import Settings, audit
from sim.audit.pairings import Bounded
from sim.spec.facts import Fact

Make = Callable[..., Fact]
Heard = Callable[..., Any]


def test_a_target_that_is_met(fact: Make, heard: Heard) -> None:
    target = fact("parks", "2027", "1", unit="count", kind="target")
    assert heard(target, fact("parks", "2024", "1", unit="count")) == [("met_already", ("F1", "F2"))]
    assert heard(target, fact("parks", "2024", "0", unit="count")) == []
    assert heard(target, fact("parks", "2028", "2", unit="count")) == [], "after its year"
    cap = fact("loss", "2027", "5", unit="%", kind="target_max")
    assert heard(cap, fact("loss", "2024", "4", unit="%")) == [("met_already", ("F5", "F6"))]
    assert heard(cap, fact("loss", "2024", "6", unit="%")) == []


def test_one_year_of_growth_meets_no_target_for_the_mean(fact: Make, heard: Heard) -> None:
    target = fact("sales growth", "2021-2025", "10", unit="%", kind="target")
    assert heard(target, fact("sales growth", "2024", "15", unit="%", kind="lower_bound")) == []


def test_a_target_met_by_a_part_alone(fact: Make, heard: Heard) -> None:
    part = fact("firms", "2024", "11", unit="count", scope="city")
    target = fact("firms", "2027", "10", unit="count", kind="target")
    high = fact("firms", "2030", "15", unit="count", kind="target")
    assert heard(part, target, high) == [("met_by_part", ("F1", "F2"))]
    assert heard(replace(part, value=9.0), target, high) == []
    assert heard(part, replace(target, period="2020")) == [], "before the fact"


def test_ratios_out_of_bounds(fact: Make, bare: Settings) -> None:
    entry = Bounded(
        "prefecture | turnover | 2030", ("prefecture | rail | 2030", "prefecture | road | 2030"),
        "公里", "km", "因。", "Why.", low=100, high=1000,
    )  # fmt: skip
    settings = replace(bare, bounded=(entry,))
    freight = (fact("rail", "2030", "2.1", unit="1e8 t"), fact("road", "2030", "2", unit="1e8 t"))
    (found,) = audit((*freight, fact("turnover", "2030", "250", unit="1e8 t km")), settings)
    assert (found.ids, found.values["ratio"], found.values["sign"]) == (("F3", "F1", "F2"), "61", "<")
    assert audit((*freight, fact("turnover", "2030", "600", unit="1e8 t km")), settings) == ()
    (long,) = audit((*freight, fact("turnover", "2030", "6000", unit="1e8 t km")), settings)
    assert (long.values["limit"], long.values["sign"]) == ("1000", ">")
    assert audit((fact("turnover", "2030", "250", unit="1e8 t km"),), settings) == ()
