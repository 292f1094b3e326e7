"""Coordinates, draws and what the model says of the observed years."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.forward import draws_of, joined, make_forward, prior_points
from sim.ensemble import Project
from sim.ensemble.sampling import prior_draws


def test_the_middle_of_the_coordinates_is_the_middle_of_each_prior(observed: Project) -> None:
    draws = draws_of(observed, np.zeros((1, len(observed.sampled))))[0]
    for prior, value in zip(observed.sampled, draws, strict=True):
        assert prior.low < value < prior.high
    assert draws[0] == pytest.approx(0.04)  # a normal prior from 0.03 to 0.05


def test_a_point_far_out_stays_within_the_prior(observed: Project) -> None:
    draws = draws_of(observed, np.full((1, len(observed.sampled)), 40.0))
    assert np.isfinite(draws).all()


def test_points_of_the_prior_are_its_members(observed: Project) -> None:
    z = prior_points(observed, 300, 4)
    assert z.shape == (300, len(observed.sampled))
    np.testing.assert_allclose(draws_of(observed, z), prior_draws(observed.sampled, 300, 4), rtol=1e-9)


def test_figures_are_those_of_the_anchored_model(observed: Project) -> None:
    forward = make_forward(observed)
    cloud = forward(np.zeros((2, len(observed.sampled))))
    assert cloud.good.all()
    start, end = cloud.figures[0, 1], 705.0
    growth = (end / start) ** 0.25 - 1
    assert cloud.figures[0, 0] == pytest.approx(100 * growth, rel=0.01)
    np.testing.assert_array_equal(cloud.figures[0], cloud.figures[1])


def test_what_was_learnt_saves_runs_and_changes_no_figure(observed: Project) -> None:
    rng = np.random.default_rng(1)
    first = make_forward(observed)
    learnt = first.learnt(first(rng.standard_normal((200, len(observed.sampled)))))
    z = rng.standard_normal((50, len(observed.sampled)))
    runs = observed.model.model.runs if hasattr(observed.model, "model") else observed.model.runs  # type: ignore[attr-defined]
    runs.clear()
    slow, asked = first(z), sum(one["lanes"] for one in runs)
    runs.clear()
    fast, asked_then = learnt(z), sum(one["lanes"] for one in runs)
    assert asked_then < asked
    np.testing.assert_allclose(fast.figures, slow.figures, rtol=2e-3)


def test_a_point_that_cannot_run_has_no_figures(observed: Project) -> None:
    z = np.zeros((2, len(observed.sampled)))
    z[1] = np.nan
    cloud = make_forward(observed)(z)
    assert cloud.good.tolist() == [True, False]


def test_clouds_are_joined_in_order(observed: Project) -> None:
    forward = make_forward(observed)
    z = np.random.default_rng(2).standard_normal((6, len(observed.sampled)))
    np.testing.assert_array_equal(joined([forward(z[:2]), forward(z[2:])]).z, z)
