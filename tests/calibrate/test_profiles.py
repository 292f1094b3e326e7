"""Profiles: of a linear model, where they are parabolas known in closed form, and of the tiny region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from sim.calibrate.forward import Cloud, make_forward
from sim.calibrate.likelihood import Likelihood, make_likelihood
from sim.calibrate.profiles import DROP, GRID, find_profiles, importance, interval, profiles
from sim.calibrate.slopes import Slopes, find_slopes
from sim.ensemble import Project


@dataclass
class Linear:
    """Figures (points, observations) = z @ slopes + bend × z², as a forward function gives them."""

    slopes: np.ndarray
    bend: float = 0.0
    lost: int | None = None

    def __call__(self, z: np.ndarray, near: Any = None, progress: Any = None) -> Cloud:
        figures = z @ self.slopes + self.bend * (z**2) @ np.abs(self.slopes)
        if self.lost is not None:
            figures[z[:, self.lost] < -2] = np.nan
        return Cloud(z, np.zeros((len(z), 1)), figures)

    def known(self) -> Slopes:
        count = len(self.slopes)
        return Slopes(self(np.zeros((1, count))), self.slopes, np.zeros((count, 1)), np.zeros((count, 2)))


def likelihood(value: list[float], deviation: list[float], side: list[int] | None = None) -> Likelihood:
    sides = np.array(side or [0] * len(value), dtype=np.int8)
    return Likelihood(np.array(value), np.array(deviation), sides, np.ones(len(value), dtype=bool))


def test_a_linear_model_has_the_profile_of_its_formula() -> None:
    """With y = a z1 + b z2 + error, what is known of z1 alone is normal of variance (s² + b²) / a²."""
    model = Linear(np.array([[2.0], [1.0], [0.0]]))
    found = find_profiles(model, likelihood([3.0], [0.5]), model.known(), np.array([0, 2]))
    assert found.likelihood[0] == pytest.approx(-0.5 * (3 - 2 * GRID) ** 2 / (0.5**2 + 1))
    assert found.posterior[0] == pytest.approx(found.likelihood[0] - 0.5 * GRID**2)
    rest = (3 - 2 * GRID) * 0.5**2 / (0.5**2 + 1)
    assert found.misfit[0] == pytest.approx(-0.5 * (rest / 0.5) ** 2)
    assert np.ptp(found.likelihood[1]) == pytest.approx(0.0, abs=1e-12)


def test_the_interval_ends_where_the_profile_has_fallen() -> None:
    low, high = interval(-0.5 * (GRID / 0.6) ** 2)
    # Straight lines between the points of the grid lie a little inside the parabola.
    assert (low, high) == pytest.approx((-0.6 * (2 * DROP) ** 0.5, 0.6 * (2 * DROP) ** 0.5), abs=0.02)
    assert interval(-0.5 * GRID**2 * 0.1) == (None, None)
    low, high = interval(-0.5 * (GRID - 2.4) ** 2)
    assert low == pytest.approx(2.4 - 1.96, abs=0.05)
    assert high is None


def test_a_profile_with_points_that_cannot_be_run_is_open_there() -> None:
    model = Linear(np.array([[2.0], [1.0]]), lost=0)
    found = find_profiles(model, likelihood([-4.8], [0.5]), model.known(), np.array([0]))
    assert np.isnan(found.likelihood[0, 0])
    low, high = interval(found.likelihood[0])
    assert low is None
    assert high is not None


def test_steps_find_the_best_point_of_a_bent_model() -> None:
    model = Linear(np.array([[1.0, 0.3], [0.8, -0.5], [0.2, 0.9]]), bend=0.15)
    fit = likelihood([1.5, -0.5], [0.3, 0.4])
    found = find_profiles(model, fit, model.known(), np.array([0]))
    # Slopes double over the grid; what is left of the fall (8 at the end) is an error of a hundredth.
    side = np.linspace(-3, 3, 301)
    one, other = (axis.ravel() for axis in np.meshgrid(side, side))
    for at, held in enumerate(GRID):
        z = np.column_stack([np.full(one.size, held), one, other])
        whole = fit.log(model(z).figures) - 0.5 * (one**2 + other**2)
        assert found.likelihood[0, at] == pytest.approx(whole.max(), abs=0.15)


def test_a_bound_that_is_met_pulls_nowhere() -> None:
    model = Linear(np.array([[2.0], [1.0]]))
    found = find_profiles(model, likelihood([-9.0], [0.5], [-1]), model.known(), np.array([0]))
    assert found.likelihood[0] == pytest.approx(np.zeros(GRID.size), abs=1e-12)


@pytest.fixture
def made(observed: Project) -> dict[str, Any]:
    forward, fit = make_forward(observed), make_likelihood(observed.observations)
    cloud = forward(np.random.default_rng(0).standard_normal((60, 5)))
    slopes = find_slopes(forward, cloud)
    goals = np.random.default_rng(1).uniform(900, 1100, (60, 2))
    found = profiles(forward, fit, slopes, cloud.z, goals, count=2)
    return {"slopes": slopes, "cloud": cloud, "found": found}


def test_what_no_observation_depends_on_has_slope_zero(made: dict[str, Any]) -> None:
    slopes = made["slopes"]
    # Levers rest until 2025, the observations end in 2024.
    assert np.all(slopes.figures[2:4] == 0)
    assert np.abs(slopes.figures[0]).max() > 0.1
    # Price rise moves current prices alone.
    assert slopes.figures[4, :2] == pytest.approx([0, 0])
    assert slopes.goals[4, 0] == pytest.approx(0)
    rise = 0.01 + 0.02 * ndtr(made["cloud"].z[:, 4].mean() + np.array([0.5, -0.5]))
    assert slopes.goals[4, 1] == pytest.approx(11 * -np.diff(np.log1p(rise))[0])


def test_constants_that_observations_depend_on_are_profiled(made: dict[str, Any]) -> None:
    found = made["found"]
    assert found["goal"] == 2035
    assert {row["constant"] for row in found["profiles"]} == {"growth rate", "drag[region]"}
    ranked = [abs(row["effect"]) for row in found["profiles"]]
    assert ranked == sorted(ranked, reverse=True)
    for row in found["profiles"]:
        assert len(row["values"]) == len(row["likelihood"]) == GRID.size
        assert max(row["likelihood"]) == max(row["posterior"]) == 0
        assert row["values"] == sorted(row["values"])
    growth = next(row for row in found["profiles"] if row["constant"] == "growth rate")
    assert growth["state"] == "closed"
    assert growth["low"] < 0.042 < growth["high"]
    assert importance(made["slopes"], made["cloud"].z)[4] == pytest.approx(0)


def test_what_matters_but_is_not_observed_is_listed_as_flat(observed: Project) -> None:
    forward, fit = make_forward(observed), make_likelihood(observed.observations)
    cloud = forward(np.random.default_rng(0).standard_normal((40, 5)))
    slopes = find_slopes(forward, cloud)
    # As if the first lever moved the goal most, and price rise least.
    slopes.goals[:, 0] = [0.02, 0.01, 0.05, 0.0, 0.005]
    found = profiles(forward, fit, slopes, cloud.z, np.full((40, 2), 1000.0) + cloud.z[:, :2], count=3)
    assert [row["constant"] for row in found["flat"]] == ["lever effect[headquarters lever]"]
    assert [row["constant"] for row in found["profiles"]] == ["growth rate", "drag[region]", "price rise"]
