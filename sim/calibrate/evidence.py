"""What the data can tell and what they cannot, as one record: the sections that ``sim evidence`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.calibrate.anchor_table import anchor_table
from sim.calibrate.contraction import contraction, correlations
from sim.calibrate.expectations import expectations
from sim.calibrate.forward import Cloud, Forward, prior_points
from sim.calibrate.lever_evidence import IDENTIFIED, chances, lever_effects, plan_scenario
from sim.calibrate.likelihood import Likelihood
from sim.calibrate.outlook import look_out
from sim.calibrate.profiles import profiles
from sim.calibrate.slopes import find_slopes
from sim.calibrate.value_of_data import value_of_data
from sim.ensemble import Project
from sim.ensemble.paired import goal_kpi
from sim.ensemble.posterior import identity
from sim.ensemble.runner import Progress
from sim.spec.observations import Observation
from sim.spec.reported import load_reported, load_statistics

__all__ = ["FORMAT", "Asked", "evidence", "figures_asked"]

FORMAT = 1
PRIOR_MEMBERS = 1000
STAGES = 6


@dataclass(frozen=True)
class Asked:
    """Figures that are not fitted: what documents report, and what statistics could say."""

    reported: tuple[Observation, ...] = ()
    statistics: tuple[Observation, ...] = ()


def figures_asked(project: Project) -> Asked:
    """Load a place's reported figures and candidate statistics; either file may be missing.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    reported = project.study.find("calibration", "reported.csv")
    statistics = project.study.find("calibration", "statistics.csv")
    return Asked(
        load_reported(reported, project.facts, project.observations) if reported else (),
        load_statistics(statistics) if statistics else (),
    )


def evidence(
    forward: Forward,
    likelihood: Likelihood,
    prior: Cloud,
    members: Cloud,
    effective: float,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return everything that the posterior says of the data, as plain JSON data.

    Args:
        forward: the model of a place.
        likelihood: of its observations.
        prior: points drawn from the prior; points that are not anchored are left out.
        members: of the posterior.
        effective: how many independent draws the members are worth.
        seed: of the errors that figures are repeated with.
        progress: called with stage "evidence".

    Raises:
        BadInput: a file of figures is wrong, or kpis.csv has no goal.
        SimError: no member runs through.
    """
    project, asked = forward.project, figures_asked(forward.project)
    members, prior = members[members.good], prior[prior.good]
    steps = iter(range(STAGES + 1))

    def step() -> None:
        if progress:
            progress("evidence", next(steps), STAGES)

    step()
    after = look_out(project, members, (*asked.reported, *asked.statistics))
    step()
    # The first points of a bank are no sample: so few points of a Sobol sequence are correlated.
    drawn = forward(prior_points(project, PRIOR_MEMBERS, seed))
    before = look_out(project, drawn[drawn.good])
    step()
    slopes = find_slopes(forward, members)
    covariance = slopes.covariance(likelihood.deviation)
    step()
    profiled = profiles(forward, likelihood, slopes, after.z, after.goals)
    step()
    plan = plan_scenario(project)
    chance = chances(project, members, plan)
    step()
    split = len(asked.reported)
    goal = goal_kpi(project)
    found = {
        "format": FORMAT,
        "made_for": identity(project),
        "seed": seed,
        "members": len(members),
        "effective": float(f"{effective:.6g}"),
        "goal": {"year": goal.year, "target": goal.target},
        "contraction": contraction(project, members.z, covariance, prior.z, min(effective, len(members))),
        "correlations": correlations(project, members.z, covariance),
        "profiles": profiled,
        "predictive": expectations(
            project, prior.figures, members.figures, before.indicators, after.indicators, seed
        ),
        "value": value_of_data(asked.statistics, after.figures[:, split:], after.goals, goal.year),
        "anchors": anchor_table(
            asked.reported, after.figures[:, :split], project.observations, members.figures, seed
        ),
        "levers": {
            "threshold": IDENTIFIED,
            "levers": lever_effects(project, members.z, slopes.figures / likelihood.deviation, covariance),
            "plan": {"name": plan.name, "zh": plan.zh, "en": plan.en, "levers": len(plan.levers)},
            "chances": chance,
        },
    }
    step()
    return found
