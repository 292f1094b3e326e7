"""The tiny region through the real engine: the same numbers as the double, and the shipped content."""

from __future__ import annotations

import numpy as np
import pytest
from support import REGION

from sim.analyse import SweepBlock, plan_sweep, run_sweep
from sim.ensemble import LeverUse, Project, Scenario, draw_members, load_project, run_paired, run_scenario
from sim.ensemble.members import MOST_LOST
from sim.ensemble.runner import cells

HEADQUARTERS = Scenario("hq", "总部", "HQ", (LeverUse("headquarters"),))


@pytest.fixture(scope="module")
def real() -> Project:
    return load_project(REGION)


def test_the_engine_gives_what_the_double_gives(real: Project, project: Project) -> None:
    members, doubled = draw_members(real, 150, 2), draw_members(project, 150, 2)
    np.testing.assert_array_equal(members.draws, doubled.draws)
    np.testing.assert_allclose(members.logs, doubled.logs, atol=1e-6)
    ours = run_paired(real, members, Scenario(), HEADQUARTERS)
    theirs = run_paired(project, members, Scenario(), HEADQUARTERS)
    np.testing.assert_allclose(ours.indicators, theirs.indicators, rtol=1e-10)
    np.testing.assert_allclose(ours.reached, theirs.reached, rtol=1e-10)
    np.testing.assert_allclose(ours.series, theirs.series, rtol=1e-6)


def test_a_scenario_without_effort_is_the_baseline_bit_for_bit(real: Project) -> None:
    idle = Scenario("idle", "空", "idle", (LeverUse("headquarters", 0.0), LeverUse("tourism", 0.0, 2028.0)))
    paired = run_paired(real, draw_members(real, 150, 2), Scenario(), idle)
    np.testing.assert_array_equal(paired.indicators[0], paired.indicators[1])


def test_a_member_alone_is_the_member_among_others(real: Project) -> None:
    members = draw_members(real, 150, 2)
    whole = run_paired(real, members, Scenario(), HEADQUARTERS)
    alone = run_paired(real, draw_members(real, 1, 2), Scenario(), HEADQUARTERS)
    np.testing.assert_array_equal(whole.indicators[:, :1], alone.indicators)


def test_a_run_and_a_sweep_end_to_end(real: Project) -> None:
    record = run_scenario(HEADQUARTERS, members=20, project=real).record
    assert record["failed_members"] == 0
    plan = plan_sweep(real, {"headquarters": (0.0, 1.0), "growth rate": (0.03, 0.05)}, 30)
    blocks: list[SweepBlock] = []
    run_sweep(real, plan, blocks.append, block=16)
    assert [len(block.goal) for block in blocks] == [16, 14]
    assert not any(block.failed.any() for block in blocks)


def test_shipped_priors_have_the_model_s_own_values(shipped: Project) -> None:
    wrong = [
        str(prior.constant)
        for prior in shipped.priors
        if not np.allclose(
            shipped.defaults[shipped.constant(prior.constant.name)].ravel()[
                cells(shipped.spec, prior.constant)
            ],
            prior.value,
        )
    ]
    assert wrong == []


def test_shipped_members_meet_their_anchors(shipped: Project) -> None:
    """Of a thousand members drawn from the priors about a dozen cannot be anchored; MOST_LOST may not."""
    assert draw_members(shipped, 64, 1).anchored.mean() >= 1 - MOST_LOST
