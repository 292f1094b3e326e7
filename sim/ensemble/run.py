"""A scenario beside the baseline: the whole of ``sim run`` but its printing and storing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from sim.ensemble.choosing import Choice, chosen_members
from sim.ensemble.evidence import evidence_summary
from sim.ensemble.lanes import check_scenario
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
    folder: Path | None = None,
    run_id: str | None = None,
    command: Sequence[str] = (),
    tags: Sequence[str] = (),
    progress: Progress | None = None,
    choice: Choice | None = None,
) -> RunRecord:
    """Run the baseline and a scenario with the same members and return the run's record.

    ``project`` (default: that of the study ``folder``, or the shipped one) is the place.
    ``choice`` says which members to take (default: calibrated ones where there are any).

    Raises:
        BadInput: members or seed out of range, unknown lever or input, or faulty content.
        SimError: the members cannot be anchored, or none ran through.
    """
    begun = time.perf_counter()
    check_count(members)
    check_seed(seed)
    whole = project or load_project(folder)
    check_scenario(whole, scenario)
    drawn = chosen_members(whole, members, seed, choice, progress)
    paired = run_paired(whole, drawn, Scenario(), scenario, progress)
    evidence, missing = evidence_summary(whole, drawn.origin) if drawn.origin else (None, "")
    return make_record(
        whole, scenario, drawn, paired, evidence=evidence, no_evidence=missing,
        run_id=run_id, command=command, tags=tags, elapsed_s=time.perf_counter() - begun,
    )  # fmt: skip
