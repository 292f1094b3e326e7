"""Prior against posterior predictive, and the outlook that it is made from."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.expectations import city_goals, expectations, repeated
from sim.calibrate.forward import Cloud, make_forward
from sim.calibrate.outlook import look_out, outputs_for
from sim.ensemble import Project
from sim.errors import SimError


def test_repeated_figures_have_an_error_of_their_own() -> None:
    figures = np.tile([5.0, 100.0], (20_000, 1))
    found = repeated(figures, np.array([0.5, 10.0]), seed=1)
    assert found.std(axis=0) == pytest.approx([0.5, 10.0], rel=0.03)
    assert np.array_equal(found, repeated(figures, np.array([0.5, 10.0]), seed=1))


def test_city_goals_are_those_whose_target_is_the_citys(observed: Project) -> None:
    assert [observed.kpis[at].year for at in city_goals(observed)] == [2030, 2035]


def test_bands_before_and_after_the_data(observed: Project) -> None:
    rng = np.random.default_rng(2)
    prior, posterior = rng.normal(4, 2, (900, 3)), rng.normal(4.2, 0.5, (800, 3))
    prior[:100, 1] = np.nan
    before, after = (np.exp(rng.normal(7, spread, (500, 4))) for spread in (0.2, 0.1))
    found = expectations(observed, prior, posterior, before, after, 1)
    assert (found["points"], found["members"]) == (800, 800)
    row = found["observations"][0]
    assert (row["id"], row["value"]) == ("growth", 4.2)
    assert row["prior"]["p05"] == pytest.approx(4 - 1.645 * 2, abs=0.3)
    assert row["posterior"]["p95"] == pytest.approx(4.2 + 1.645 * 0.5, abs=0.1)
    assert row["repeated"]["p95"] == pytest.approx(4.2 + 1.645 * 0.33**0.5, abs=0.1)
    assert [goal["year"] for goal in found["goals"]] == [2030, 2035]
    assert found["goals"][1]["narrowed"] == pytest.approx(0.5, abs=0.05)


def test_the_outlook_leaves_out_members_that_are_not_anchored(observed: Project) -> None:
    forward = make_forward(observed)
    cloud = forward(np.random.default_rng(0).standard_normal((30, 5)))
    cloud.figures[:4] = np.nan
    found = look_out(observed, cloud, observed.observations)
    assert len(found) == 26
    assert found.figures == pytest.approx(cloud.figures[4:])
    assert np.array_equal(found.z, cloud.z[4:])
    assert found.goals[:, 0] == pytest.approx(found.indicators[:, 1])
    assert np.all(found.goals[:, 1] > found.goals[:, 0])


def test_nothing_that_runs_is_an_error(observed: Project) -> None:
    cloud = make_forward(observed)(np.zeros((3, 5)))
    with pytest.raises(SimError, match="No member ran through"):
        look_out(observed, Cloud(cloud.z, cloud.logs, np.full_like(cloud.figures, np.nan)))


def test_figures_add_outputs_only_where_they_need_them(observed: Project) -> None:
    assert outputs_for(observed, observed.observations) == observed.outputs


def test_blocks_make_no_difference(observed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = make_forward(observed)(np.random.default_rng(0).standard_normal((20, 5)))
    whole = look_out(observed, cloud, observed.observations)
    monkeypatch.setattr("sim.calibrate.outlook.BLOCK", 7)
    parts = look_out(observed, cloud, observed.observations)
    assert np.array_equal(parts.figures, whole.figures)
    assert np.array_equal(parts.indicators, whole.indicators)
