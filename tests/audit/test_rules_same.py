"""One quantity in two places: values, dates, definitions, forecasts; and where the rules stay silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sim.audit import Settings, audit
from sim.audit.pairings import Excused, Forecast, Judged, Renamed, Same
from sim.spec.facts import Fact

Make = Callable[..., Fact]
Heard = Callable[..., Any]


def test_two_values_in_one_document_and_in_two(fact: Make, heard: Heard) -> None:
    table, text = (
        fact("robots", "2027", "20", unit="%", kind="target"),
        fact("robots (text)", "2027", "40", unit="%", kind="target"),
    )
    other = fact("robots", "2027", "30", unit="%", kind="target", source="S2")
    assert heard(table, text) == [("text_table", ("F1", "F2"))]
    assert heard(table, other) == [("two_sources", ("F1", "F3"))]


def test_two_values_are_silent(fact: Make, heard: Heard) -> None:
    one = fact("GDP", "2024", "705.11")
    assert heard(one, fact("GDP", "2024", "705.1")) == [], "rounded"
    assert heard(one, fact("GDP", "2024", "700", kind="lower_bound")) == [], "more than 700"
    assert heard(one, fact("GDP", "2023", "600")) == [], "another year"
    assert heard(one, fact("GDP", "2024", "600", unit="1e8 USD")) == [], "another unit"
    assert heard(one, fact("GDP", "2024", "600", kind="derived")) == [], "only worked out"
    assert heard(one, fact("GDP", "2024", "600", scope="xinjiang")) != [], "a part above its whole"
    assert heard(one, fact("GDP (text mode)", "2024", "600")) == [], "another name"


def test_a_target_that_text_and_table_date_differently(fact: Make, heard: Heard) -> None:
    text = fact("bases (text)", "2027", "1", unit="count", kind="target")
    table = fact("bases", "2030", "1", unit="count", kind="target")
    assert heard(text, table) == [("two_dates", ("F1", "F2"))]
    agreed = fact("bases", "2027", "1", unit="count", kind="target")
    assert heard(text, table, agreed) == [], "the table has the earlier year too"
    assert heard(fact("hubs", "2027", "1", kind="target"), fact("hubs", "2030", "1", kind="target")) == []


def test_a_target_that_a_later_plan_puts_off(fact: Make, heard: Heard) -> None:
    early = fact("firms", "2025", "10", unit="count", kind="target")
    late = fact("firms", "2027", "10", unit="count", kind="target", source="S2")
    assert heard(early, late) == [("put_off", ("F1", "F2"))]
    more = fact("firms", "2027", "12", unit="count", kind="target", source="S2")
    assert heard(early, more) == []


def test_what_is_declared_to_be_one_quantity(fact: Make, heard: Heard, bare: Settings) -> None:
    same = Same(("prefecture | on grid | 2024-12", "prefecture | capacity | 2024"), "differing_definition")
    settings = replace(bare, same=(same,))
    one = fact("on grid", "2024-12", "983.6", unit="1e4 kW")
    more = fact("capacity", "2024", "1400", unit="1e4 kW", kind="lower_bound")
    assert heard(one, more, settings=settings) == [("one_quantity", ("F1", "F2"))]
    assert heard(one, fact("capacity", "2024", "900", kind="lower_bound"), settings=settings) == []
    assert heard(one, settings=settings) == [], "the other fact is not there"


def test_a_series_that_is_none(fact: Make, bare: Settings) -> None:
    pair = Renamed("prefecture | stores | 2020", "prefecture | all stores | 2024", "因。", "Because.")
    facts = (fact("stores", "2020", "739", unit="count"), fact("all stores", "2024", "2830", unit="count"))
    (found,) = audit(facts, replace(bare, renamed=(pair,)))
    assert (found.rule, found.values["change"], found.note["en"]) == ("renamed", "+283%", "Because.")


def test_forecasts_and_targets_of_a_year_that_is_over(fact: Make, heard: Heard, bare: Settings) -> None:
    target = fact("visits", "2024", "100", unit="1e4 visits", kind="target")
    assert heard(target, fact("visits", "2024", "90", unit="1e4 visits")) == [
        ("missed_forecast", ("F1", "F2"))
    ]
    assert heard(target, fact("visits", "2024", "110", unit="1e4 visits")) == []
    cap = fact("cost", "2024", "14", unit="%", kind="target_max")
    assert heard(cap, fact("cost", "2024", "15", unit="%")) == [("missed_forecast", ("F4", "F5"))]
    assert heard(cap, fact("cost", "2024", "13", unit="%")) == []
    pair = Forecast("prefecture | to come | 2024", "prefecture | came | 2024")
    facts = (
        fact("to come", "2024", "1500", kind="forecast"),
        fact("came", "2024", "1400", kind="lower_bound"),
    )
    assert heard(*facts, settings=replace(bare, forecasts=(pair,))) == [("missed_forecast", ("F7", "F8"))]


def test_judged_and_excused(fact: Make, bare: Settings) -> None:
    facts = (fact("firms", "2024", "590", source="S3"), fact("firms", "2024", "600", source="S5"))
    judged = Judged("two_sources", "prefecture | firms | 2024 | S3", "older_vintage", "早。", "Early.")
    (found,) = audit(facts, replace(bare, judged=(judged,)))
    assert (found.kind, found.note) == ("older_vintage", {"zh": "早。", "en": "Early."})
    excused = Excused("two_sources", "prefecture | firms | 2024 | S5", "known")
    assert audit(facts, replace(bare, excused=(excused,))) == ()
    assert len(audit(facts, replace(bare, excused=(excused._replace(rule="sums"),)))) == 1
