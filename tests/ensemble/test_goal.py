"""The goal's part of a record, worked out by hand for five members of which one failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.ensemble import Paired, Project
from sim.ensemble.goal import goal_of, plain, summary

NEVER = np.inf


@pytest.fixture
def paired() -> Paired:
    """The goal of the tiny region is 1000 in 2035; its columns are 1 (constant prices) and 2 (current)."""
    constant = [[900.0, 1000.0, 1100.0, 990.0, 5000.0], [1001.0, 1000.0, 1200.0, 990.0, 9000.0]]
    current = [[1000.0, 1200.0, 1300.0, 999.0, 5000.0], [1100.0, 1300.0, 1500.0, 1000.0, 9000.0]]
    nothing = np.zeros((2, 5))
    return Paired(
        time=np.array([2034.0, 2035.0]),
        indicators=np.stack([nothing, constant, current, nothing], axis=2),
        reached=np.array([[NEVER, 2035.0, 2030.0, NEVER, 2021.0], [2035.0, 2034.0, 2031.0, NEVER, 2021.0]]),
        series=np.empty((0, 2, 2, 5), dtype=np.float32),
        kept=np.array([True, True, True, True, False]),
        funding=np.empty((0, 2, 2, 5), dtype=np.float32),
    )


def test_each_arm_has_its_chances_their_errors_and_its_years(project: Project, paired: Paired) -> None:
    found = goal_of(project, paired, 4)
    assert (found["target"], found["year"]) == (1000, 2035)
    # Two and three of four members reach it: √(p(1−p)/4) is 0.25 and 0.2165.
    assert found["baseline"] == {
        "probability_constant": 0.5, "probability_current": 0.75,
        "sampling_error_constant": 0.25, "sampling_error_current": pytest.approx(0.2165064),
        "year_reached": {"p05": 2030, "p50": 2035, "p95": None},
    }  # fmt: skip
    # All four reach it at current prices: p is then taken half a member away from 1, 0.875.
    assert found["scenario"] == {
        "probability_constant": 0.75, "probability_current": 1.0,
        "sampling_error_constant": pytest.approx(0.2165064),
        "sampling_error_current": pytest.approx(0.1653595),
        "year_reached": {"p05": 2031, "p50": 2034, "p95": None},
    }  # fmt: skip


def test_effect_and_change_are_paired_member_by_member(project: Project, paired: Paired) -> None:
    found = goal_of(project, paired, 4)
    # The changes are 101, 0, 100 and 0: the 95 % quantile lies 0.85 of the way from 100 to 101.
    assert found["effect"] == {"p05": 0.0, "p50": 50.0, "p95": pytest.approx(100.85)}
    # One member of four is won at either price basis: √(1/4 · 3/4 / 4).
    assert found["change"] == {
        "probability_constant": 0.25, "probability_current": 0.25,
        "sampling_error_constant": pytest.approx(0.2165064),
        "sampling_error_current": pytest.approx(0.2165064),
    }  # fmt: skip


def test_a_scenario_can_lose_what_the_baseline_wins(project: Project, paired: Paired) -> None:
    paired.indicators[1, 1:3, 1] = 0.0
    found = goal_of(project, paired, 4)
    assert found["change"]["probability_constant"] == -0.25
    # One won, two lost, one as before: the variance of 1, −1, −1, 0 is 11/16.
    assert found["change"]["sampling_error_constant"] == pytest.approx(np.sqrt(11 / 16 / 4))


def test_a_goal_of_nothing_is_met_by_nothing_and_more(project: Project, paired: Paired) -> None:
    kpis = list(project.kpis)
    kpis[1] = replace(kpis[1], target=0.0)
    paired.indicators[0, :4, 1] = [-0.5, 0.0, 0.5, 2.0]
    found = goal_of(replace(project, kpis=tuple(kpis)), paired, 4)
    assert found["baseline"]["probability_constant"] == 0.75


def test_a_change_that_no_member_shows_is_not_certain(project: Project, paired: Paired) -> None:
    paired.indicators[1, :, 1] = paired.indicators[0, :, 1] + 1.0
    change = goal_of(project, paired, 4)["change"]
    # None of four changes sides: half a member is taken to, √(1/8 · 7/8 / 4).
    assert (change["probability_constant"], change["sampling_error_constant"]) == (
        0.0, pytest.approx(0.1653595),
    )  # fmt: skip
    # Where both arms are one there is nothing to err in.
    paired.indicators[1] = paired.indicators[0]
    assert goal_of(project, paired, 4)["change"]["sampling_error_constant"] == 0.0


def test_members_worth_fewer_have_larger_errors(project: Project, paired: Paired) -> None:
    found = goal_of(project, paired, 1)
    assert found["baseline"]["sampling_error_constant"] == 0.5
    assert found["change"]["sampling_error_constant"] == pytest.approx(0.4330127)


def test_quantiles_of_counts_are_whole() -> None:
    values = np.array([3.0, 0.0, 1.0, 2.0])
    assert summary(values, whole=True) == {"p05": 0.0, "p50": 1.0, "p95": 3.0}
    assert summary(values) == {"p05": pytest.approx(0.15), "p50": 1.5, "p95": pytest.approx(2.85)}


def test_seven_digits_are_kept_and_what_is_no_number_is_null() -> None:
    assert [plain(one) for one in (1.23456789, 123456789.0, 0.0, np.nan, np.inf, -np.inf)] == [
        1.234568, 123456800.0, 0.0, None, None, None,
    ]  # fmt: skip
