"""A posterior taken over for changed priors: weights by hand, effective size, what is said and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from scipy.integrate import quad

from sim.ensemble import Members, Project, draw_members
from sim.ensemble.adapting import LEAST_EFFECTIVE, effective_size, log_weights, systematic
from sim.ensemble.distributions import Range, inverse, log_density, range_of, support
from sim.ensemble.members import Adapted
from sim.ensemble.posterior import make_posterior, read_posterior, write_posterior
from sim.errors import BadInput
from sim.spec.priors import Prior
from sim.spec.references import Reference

RANGES: list[Range] = [
    ("normal", 1.0, 1.8, 3.0),
    ("lognormal", 0.5, 2.0, 8.0),
    ("uniform", -1.0, 0.0, 3.0),
    ("triangular", 0.0, 1.0, 4.0),
    ("triangular", 0.0, 0.0, 4.0),
    ("triangular", 0.0, 4.0, 4.0),
    ("pert", 10.0, 14.0, 30.0),
    ("pert", 0.0, 0.0, 1.0),
    ("pert", 0.0, 1.0, 1.0),
]
MEMBERS = 1000
RATE = 0


@pytest.fixture
def file(project: Project, tmp_path: Path) -> Path:
    """Return a file of a thousand members of the tiny region, which are plain draws from its priors."""
    members = draw_members(project, MEMBERS, 3)
    path = tmp_path / "posterior.npz"
    write_posterior(path, make_posterior(project, 3, members.draws.astype(np.float32), members.logs))
    return path


@pytest.fixture
def taken(project: Project, file: Path) -> Callable[..., tuple[Members, Adapted]]:
    """Return a call that reads the file for the region with other priors."""

    def take(*priors: Prior) -> tuple[Members, Adapted]:
        members = read_posterior(file, replace(project, priors=priors), other_model=True)
        assert members.origin is not None
        assert members.origin.adapted is not None
        return members, members.origin.adapted

    return take


@pytest.mark.parametrize("given", RANGES)
def test_a_density_sums_to_one_and_agrees_with_the_draws(given: Range) -> None:
    low, high = support(given)
    inside = np.linspace(low, high, 7)[1:-1]
    assert quad(lambda x: float(np.exp(log_density(given, np.array(x)))), low, high)[0] == pytest.approx(1)
    assert np.isneginf(log_density(given, np.array([low - 1e-3, high + 1e-3]))).all()
    prior = Prior(Reference("x"), "", given[2], given[1], given[3], given[0], "", "", "", 2)
    shares = [quad(lambda x: float(np.exp(log_density(given, np.array(x)))), low, one)[0] for one in inside]
    np.testing.assert_allclose(inverse(prior, np.array(shares)), inside, rtol=1e-6)


def test_the_normal_density_is_that_of_the_textbook() -> None:
    sigma = (3 - 1) / 2 / NormalDist().inv_cdf(0.95)
    expected = np.log(NormalDist(2, sigma).pdf(1.4) / 0.998)
    assert log_density(("normal", 1, 2, 3), np.array(1.4)) == pytest.approx(expected)


def test_weights_are_the_ratio_of_the_priors() -> None:
    """From uniform 0 to 4 to triangular 0, 1, 4: at 1 the density doubles, at 2.5 it is a quarter over."""
    before: dict[str, Range] = {
        "a": ("uniform", 0, 2, 4),
        "b": ("uniform", 0, 2, 4),
        "gone": ("uniform", 0, 1, 2),
    }
    now: dict[str, Range] = {
        "a": ("triangular", 0, 1, 4),
        "b": ("uniform", 0, 3, 4),
        "new": ("uniform", 0, 1, 2),
    }
    draws = np.array([[1.0, 1, 1], [2.5, 1, 1], [0.5, 1, 1]])
    found = log_weights(before, draws, now)
    # The value of a uniform prior gives it no density, and a constant that came or went no weight.
    assert list(found) == ["a"]
    np.testing.assert_allclose(np.exp(found["a"]), [2.0, 1.0, 1.0])


def test_a_draw_at_the_edge_is_not_lost_to_rounding() -> None:
    """Single precision takes 2513.8 above itself; it is still inside the range that it was drawn from."""
    before: dict[str, Range] = {"a": ("uniform", 2504.8, 2510, 2513.8)}
    now: dict[str, Range] = {"a": ("uniform", 2504.8, 2510, 2513.8 + 1e-9)}
    edge = float(np.float32(2513.8))
    assert edge > 2513.8
    assert np.isfinite(log_weights(before, np.array([[edge]]), now)["a"]).all()


def test_effective_size_by_hand() -> None:
    assert effective_size(np.zeros(7)) == pytest.approx(7)
    assert effective_size(np.log([1.0, 3.0])) == pytest.approx(16 / 10)
    assert effective_size(np.array([-2000.0, -np.inf, -2000.0])) == pytest.approx(2)
    assert effective_size(np.full(3, -np.inf)) == 0


def test_each_row_is_taken_as_often_as_its_weight_says() -> None:
    weights = np.array([0.0, 0.5, 1.7, 0.0, 0.8, 3.0, 0.0])
    for shift in (0.0, 1e-12, 0.3, 0.999999):
        counts = np.bincount(
            systematic(np.log(weights, where=weights > 0, out=np.full(7, -np.inf)), shift), minlength=7
        )
        expected = 7 * weights / weights.sum()
        assert counts.sum() == 7
        assert (np.abs(counts - expected) < 1).all()
        assert not counts[weights == 0].any()


def test_members_follow_the_prior_of_now(
    project: Project, taken: Callable[..., tuple[Members, Adapted]]
) -> None:
    """Half a deviation further: the mean is that of the new prior, and as many are effective as theory says.

    Weights of a normal moved by d deviations have E[w²] = exp(d²), hence n·exp(−d²) effective members.
    """
    old = project.priors[RATE]
    sigma = (old.high - old.low) / 2 / NormalDist().inv_cdf(0.95)
    moved = replace(old, value=0.044, low=old.low + 0.5 * sigma, high=old.high + 0.5 * sigma)
    members, adapted = taken(moved, *project.priors[1:])
    assert adapted.changed == ("growth rate",)
    assert (adapted.added, adapted.lost, adapted.unfitted) == ((), (), False)
    assert adapted.effective == pytest.approx(MEMBERS * np.exp(-0.25), rel=0.05)
    error = sigma / np.sqrt(adapted.effective)
    assert abs(members.draws[:, RATE].mean() - (0.04 + 0.5 * sigma)) < 3 * error
    assert members.draws[:, RATE].std() == pytest.approx(sigma, rel=0.1)
    # Rows stay whole: each is one of the file, its other constants with it.
    before = read_posterior(members.origin.path, project)  # type: ignore[union-attr]
    np.testing.assert_array_equal(members.draws, before.draws[members.rows])
    assert members.anchored.all()


def test_members_outside_the_range_of_now_are_gone(
    project: Project, taken: Callable[..., tuple[Members, Adapted]]
) -> None:
    old = project.priors[RATE]
    members, adapted = taken(replace(old, low=0.036, high=0.05, distribution="uniform"), *project.priors[1:])
    assert members.draws[:, RATE].min() >= 0.036
    assert LEAST_EFFECTIVE < adapted.effective < 0.7 * MEMBERS


def test_too_few_effective_members_are_refused(
    project: Project, taken: Callable[..., tuple[Members, Adapted]]
) -> None:
    old = project.priors[RATE]
    with pytest.raises(BadInput, match=r"worth \d+ under the priors of now, fewer than the 200.*growth rate"):
        taken(replace(old, value=0.052, low=0.045, high=0.06), *project.priors[1:])
    with pytest.raises(BadInput, match=r"worth 0 under the priors of now"):
        taken(replace(old, value=0.5, low=0.4, high=0.6), *project.priors[1:])


def test_new_constants_are_drawn_and_lost_ones_named(
    project: Project, taken: Callable[..., tuple[Members, Adapted]]
) -> None:
    (drag,) = (one for one in project.priors if str(one.constant) == "drag[region]")
    kept = [one for one in project.priors if one is not drag]
    apart = [replace(drag, constant=Reference("drag", (place,))) for place in ("city", "rest")]
    members, adapted = taken(*kept, *apart)
    assert (adapted.added, adapted.lost) == (("drag[city]", "drag[rest]"), ("drag[region]",))
    assert (adapted.changed, adapted.effective) == ((), MEMBERS)
    assert adapted.differs == {"priors": ["drag[region]", "drag[city]", "drag[rest]"]}
    logs = np.log(members.draws[:, -2:])
    # Drawn over the whole range, not fixed at the value, which would make the band too narrow.
    assert logs.std(axis=0) == pytest.approx(np.log(4) / 2 / NormalDist().inv_cdf(0.95), rel=0.07)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.1


def test_another_equation_is_not_fitted_any_more(project: Project, file: Path) -> None:
    step = replace(project.spec, control=replace(project.spec.control, saveper=0.5))
    other = replace(project, model=replace(project.model, spec=step))  # type: ignore[type-var]
    members = read_posterior(file, other, other_model=True)
    assert members.origin is not None
    assert members.origin.adapted is not None
    assert members.origin.adapted.unfitted
    assert members.origin.adapted.differs == {"time": ["saveper"]}


def test_the_range_of_a_prior_is_what_is_kept(project: Project) -> None:
    assert range_of(project.priors[RATE]) == ("normal", 0.03, 0.05 - 0.01, 0.05)
