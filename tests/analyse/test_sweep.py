"""Sweeps over the tiny region."""

from __future__ import annotations

import numpy as np
import pytest

from sim.analyse import SweepBlock, parse_vary, plan_sweep, run_sweep
from sim.ensemble import LeverUse, Project, Scenario, median_start
from sim.ensemble.anchoring import apply_multipliers
from sim.errors import BadInput

VARIED = {"headquarters": (0.0, 1.0), "growth rate": (0.03, 0.05), "drag[city]": (0.05, 0.15)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("headquarters=0..1", ("headquarters", 0.0, 1.0)),
        (" growth rate = -0.5 .. 1e-1 ", ("growth rate", -0.5, 0.1)),
        ("drag[city]=.05...15", ("drag[city]", 0.05, 0.15)),
    ],
)
def test_ranges(text: str, expected: tuple[str, float, float]) -> None:
    assert parse_vary(text) == expected


@pytest.mark.parametrize(
    "text", ["x", "x=1", "x=1..", "x=a..b", "x=2..1", "x=1..1", "x=0..inf", "=0..1", "x=nan..1"]
)
def test_wrong_ranges(text: str) -> None:
    with pytest.raises(BadInput):
        parse_vary(text)


def test_the_design_is_a_latin_hypercube(project: Project) -> None:
    plan = plan_sweep(project, VARIED, 50, 3)
    assert plan.values.shape == (50, 3)
    share = (plan.values - plan.low) / (plan.high - plan.low)
    for column in share.T:
        assert sorted((column * 50).astype(int)) == list(range(50))
    np.testing.assert_array_equal(plan.values, plan_sweep(project, VARIED, 50, 3).values)
    assert not np.array_equal(plan.values, plan_sweep(project, VARIED, 50, 4).values)


@pytest.mark.parametrize(
    ("varied", "message"),
    [
        ({}, "Nothing is varied"),
        ({"headquaters": (0.0, 1.0)}, "Did you mean 'headquarters'"),
        ({"grwth rate": (0.0, 1.0)}, "Did you mean 'growth rate'"),
        ({"output": (0.0, 1.0)}, "only constants"),
        ({"headquarters": (0.0, 1.5)}, "Allowed: 0 to 1"),
        ({"growth rate": (1.0, 0.0)}, "the lower first"),
        ({"growth rate": (0.0, float("nan"))}, "the lower first"),
        ({"drag": (0.0, 1.0)}, r"Write drag\[region\]"),
        ({"initial output[city]": (1.0, 2.0)}, "set by the 2024 anchors"),
        ({"drag[city]": (0.0, 1.0), "drag[region]": (0.0, 1.0)}, "vary the same value"),
        ({"headquarters": (0.0, 1.0), "lever intensity[lever]": (0.0, 1.0)}, "vary the same value"),
    ],
)
def test_wrong_plans(project: Project, varied: dict[str, tuple[float, float]], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        plan_sweep(project, varied, 10)


@pytest.mark.parametrize("samples", [0, 1_000_001])
def test_wrong_sample_counts(project: Project, samples: int) -> None:
    with pytest.raises(BadInput, match="samples given"):
        plan_sweep(project, VARIED, samples)


def test_a_sweep_runs_the_median_start_with_the_varied_values(project: Project) -> None:
    plan = plan_sweep(project, {"headquarters": (0.0, 1.0)}, 20, 1)
    blocks: list[SweepBlock] = []
    run_sweep(project, plan, blocks.append)
    (block,) = blocks
    constants = apply_multipliers(project, {}, np.tile(median_start(project).logs, (20, 1)))
    constants["lever intensity"] = np.column_stack([plan.values[:, 0], np.zeros(20)])
    expected = project.model.run(constants, lanes=20)["output"][:, 15, 0]
    np.testing.assert_allclose(block.goal, expected, rtol=1e-12)
    np.testing.assert_allclose(block.indicators[:, 1], expected, rtol=1e-12)
    assert not block.failed.any()


def test_samples_of_constants_are_anchored_anew(project: Project) -> None:
    plan = plan_sweep(project, VARIED, 30, 1)
    assert plan.anchored
    run_sweep(project, plan, lambda block: None)
    last = project.model.runs[-1]  # type: ignore[attr-defined]
    output = project.model.run(last["changes"], lanes=30)["output"]
    np.testing.assert_allclose(output[:, 4], np.tile([705.0, 1800.0], (30, 1)), rtol=2e-5)


def test_blocks_and_resuming_give_the_same_results(project: Project) -> None:
    plan = plan_sweep(project, VARIED, 25, 1)
    whole: list[SweepBlock] = []
    run_sweep(project, plan, whole.append)
    parts: list[SweepBlock] = []
    seen: list[tuple[str, int, int]] = []
    run_sweep(project, plan, parts.append, block=10, progress=lambda *what: seen.append(what))
    assert [part.start for part in parts] == [0, 10, 20]
    assert seen == [("sweep", 10, 25), ("sweep", 20, 25), ("sweep", 25, 25)]
    np.testing.assert_allclose(np.concatenate([part.goal for part in parts]), whole[0].goal, rtol=1e-9)
    rest: list[SweepBlock] = []
    run_sweep(project, plan, rest.append, block=10, finished={0, 10})
    assert [part.start for part in rest] == [20]
    np.testing.assert_array_equal(rest[0].goal, parts[2].goal)
    np.testing.assert_array_equal(rest[0].values, plan.values[20:])


def test_blocks_under_way_together_come_in_order(project: Project) -> None:
    plan = plan_sweep(project, VARIED, 45, 1)
    alone: list[SweepBlock] = []
    run_sweep(project, plan, alone.append, block=10, finished={20})
    together: list[SweepBlock] = []
    run_sweep(project, plan, together.append, block=10, finished={20}, at_once=3)
    assert [block.start for block in together] == [0, 10, 30, 40]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.indicators, other.indicators)


def test_an_interrupted_sweep_has_handed_over_what_was_done(project: Project) -> None:
    plan = plan_sweep(project, VARIED, 30, 1)
    kept: list[SweepBlock] = []

    def keep(block: SweepBlock) -> None:
        kept.append(block)
        if len(kept) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(project, plan, keep, block=10)
    assert [block.start for block in kept] == [0, 10]


def test_a_shared_scenario_applies_to_all_samples(project: Project) -> None:
    plan = plan_sweep(project, {"headquarters": (0.0, 1.0)}, 5, 1)
    blocks: list[SweepBlock] = []
    run_sweep(project, plan, blocks.append)
    run_sweep(project, plan, blocks.append, scenario=Scenario("t", "t", "t", (LeverUse("tourism"),)))
    assert (blocks[1].goal > blocks[0].goal).all()
    both = Scenario("h", "h", "h", (LeverUse("headquarters"),))
    with pytest.raises(BadInput, match="both varied and set"):
        run_sweep(project, plan, blocks.append, scenario=both)


def test_a_sample_that_breaks_the_model_is_set_aside(project: Project) -> None:
    plan = plan_sweep(project, {"growth rate": (-2.0, 0.05)}, 40, 1)
    blocks: list[SweepBlock] = []
    run_sweep(project, plan, blocks.append)
    (block,) = blocks
    assert 0 < block.failed.sum() < 40
    np.testing.assert_array_equal(np.isnan(block.goal), block.failed)
    np.testing.assert_array_equal(np.isnan(block.indicators).all(axis=1), block.failed)
