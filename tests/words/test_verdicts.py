"""Verdicts on targets: which word and colour a probability gets, which targets are judged and counted."""

from __future__ import annotations

from typing import Any

import pytest

from sim import words


def kpi(**changes: Any) -> dict[str, Any]:
    row = {"id": "firms", "target": 60.0, "year": 2030, "start": ["F1"], "assessed": True}
    return row | {"baseline": {"probability_met": 0.2}, "scenario": {"probability_met": 0.7}} | changes


def run_of(*kpis: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"created": "2026-03-01T08:00:00+00:00", "kpis": list(kpis), "members": 100} | changes


@pytest.mark.parametrize(
    ("share", "key", "tone"),
    [
        (0.95, "very_likely", "good"), (0.7, "likely", "good"), (0.5, "even", "open"),
        (0.2, "unlikely", "bad"), (0.05, "very_unlikely", "bad"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("arm", ["baseline", "scenario"])
def test_the_verdict_is_that_of_the_arm_s_probability(arm: str, share: float, key: str, tone: str) -> None:
    found = words.verdict(kpi(**{arm: {"probability_met": share}}), arm)
    assert (found.key, found.tone) == (key, tone)
    assert found.text("en") == words.word("en", key)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"target": None}, "no_target"),
        ({"assessed": False}, "not_assessed"),
        ({"scenario": {"probability_met": None}}, "not_assessed"),
        ({"scenario": {}}, "not_assessed"),
    ],
)
def test_what_cannot_be_judged_is_left_open(changes: dict[str, Any], key: str) -> None:
    row = kpi(**changes)
    assert not words.assessed(row)
    found = words.verdict(row, "scenario")
    assert (found.key, found.tone) == (key, "open")


def test_an_arm_without_a_probability_is_left_open_though_the_other_has_one() -> None:
    assert words.verdict(kpi(baseline={"probability_met": None}), "baseline").key == "not_assessed"


def test_records_of_before_starting_figures_were_kept_are_judged() -> None:
    row = kpi()
    del row["assessed"], row["start"]
    assert words.assessed(row)


@pytest.mark.parametrize(("year", "over"), [(2025, True), (2026, False), (2027, False)])
def test_a_target_is_past_when_its_year_was_over(year: int, over: bool) -> None:
    assert words.past(kpi(year=year), run_of()) == over
    assert not words.past(kpi(year=year, target=None), run_of())


def test_targets_ahead_that_are_printed_as_66_percent_or_more_are_counted() -> None:
    shares = [(0.655, 0.654), (0.2, 0.66), (0.9, 0.9), (0.1, 0.65)]
    rows = [
        kpi(baseline={"probability_met": before}, scenario={"probability_met": after})
        for before, after in shares
    ]
    # The goal at current prices is the same target read otherwise.
    left_out = [kpi(year=2025), kpi(target=None), kpi(assessed=False), kpi(id="city-gdp-current")]
    record = run_of(*rows, *left_out)
    assert words.ahead(record) == rows
    assert (words.targets_likely(record, "baseline"), words.targets_likely(record, "scenario")) == (2, 2)
    rows[3]["scenario"]["probability_met"] = 0.8
    assert words.targets_likely(record, "scenario") == 3


def test_members_that_failed_are_no_sample() -> None:
    assert words.sample_size(run_of()) == 100
    assert words.sample_size(run_of(failed_members=3)) == 97
    assert words.sample_size(run_of(failed_members=100)) == 1


def test_reweighted_members_are_worth_fewer() -> None:
    assert words.sample_size(run_of(adapted={"effective": 40.5})) == 40.5
    assert words.sample_size(run_of(adapted={"effective": 140.0})) == 100
    assert words.sample_size(run_of(adapted=None)) == 100


def test_a_part_of_reweighted_members_is_worth_less_than_both() -> None:
    """200 effective ones of 1000, of which 100 run: 1/200 + 1/100 − 1/1000 is 0.014."""
    part = run_of(adapted={"effective": 200.0, "members": 1000})
    assert words.sample_size(part) == pytest.approx(1 / 0.014)
    assert words.sample_size(run_of(adapted={"effective": 60.0, "members": 100})) == pytest.approx(60)
    # Where no prior changed all count alike, and a part is worth its number.
    assert words.sample_size(run_of(adapted={"effective": 1000.0, "members": 1000})) == pytest.approx(100)


def test_targets_that_cannot_be_assessed_are_counted_as_those_that_can() -> None:
    """Over years, missing targets and the second reading of the goal are in neither count."""
    rows = [kpi(assessed=False), kpi(id="another", assessed=False)]
    neither = [kpi(year=2025, assessed=False), kpi(target=None), kpi(id="city-gdp-current", assessed=False)]
    record = run_of(kpi(), *rows, *neither)
    assert words.unassessed(record) == rows
    assert len(words.ahead(record)) == 1
