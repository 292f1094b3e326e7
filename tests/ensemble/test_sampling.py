"""Prior draws against closed-form quantiles."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from sim.ensemble.distributions import inverse
from sim.ensemble.sampling import check_count, check_seed, prior_draws
from sim.errors import BadInput
from sim.spec.priors import DISTRIBUTIONS, Prior
from sim.spec.references import Reference

EDGES = np.array([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])


def prior(distribution: str, low: float, value: float, high: float) -> Prior:
    return Prior(
        Reference("x"), "dmnl", value, low, high, distribution, "assumption", "", "", 2
    )  # fmt: skip


def test_normal_goes_through_low_and_high_and_is_truncated() -> None:
    given_points = (np.array([0.001, 0.05, 0.5, 0.95, 0.999]) - 0.001) / 0.998
    sigma = (3 - 1) / 2 / NormalDist().inv_cdf(0.95)
    expected = [NormalDist(2, sigma).inv_cdf(point) for point in (0.001, 0.05, 0.5, 0.95, 0.999)]
    drawn = inverse(prior("normal", 1, 2, 3), given_points)
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)
    np.testing.assert_allclose(drawn[[1, 3]], [1, 3], rtol=1e-12)


def test_lognormal_is_the_exponential_of_a_normal() -> None:
    logs = inverse(prior("normal", np.log(0.5), 0, np.log(8)), EDGES)
    np.testing.assert_allclose(np.log(inverse(prior("lognormal", 0.5, 2, 8), EDGES)), logs, rtol=1e-12)


def test_uniform() -> None:
    np.testing.assert_allclose(inverse(prior("uniform", -1, 0, 3), EDGES), -1 + 4 * EDGES)


@pytest.mark.parametrize("mode", [0.0, 1.0, 4.0])
def test_triangular_inverts_its_distribution(mode: float) -> None:
    drawn = inverse(prior("triangular", 0, mode, 4), EDGES)
    below = drawn**2 / (4 * mode) if mode else np.zeros_like(drawn)
    above = 1 - (4 - drawn) ** 2 / (4 * (4 - mode)) if mode < 4 else np.ones_like(drawn)
    np.testing.assert_allclose(np.where(drawn < mode, below, above), EDGES, atol=1e-12)


def test_pert_with_a_central_mode_is_a_known_beta() -> None:
    """Beta(3, 3) has the distribution function x³(10 − 15x + 6x²)."""
    share = (inverse(prior("pert", 10, 20, 30), EDGES) - 10) / 20
    np.testing.assert_allclose(share**3 * (10 - 15 * share + 6 * share**2), EDGES, atol=1e-12)


def test_pert_with_its_mode_at_the_edge_is_a_known_beta() -> None:
    """Beta(1, 5) has the distribution function 1 − (1 − x)⁵."""
    share = inverse(prior("pert", 0, 0, 1), EDGES)
    np.testing.assert_allclose(1 - (1 - share) ** 5, EDGES, atol=1e-12)


@given(
    some.sampled_from(sorted(DISTRIBUTIONS - {"fixed"})),
    some.lists(some.floats(0.01, 100), min_size=3, max_size=3, unique=True),
)
def test_draws_rise_with_probability_and_stay_finite(kind: str, points: list[float]) -> None:
    low, value, high = sorted(points)
    drawn = inverse(prior(kind, low, value, high), np.linspace(0, 1, 33))
    assert np.isfinite(drawn).all()
    assert (np.diff(drawn) >= 0).all()
    if kind not in ("normal", "lognormal"):
        assert drawn[0] == pytest.approx(low)
        assert drawn[-1] == pytest.approx(high)


def test_draws_are_uncorrelated_repeatable_and_nested() -> None:
    priors = [prior("uniform", 0, 0.5, 1)] * 6
    drawn = prior_draws(priors, 1000, 7)
    assert drawn.shape == (1000, 6)
    np.testing.assert_array_equal(drawn, prior_draws(priors, 1000, 7))
    np.testing.assert_array_equal(drawn[:300], prior_draws(priors, 300, 7))
    assert not np.array_equal(drawn, prior_draws(priors, 1000, 8))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(6)).max() < 0.05
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=0.01)


def test_one_member_and_no_priors() -> None:
    assert prior_draws([prior("uniform", 0, 0.5, 1)], 1, 1).shape == (1, 1)
    assert prior_draws([], 5, 1).shape == (5, 0)


@pytest.mark.parametrize("members", [0, -1, 1_000_001])
def test_counts_out_of_range_are_refused(members: int) -> None:
    with pytest.raises(BadInput, match="Allowed: 1 to 1,000,000"):
        check_count(members)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_out_of_range_are_refused(seed: int) -> None:
    with pytest.raises(BadInput, match="seed"):
        check_seed(seed)
