"""What purses are asked for and pay, worked out by hand; the tiny region has no lever money of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.ensemble import LeverUse, Project, Scenario, draw_members, run_paired, run_scenario, short_record
from sim.ensemble.funding import funding_record, run_years
from sim.spec.funding import Purse
from sim.spec.references import parse_reference

HEADQUARTERS = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))
TIME = np.arange(2024.0, 2028.5, 0.5)
YEARS = [2024, 2025, 2026, 2027, 2028]


def purse(name: str, asked: str = "output[rest]", paid: str = "output[city]", scale: float = 1.0) -> Purse:
    return Purse(name, "市级", "City", parse_reference(asked), parse_reference(paid), scale, "亿元", "CNY", 2)


def paths(asked: list[float], paid: list[list[float]]) -> np.ndarray:
    """Return (1, 2, years, members): all members ask alike, each is paid its own."""
    members = np.array(paid, dtype=np.float32).T
    wanted = np.broadcast_to(np.array(asked, dtype=np.float32)[:, None], members.shape)
    return np.stack([wanted, members])[None]


def test_bands_by_year_in_total_and_the_worst_year() -> None:
    paid = [[0, 0, 10, 10, 15], [0, 0, 8, 6, 12], [0, 0, 6, 8, 9]]
    (row,) = funding_record([purse("city")], TIME, paths([0, 0, 10, 20, 20], paid))
    assert run_years(TIME) == YEARS
    assert row["years"] == [2026, 2027, 2028]
    assert row["asked"]["p50"] == [10, 20, 20]
    assert row["paid"]["p50"] == [8, 8, 12]
    assert row["unpaid"]["p50"] == [2, 12, 8]
    assert row["share"]["p50"] == [0.8, 0.4, 0.6]
    assert row["worst"] == 2027
    assert row["total"]["asked"]["p50"] == 50
    assert row["total"]["paid"]["p50"] == 26
    assert row["total"]["unpaid"] == {"p05": pytest.approx(15.9), "p50": 24, "p95": pytest.approx(26.7)}
    assert row["total"]["share"]["p50"] == 0.52
    assert (row["id"], row["zh"], row["unit"]) == ("city", "市级", {"zh": "亿元", "en": "CNY"})
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_a_purse_that_nothing_is_asked_of_is_left_out() -> None:
    assert funding_record([purse("city")], TIME, paths([0] * 5, [[0] * 5] * 3)) == []


def test_a_year_that_is_asked_for_and_not_paid_counts_and_more_than_asked_is_not_unpaid() -> None:
    (row,) = funding_record([purse("city")], TIME, paths([0, 10, 10, 10, 10], [[0, 0, 9.75, 10, 12]]))
    assert row["years"] == [2025, 2026, 2027, 2028]
    assert row["unpaid"]["p50"] == [10, 0.25, 0, 0]
    assert row["share"]["p50"] == [0, 0.975, 1, 1.2]


def test_a_member_that_asks_for_nothing_in_a_year_has_no_share() -> None:
    one = paths([0, 0, 10, 0, 20], [[0, 0, 5, 0, 5]])
    (row,) = funding_record([purse("city")], TIME, one)
    assert row["share"]["p50"] == [0.5, None, 0.25]
    assert row["worst"] == 2028


def test_the_record_has_the_scenario_s_money(project: Project) -> None:
    funded = replace(project, purses=(purse("city"), purse("twice", scale=2.0)))
    assert set(funded.outputs) == set(project.outputs)
    run = run_scenario(HEADQUARTERS, members=50, project=funded)
    city, twice = run.record["funding"]
    series = {one["series"]: one for one in run.record["series"]}
    # The series of the chart is the same output, in the same years.
    assert city["paid"]["p50"] == pytest.approx(series["city"]["scenario"]["p50"], rel=1e-5)
    assert twice["paid"]["p50"] == pytest.approx([2 * value for value in city["paid"]["p50"]], rel=1e-5)
    assert short_record(run.record)["funding"][0]["unit"] == "CNY"
    assert list(short_record(run.record))[-1] == "funding"


def test_members_that_failed_and_blocks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    funded = replace(project, purses=(purse("city"),))
    members = draw_members(funded, 30, 1)
    whole = run_paired(funded, members, Scenario(), HEADQUARTERS)
    assert whole.funding.shape == (1, 2, 16, 30)
    monkeypatch.setattr("sim.ensemble.paired.BLOCK", 7)
    np.testing.assert_array_equal(
        run_paired(funded, members, Scenario(), HEADQUARTERS).funding, whole.funding
    )
    monkeypatch.setattr("sim.ensemble.paired.MOST_IN_BANDS", 14)
    assert run_paired(funded, members, Scenario(), HEADQUARTERS).funding.shape[-1] == 14


def test_a_model_without_purses_says_nothing_of_money(project: Project, region: Path) -> None:
    assert not (region / "model" / "funding.csv").exists()
    assert project.purses == ()
    run = run_scenario(HEADQUARTERS, members=5, project=project)
    assert "funding" not in run.record
    assert "funding" not in short_record(run.record)
