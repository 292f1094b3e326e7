"""The polynomial of the informed directions: exact for polynomials, and a judge of surprise."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.emulator import Emulator, fit_emulator
from sim.calibrate.forward import Cloud
from sim.calibrate.likelihood import Likelihood

DEVIATION = np.array([0.5, 2.0, 1.0])
LIKELIHOOD = Likelihood(np.zeros(3), DEVIATION, np.array([0, 0, 1], dtype=np.int8), np.ones(3, dtype=bool))


def _emulator(points: int, bend: float) -> tuple[Emulator, Cloud]:
    z = np.random.default_rng(1).standard_normal((points, 4))
    figures = np.column_stack(
        [z[:, 0] + bend * z[:, 1] ** 2, 3 + z[:, 1] + bend * z[:, 0] * z[:, 1], z[:, 0]]
    )
    cloud = Cloud(z, np.empty((points, 0)), figures)
    return fit_emulator(cloud, LIKELIHOOD, np.eye(4)[:, :2]), cloud


def test_a_polynomial_of_second_degree_is_found_again() -> None:
    emulator, cloud = _emulator(200, 0.4)
    assert emulator(cloud.z[:, :2]) == pytest.approx(cloud.figures / DEVIATION)


def test_few_points_give_a_straight_line() -> None:
    emulator, _ = _emulator(40, 0.4)
    assert not emulator.bends.any()
    assert (emulator.weight[:2] < 1).all()


def test_bounds_do_not_pull() -> None:
    emulator, _ = _emulator(200, 0.4)
    assert emulator.weight.tolist() == pytest.approx([1, 1, 0])


def test_the_posterior_of_a_linear_model_is_the_known_one() -> None:
    emulator, _ = _emulator(200, 0.0)
    mean, covariance = emulator.posterior(np.array([[4.0, 1.5, 9.0]]))
    # One figure for each direction: precision 1 + 1 / deviation squared.
    assert covariance[0] == pytest.approx(np.diag([1 / 5, 1 / 1.25]))
    assert mean[0] == pytest.approx([4 * 2 / 5, 0.0], abs=1e-9)


def test_surprise_is_chi_square_where_the_model_made_the_figures() -> None:
    emulator, cloud = _emulator(4000, 0.0)
    noise = np.random.default_rng(2).standard_normal(cloud.figures.shape)
    surprise = emulator.surprise(cloud.figures / DEVIATION + noise)
    assert surprise.mean() == pytest.approx(2, abs=0.15)
    assert surprise.var() == pytest.approx(4, rel=0.15)
