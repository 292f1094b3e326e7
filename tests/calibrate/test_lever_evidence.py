"""Levers: which constants carry them, what the observations say of those, and the goal's chance."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibrate.forward import Cloud, make_forward
from sim.calibrate.lever_evidence import chances, lever_effects, moved_priors, plan_scenario, scaled
from sim.ensemble import Project
from sim.spec.levers import find_lever


def test_the_priors_that_carry_a_lever(observed: Project) -> None:
    assert moved_priors(observed, find_lever(observed.levers, "headquarters")) == (2,)
    assert moved_priors(observed, find_lever(observed.levers, "tourism")) == (3,)


def test_a_lever_is_identified_where_an_observation_depends_on_it(observed: Project) -> None:
    z = np.random.default_rng(0).standard_normal((2000, 5)) * np.array([1, 1, 0.5, 0.5, 1])
    slopes = np.zeros((5, 3))
    slopes[2, 1] = -0.8
    first, second = lever_effects(observed, z, slopes, np.diag([1.0, 1, 0.25, 1, 1]))
    assert first["identified"] is True
    assert first["response"] == 0.8
    assert first["constants"][0]["contraction"] == pytest.approx(0.75, abs=0.03)
    # As strong a contraction that nothing observed can have caused is chance.
    assert second["identified"] is False
    assert second["constants"][0]["contraction"] == pytest.approx(0.75, abs=0.03)
    slopes[2, 1] = 0
    assert not any(row["identified"] for row in lever_effects(observed, z, slopes, np.eye(5)))


def test_only_the_constants_of_levers_are_scaled(observed: Project) -> None:
    constants = {"lever effect": np.array([[0.01, 0.02], [0.03, 0.04]]), "growth rate": np.array([0.1, 0.2])}
    found = scaled(observed, constants, 1.5, 2)
    assert found["lever effect"] == pytest.approx(np.array([[0.015, 0.03], [0.045, 0.06]]))
    assert found["growth rate"] is constants["growth rate"]
    assert constants["lever effect"][0, 0] == 0.01


def test_a_constant_without_draws_is_scaled_from_its_default(observed: Project) -> None:
    assert scaled(observed, {}, 2.0, 3)["lever effect"] == pytest.approx(np.tile([0.02, 0.01], (3, 1)))


def test_without_a_plan_of_its_own_a_place_carries_out_every_lever(observed: Project) -> None:
    plan = plan_scenario(observed)
    assert [use.id for use in plan.levers] == ["headquarters", "tourism"]
    folder = observed.study.path("model", "changji.mdl").parents[1] / "runs" / "scenarios"
    folder.mkdir(parents=True)
    text = 'name = "plan"\n[title]\nzh = "规划"\nen = "plan"\n[levers]\ntourism = 0.5\n'
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    assert [(use.id, use.intensity) for use in plan_scenario(observed).levers] == [("tourism", 0.5)]


def test_the_chance_of_the_goal_rises_with_the_effects(observed: Project) -> None:
    forward = make_forward(observed)
    cloud = forward(np.random.default_rng(0).standard_normal((300, 5)) * 0.7 - np.array([3, 0, 0, 0, 1]))
    lost = Cloud(cloud.z, cloud.logs, np.where(np.arange(300)[:, None] < 10, np.nan, cloud.figures))
    half, whole, more = chances(observed, lost, plan_scenario(observed))
    assert [row["factor"] for row in (half, whole, more)] == [0.5, 1.0, 1.5]
    assert half["members"] == 290
    # The baseline has no levers, and so nothing of it depends on their effects.
    assert half["baseline"] == whole["baseline"] == more["baseline"]
    assert half["effect"]["p50"] < whole["effect"]["p50"] < more["effect"]["p50"]
    chance = [row["plan"]["constant"] for row in (half, whole, more)]
    assert whole["baseline"]["constant"] < chance[0] < chance[1] < chance[2]
    assert chance[1] < whole["plan"]["current"]


def test_blocks_make_no_difference(observed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = make_forward(observed)(np.random.default_rng(0).standard_normal((30, 5)))
    whole = chances(observed, cloud, plan_scenario(observed))
    monkeypatch.setattr("sim.calibrate.lever_evidence.BLOCK", 14)
    assert chances(observed, cloud, plan_scenario(observed)) == whole
