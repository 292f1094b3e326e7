"""Sums, parts above wholes and implied totals; and where the rules stay silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sim.audit import Settings, audit
from sim.audit.pairings import Drift, Exceeds, Sum, Whole
from sim.spec.facts import Fact

Make = Callable[..., Fact]
Heard = Callable[..., Any]

SHARES = Sum(("a share", "b share"), total=100)
TRADE = Sum(("exports", "imports"), whole="trade")
WHOLES = (
    Whole("services", "services share", "GDP"),
    Whole("finance", "finance share", "GDP"),
    Whole("GDP", "share of prefecture", "GDP", scope="prefecture"),
)


def test_sums(fact: Make, heard: Heard, bare: Settings) -> None:
    settings = replace(bare, sums=(SHARES, TRADE))
    a, b = fact("a share", "2024", "50.4", unit="%"), fact("b share", "2024", "49.7", unit="%")
    assert heard(a, b, settings=settings) == [], "100.1 is within two roundings"
    off = fact("b share", "2024", "49.9", unit="%")
    assert heard(a, off, settings=settings) == [("sums", ("F1", "F3"))]
    parts = (fact("exports", "2024", "3.93"), fact("imports", "2024", "1.54"))
    assert heard(*parts, fact("trade", "2024", "5.47"), settings=settings) == []
    assert heard(*parts, fact("trade", "2024", "5.6"), settings=settings) == [("sums", ("F4", "F5", "F7"))]
    assert heard(*parts, fact("trade", "2023", "5.6"), settings=settings) == [], "another year"
    assert heard(parts[0], fact("trade", "2024", "9"), settings=settings) == [], "a part is missing"


def test_part_over_whole(fact: Make, heard: Heard) -> None:
    city = fact("firms", "2024", "11", unit="count", scope="city")
    assert heard(city, fact("firms", "2024", "8", unit="count")) == [("part_over_whole", ("F1", "F2"))]
    assert heard(city, fact("firms", "2024", "8", unit="count", scope="xinjiang")) == [
        ("part_over_whole", ("F1", "F3"))
    ]
    assert heard(city, fact("firms", "2024", "8", unit="count", kind="lower_bound")) == [], "more than 8"
    assert heard(city, fact("firms", "2023", "8", unit="count")) == [], "another year"
    assert heard(city, fact("firms", "2024", "8", unit="count", scope="urumqi")) == [], "beside, not above"
    shares = (fact("share", "2024", "60", unit="%", scope="city"), fact("share", "2024", "40", unit="%"))
    assert heard(*shares) == [], "shares do not add up over scopes"


def test_shares_that_imply_two_totals(fact: Make, heard: Heard, bare: Settings) -> None:
    settings = replace(bare, wholes=WHOLES)
    services = (fact("services", "2020", "563.51"), fact("services share", "2020", "40.6", unit="%"))
    good = (fact("finance", "2020", "85.41"), fact("finance share", "2020", "6.16", unit="%"))
    assert heard(*services, *good, settings=settings) == [], "1388.0 and 1386.5 meet within rounding"
    bad = (good[0], fact("finance share", "2020", "6.45", unit="%"))
    assert heard(*services, *bad, settings=settings) == [("implied_wholes", ("F3", "F5", "F1", "F2"))]
    printed = fact("GDP", "2020", "1323.7")
    assert heard(*services, printed, settings=settings) == [("share_of_level", ("F1", "F2", "F6"))]
    assert heard(*services, fact("GDP", "2020", "1388"), settings=settings) == []


def test_targets_that_imply_two_totals_and_one_that_is_past(fact: Make, bare: Settings) -> None:
    settings = replace(bare, wholes=WHOLES)
    facts = (
        fact("services", "2025", "830", kind="target"),
        fact("services share", "2025", "40", unit="%", kind="target"),
        fact("finance", "2025", "120", kind="target"),
        fact("finance share", "2025", "8", unit="%", kind="target"),
    )
    (found,) = audit(facts, settings)
    assert (found.rule, found.values["small"], found.values["large"]) == ("target_wholes", "1500", "2075")
    assert found.values["share"] == "55.3%"
    assert found.size == pytest.approx(1 - 1500 / 2075)
    city = (
        fact("GDP", "2024", "705.11", scope="city"),
        fact("share of prefecture", "2024", "28.1", unit="%", scope="city"),
    )
    past = [one for one in audit(facts + city, settings) if one.rule == "whole_overtaken"]
    assert [(one.values["small"], one.values["share"], one.values["level"]) for one in past] == [
        ("1500", "4.8%", "200.7"),
        ("2075", "33.1%", "1003.7"),
    ]
    small = (replace(city[0], value=500.0, printed="500"), city[1])
    assert [one.rule for one in audit(facts[:2] + small, settings)] == [], "1779 is below 2075"


def test_share_drift(fact: Make, heard: Heard, bare: Settings) -> None:
    drift = Drift(
        "prefecture | share | 2016", "prefecture | share | 2020",
        "prefecture | part growth | 2016-2020", "prefecture | whole growth | 2016-2020",
    )  # fmt: skip
    settings = replace(bare, drifts=(drift,))
    rates = [
        fact(f"{name} growth", "2016-2020", value, unit="%", kind="stated_rate")
        for name, value in (("part", "7.3"), ("whole", "5.9"))
    ]
    start = fact("share", "2016", "3.74", unit="%")
    moved = fact("share", "2020", "6.16", unit="%")
    assert heard(*rates, start, moved, settings=settings) == [("share_drift", ("F3", "F4", "F1", "F2"))]
    assert heard(*rates, start, fact("share", "2020", "3.94", unit="%"), settings=settings) == []


def test_a_whole_carried_back_below_its_part(fact: Make, heard: Heard, bare: Settings) -> None:
    pair = Exceeds(
        "prefecture | added | 2020",
        "prefecture | output | 2024",
        "prefecture | output growth | 2024",
        "因。",
        "Why.",
    )
    settings = replace(bare, exceeds=(pair,))
    whole = (
        fact("output", "2024", "254.27"),
        fact("output growth", "2024", "6.8", unit="%", kind="stated_rate"),
    )
    part = fact("added", "2020", "242.9", kind="derived")
    assert heard(part, *whole, settings=settings) == [("whole_carried_back", ("F3", "F1", "F2"))]
    assert heard(replace(part, value=150.0), *whole, settings=settings) == []
