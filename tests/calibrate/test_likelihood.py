"""Distances in standard deviations, bounds, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.likelihood import Likelihood, make_likelihood
from sim.ensemble import Project


@pytest.fixture
def three() -> Likelihood:
    """Return a figure, an at-least bound and an at-most bound, all 10 +- 2."""
    side = np.array([0, -1, 1], dtype=np.int8)
    return Likelihood(np.full(3, 10.0), np.full(3, 2.0), side, np.ones(3, dtype=bool))


def test_a_bound_counts_on_its_wrong_side_only(three: Likelihood) -> None:
    figures = np.array([[14.0, 14.0, 14.0], [6.0, 6.0, 6.0]])
    np.testing.assert_array_equal(three.distances(figures), [[2, 0, 2], [-2, -2, 0]])
    np.testing.assert_array_equal(three.implausibility(figures), [2, 2])
    np.testing.assert_array_equal(three.log(figures), [-4, -4])


def test_what_did_not_run_is_impossible(three: Likelihood) -> None:
    figures = np.array([[10.0, np.nan, 10.0]])
    assert three.implausibility(figures)[0] == np.inf
    assert three.log(figures)[0] == -np.inf


def test_an_observation_left_out_costs_nothing(three: Likelihood) -> None:
    part = three.only(np.array([False, True, True]))
    assert part.log(np.array([[100.0, 12.0, 8.0]]))[0] == 0


def test_other_figures_have_the_same_errors(three: Likelihood) -> None:
    other = three.of(np.array([20.0, 20.0, 20.0]))
    assert other.distances(np.array([[16.0, 16.0, 16.0]])).tolist() == [[-2, -2, 0]]


def test_errors_and_discrepancy_add_in_squares(observed: Project) -> None:
    likelihood = make_likelihood(observed.observations)
    assert likelihood.deviation[1] == pytest.approx(5)
