"""A scenario beside the baseline: the whole of ``sim run`` but its printing and storing."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sim.ensemble.lanes import check_scenario
from sim.ensemble.members import draw_members
from sim.ensemble.paired import run_paired
from sim.ensemble.project import Project, load_project
from sim.ensemble.record import RunRecord, make_record
from sim.ensemble.runner import Progress
from sim.ensemble.sampling import check_count, check_seed
from sim.spec.scenario import Scenario

__all__ = ["run_scenario"]


def run_scenario(
    scenario: Scenario,
    *,
    members: int = 1000,
    seed: int = 1,
    project: Project | None = None,
    run_id: str | None = None,
    command: Sequence[str] = (),
    tags: Sequence[str] = (),
    progress: Progress | None = None,
) -> RunRecord:
    """Run the baseline and a scenario with the same members and return the run's record.

    Raises:
        BadInput: members or seed out of range, unknown lever or input, or faulty content.
        SimError: the members cannot be anchored, or none ran through.
    """
    begun = time.perf_counter()
    check_count(members)
    check_seed(seed)
    whole = project or load_project()
    check_scenario(whole, scenario)
    drawn = draw_members(whole, members, seed, progress)
    paired = run_paired(whole, drawn, Scenario(), scenario, progress)
    return make_record(
        whole, scenario, drawn, paired,
        run_id=run_id, command=command, tags=tags, elapsed_s=time.perf_counter() - begun,
    )  # fmt: skip
