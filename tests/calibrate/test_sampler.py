"""The sampler on a linear model, whose posterior is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from sim.calibrate.forward import Cloud, Forward
from sim.calibrate.likelihood import Likelihood
from sim.calibrate.moves import Kernel, informed_directions
from sim.calibrate.sampling import Settings, Stage, effective, sample
from sim.errors import SimError

PRIORS = 12


@dataclass
class Linear:
    """Figures are linear in the coordinates; ``guess`` is what a real forward function carries."""

    slopes: Any
    guess: Any = field(default_factory=lambda: np.zeros((1 + PRIORS, 1)))

    def __call__(self, z: Any, near: Any = None, progress: Any = None) -> Cloud:
        return Cloud(z, np.zeros((len(z), 1)), z @ self.slopes)


@pytest.fixture
def slopes() -> Any:
    """Return (priors, observations): two observations that inform two directions."""
    slopes = np.zeros((PRIORS, 2))
    slopes[0] = [1.0, 0.5]
    slopes[1] = [0.0, 1.0]
    return slopes


def drawn(slopes: Any, value: Any, deviation: float, seed: int = 1, particles: int = 2000) -> Any:
    forward = cast(Forward, Linear(slopes))
    bank = forward(np.random.default_rng(5).standard_normal((8192, PRIORS)))
    side = np.zeros(2, dtype=np.int8)
    likelihood = Likelihood(np.asarray(value), np.full(2, deviation), side, np.ones(2, dtype=bool))
    basis = informed_directions(bank.z, bank.figures / deviation, np.arange(PRIORS) < 6)
    stages: list[Stage] = []
    found = sample(forward, likelihood, bank, basis, seed, Settings(particles, 2, 6), stages.append)
    return found, stages, basis


def test_the_posterior_of_a_linear_model_is_the_normal_that_algebra_gives(slopes: Any) -> None:
    value, deviation = np.array([1.0, -0.5]), 0.4
    found, _, _ = drawn(slopes, value, deviation)
    precision = np.eye(PRIORS) + slopes @ slopes.T / deviation**2
    spread = np.linalg.inv(precision)
    middle = spread @ slopes @ value / deviation**2
    z = found.cloud.z
    np.testing.assert_allclose(z.mean(axis=0), middle, atol=0.08)
    np.testing.assert_allclose(z.std(axis=0), np.sqrt(np.diag(spread)), rtol=0.08)
    assert found.effective > 1500


def test_observations_far_out_are_reached_in_waves(slopes: Any) -> None:
    found, stages, _ = drawn(slopes, np.array([4.5, 2.0]), 0.2, particles=500)
    assert stages[0].cut > 3
    assert (stages[-1].cut, stages[-1].power) == (3, 1)
    assert np.abs(found.cloud.figures.mean(axis=0) - [4.3, 2.0]).max() < 0.25


def test_a_seed_gives_the_same_particles_and_another_seed_others(slopes: Any) -> None:
    first, again, other = (drawn(slopes, [1.0, 0.0], 0.5, seed, 200)[0].cloud.z for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_informed_directions_are_those_that_figures_depend_on(slopes: Any) -> None:
    _, _, basis = drawn(slopes, [0.0, 0.0], 0.5, particles=100)
    assert basis.shape == (PRIORS, 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-9)
    assert np.abs(basis[2:]).max() < 0.05
    assert np.abs(basis[6:]).max() == 0  # insensitive constants are left out


def test_the_proposal_leaves_its_own_normal_as_it_is() -> None:
    rng = np.random.default_rng(3)
    basis = np.eye(PRIORS)[:, :2]
    root = np.array([[0.5, 0.0], [0.2, 0.3]])
    kernel = Kernel(basis, np.array([1.0, -1.0]), root, 0.6)
    z = rng.standard_normal((40_000, PRIORS))
    z[:, :2] = kernel.mean + z[:, :2] @ root.T
    moved = kernel.proposed(z, rng)
    np.testing.assert_allclose(moved.mean(axis=0), z.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(moved[:, :2].T), root @ root.T, atol=0.01)


def test_effective_sample_size_of_weights() -> None:
    assert effective(np.ones(8)) == 8
    assert effective(np.array([1.0, 0, 0, 0])) == 1


def test_no_point_that_runs_is_said(slopes: Any) -> None:
    forward = cast(Forward, Linear(slopes))
    bank = Cloud(np.zeros((5, PRIORS)), np.zeros((5, 1)), np.full((5, 2), np.nan))
    likelihood = Likelihood(np.zeros(2), np.ones(2), np.zeros(2, dtype=np.int8), np.ones(2, dtype=bool))
    with pytest.raises(SimError, match="No point of the prior could be anchored"):
        sample(forward, likelihood, bank, np.eye(PRIORS)[:, :1], 1)
