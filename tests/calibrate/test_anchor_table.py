"""Reported figures beside the posterior: when one is met, when it lies in its band."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.calibrate.anchor_table import anchor_table
from sim.ensemble import Project
from sim.spec.observations import Observation


@pytest.fixture
def one(observed: Project) -> Observation:
    return replace(observed.observations[1], value=600.0, error=3.0, discrepancy=4.0)


def table(*asked: Observation, values: np.ndarray) -> list[dict[str, object]]:
    figures = np.tile(values[:, None], (1, len(asked)))
    return list(anchor_table(asked, figures, (), np.empty((len(values), 0)), 1)["figures"])


def test_met_is_the_median_within_error_and_discrepancy(one: Observation) -> None:
    values = np.random.default_rng(0).normal(604.9, 0.5, 4000)
    (row,) = table(one, values=values)
    assert row["met"] is True
    assert row["posterior"]["p50"] == pytest.approx(604.9, abs=0.05)
    # 1.645 standard deviations of 5 on both sides, for the errors of what could have been reported.
    assert row["predictive"]["p05"] == pytest.approx(604.9 - 8.3, abs=0.4)
    (row,) = table(one, values=values + 0.3)
    assert row["met"] is False
    assert row["inside"] is True
    (row,) = table(one, values=values + 5)
    assert row["inside"] is False


def test_a_bound_is_met_by_any_value_on_its_right_side(one: Observation) -> None:
    values = np.full(400, 900.0)
    least, most = table(replace(one, side="at_least"), replace(one, side="at_most"), values=values)
    assert (least["met"], least["inside"]) == (True, True)
    assert (most["met"], most["inside"]) == (False, False)
    least, most = table(replace(one, side="at_least"), replace(one, side="at_most"), values=values - 600)
    assert (least["met"], least["inside"]) == (False, False)
    assert (most["met"], most["inside"]) == (True, True)


def test_a_figure_that_no_document_gives_is_shown_but_not_judged(one: Observation) -> None:
    asked = (one, replace(one, value=float("nan")))
    figures = np.full((50, 2), 600.0)
    found = anchor_table(asked, figures, (one,), np.full((50, 1), 700.0), 1)
    assert (found["stated"], found["met"], found["inside"]) == (2, 1, 1)
    assert [row["fitted"] for row in found["figures"]] == [False, False, True]
    unstated = found["figures"][1]
    assert (unstated["value"], unstated["met"], unstated["inside"]) == (None, None, None)
    assert unstated["posterior"]["p50"] == 600
