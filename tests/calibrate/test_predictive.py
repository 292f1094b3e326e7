"""Predictive bands and weighted quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.likelihood import Likelihood
from sim.calibrate.predictive import inside_band, interval, predictive_band, weighted_quantiles


def test_a_band_has_the_spread_of_model_and_error_together() -> None:
    figures = np.random.default_rng(1).normal(10, 3, (4000, 1))
    low, middle, high = predictive_band(figures, np.array([4.0]))[:, 0]
    assert middle == pytest.approx(10, abs=0.3)
    assert (high - low) / 2 == pytest.approx(1.645 * 5, rel=0.04)


def test_members_that_failed_are_left_out_of_a_band() -> None:
    figures = np.array([[1.0], [np.nan], [1.0]])
    assert predictive_band(figures, np.array([1e-9]))[:, 0] == pytest.approx([1, 1, 1])


def test_a_bound_is_outside_only_where_it_forbids_the_band() -> None:
    band = np.tile([[4.0], [5.0], [6.0]], (1, 6))
    value = np.array([3.0, 3.0, 3.0, 7.0, 7.0, 7.0])
    side = np.array([0, -1, 1, 0, -1, 1], dtype=np.int8)
    likelihood = Likelihood(value, np.ones(6), side, np.ones(6, dtype=bool))
    assert inside_band(likelihood, band).tolist() == [False, True, False, False, False, True]


def test_equal_weights_give_the_quantiles_of_the_values() -> None:
    values = np.random.default_rng(2).standard_normal((3, 2001, 2))
    low, high = interval(values, np.ones((3, 2001)))
    assert low == pytest.approx(np.quantile(values, 0.05, axis=1), abs=0.01)
    assert high == pytest.approx(np.quantile(values, 0.95, axis=1), abs=0.01)


def test_weights_move_a_quantile_and_particles_without_weight_do_not_count() -> None:
    values = np.array([[[1.0], [2.0], [3.0], [np.nan]]])
    weights = np.array([[0.1, 0.1, 0.8, 0.0]])
    assert weighted_quantiles(values, weights, (0.5,))[0, 0, 0] == pytest.approx(2 + (0.5 - 0.15) / 0.45)
