"""Members, scenarios and paired runs: from content and levers to the record of a run."""

from __future__ import annotations

from sim.ensemble.lanes import describe_scenario
from sim.ensemble.members import Members, draw_members, median_start
from sim.ensemble.paired import Paired, run_paired
from sim.ensemble.project import Project, load_project
from sim.ensemble.record import RunRecord, short_record
from sim.ensemble.run import run_scenario
from sim.ensemble.runner import Progress
from sim.spec.scenario import LeverUse, Scenario

__all__ = [
    "LeverUse",
    "Members",
    "Paired",
    "Progress",
    "Project",
    "RunRecord",
    "Scenario",
    "describe_scenario",
    "draw_members",
    "load_project",
    "median_start",
    "run_paired",
    "run_scenario",
    "short_record",
]
