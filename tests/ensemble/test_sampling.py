"""Prior draws against closed-form quantiles."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.special import ndtri
from scipy.stats import beta, kstwo

from sim.ensemble import Project
from sim.ensemble.distributions import inverse
from sim.ensemble.sampling import check_count, check_seed, constant_uniforms, prior_draws, uniforms
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


def names(count: int) -> list[Prior]:
    """Return uniform priors of constants of different names."""
    one = prior("uniform", 0, 0.5, 1)
    return [replace(one, constant=Reference(f"rate {at}", ("city",))) for at in range(count)]


def test_the_first_members_of_a_larger_draw_are_those_of_a_smaller_one() -> None:
    whole = prior_draws(names(6), 1500, 7)
    assert whole.shape == (1500, 6)
    for members in (1, 2, 300, 1024, 1025):
        np.testing.assert_array_equal(whole[:members], prior_draws(names(6), members, 7))
    assert not np.isin(prior_draws(names(6), 1500, 8), whole).any()


def test_another_constant_or_order_changes_no_draw() -> None:
    six = prior_draws(names(6), 100, 1)
    np.testing.assert_array_equal(prior_draws(names(9), 100, 1)[:, :6], six)
    np.testing.assert_array_equal(prior_draws(names(6)[::-1], 100, 1)[:, ::-1], six)
    np.testing.assert_array_equal(prior_draws(names(6)[2:], 100, 1), six[:, 2:])


def test_a_name_is_the_same_however_it_is_spelled() -> None:
    one, other = (
        replace(prior("uniform", 0, 0.5, 1), constant=Reference(name, (element,)))
        for name, element in (("GDP_share", "City"), ("gdp share", "city"))
    )
    np.testing.assert_array_equal(prior_draws([one], 50, 1), prior_draws([other], 50, 1))


@pytest.mark.parametrize("seed", [1, 2, 2**32 - 1])
def test_no_two_constants_of_the_shipped_region_are_drawn_together(shipped: Project, seed: int) -> None:
    """r² of n independent normal pairs is Beta(1/2, n/2 − 1); pairs of columns are independent of each other.

    The largest of all pairs passes its bound once in 10 000 seeds, and the count beyond 0.1 is within six of
    its standard deviations.
    """
    members = 1000
    draws = [constant_uniforms(one, seed, members) for one in shipped.sampled]
    r = np.corrcoef(ndtri(draws))[np.triu_indices(len(draws), 1)]
    assert r.size == len(draws) * (len(draws) - 1) / 2 > 300_000
    square = beta(0.5, members / 2 - 1)
    assert np.abs(r).max() < np.sqrt(square.isf(1e-4 / r.size)) < 0.21
    chance = float(square.sf(0.1**2))
    beyond = int((np.abs(r) > 0.1).sum())
    assert abs(beyond - r.size * chance) < 6 * np.sqrt(r.size * chance * (1 - chance))


def test_every_constant_of_the_shipped_region_has_its_own_distribution(shipped: Project) -> None:
    """Kolmogorov's distance of each stream from the uniform, at once in 10 000 for all streams together."""
    members = 1000
    draws = prior_draws(shipped.sampled, members, 1)
    streams = np.array([constant_uniforms(one, 1, members) for one in shipped.sampled])
    for at, one in enumerate(shipped.sampled):
        np.testing.assert_array_equal(draws[:, at], inverse(one, streams[at]))
    ordered, steps = np.sort(streams), np.arange(members) / members
    distance = np.maximum(ordered - steps, steps + 1 / members - ordered).max(axis=1)
    assert distance.max() < kstwo.isf(1e-4 / len(streams), members) < 0.1
    # A stream has no memory either: serial correlations are within five standard deviations.
    z = ndtri(streams)
    assert np.abs((z[:, 1:] * z[:, :-1]).mean(axis=1)).max() < 5 / np.sqrt(members)


def test_streams_are_the_same_everywhere_and_never_reach_0_or_1() -> None:
    """Philox of ten rounds under a key from SHA-256, by hand for the first number of one name."""
    key = int.from_bytes(hashlib.sha256(b'[1, "rate"]').digest()[:16], "little")
    expected = (first_of_philox(key) >> 12) / 2**52 + 2.0**-53
    assert uniforms("rate", 1, 3)[0] == expected
    drawn = uniforms("rate", 1, 100_000)
    assert 0 < drawn.min() < 1e-4
    assert 1 - 1e-4 < drawn.max() < 1


def test_streams_belong_to_seed_and_name() -> None:
    whole = uniforms("hubs", 3, 99)
    for begin in range(9):
        np.testing.assert_array_equal(whole[begin : begin + 40], uniforms("hubs", 3, 40, begin))
    assert not np.isin(whole, uniforms("parks", 3, 99)).any()
    assert not np.isin(whole, uniforms("hubs", 4, 99)).any()


def first_of_philox(key: int) -> int:
    """Return the first number of Philox-4x64-10 (Salmon et al. 2011, SC11), whose counter begins at 1."""
    word = 2**64 - 1
    low, high = key & word, key >> 64
    x = [1, 0, 0, 0]
    for _ in range(10):
        one, other = 0xD2E7470EE14C6C93 * x[0], 0xCA5A826395121157 * x[2]
        x = [(other >> 64) ^ x[1] ^ low, other & word, (one >> 64) ^ x[3] ^ high, one & word]
        low, high = (low + 0x9E3779B97F4A7C15) & word, (high + 0xBB67AE8584CAA73B) & word
    return x[0]


def test_one_member_and_no_priors() -> None:
    assert prior_draws([prior("uniform", 0, 0.5, 1)], 1, 1).shape == (1, 1)
    assert prior_draws([], 5, 1).shape == (5, 0)


@pytest.mark.parametrize("members", [0, -1, 1_000_001])
def test_counts_out_of_range_are_refused(members: int) -> None:
    with pytest.raises(BadInput, match=f"^{members} members given. Allowed: 1 to 1,000,000"):
        check_count(members)


def test_the_least_and_the_most_are_allowed() -> None:
    for members in (1, 1_000_000):
        check_count(members)
    for seed in (0, 2**63 - 1):
        check_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_out_of_range_are_refused(seed: int) -> None:
    with pytest.raises(BadInput, match="seed"):
        check_seed(seed)
