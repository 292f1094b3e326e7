"""What the model expects of the observations and of the goals before and after it has met the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.calibrate.naming import band, figure_names, number
from sim.ensemble import Project
from sim.ensemble.runner import Floats
from sim.spec.kpis import Kpi
from sim.spec.observations import Observation

__all__ = ["city_goals", "expectations", "repeated"]


def repeated(figures: Floats, deviations: Floats, seed: int) -> Floats:
    """Return figures (members, figures) with an error of their own each: what could have been reported."""
    noise = np.random.default_rng([seed, 5]).standard_normal(figures.shape)
    return np.asarray(figures + deviations * noise)


def city_goals(project: Project) -> tuple[int, ...]:
    """Return the rows of kpis.csv with a target of the city's own: one whose fact has the scope city."""
    own = {fact.id for fact in project.facts if fact.scope == "city"}
    return tuple(
        at for at, kpi in enumerate(project.kpis) if kpi.target is not None and own.intersection(kpi.facts)
    )


def expectations(
    project: Project,
    prior_figures: Floats,
    figures: Floats,
    prior_indicators: Floats,
    indicators: Floats,
    seed: int,
) -> dict[str, Any]:
    """Return 5, 50 and 95 % of every observation and of the city's goals under prior and posterior.

    Args:
        project: whose observations and indicators the columns are.
        prior_figures: (points, observations) of the prior; points that failed are left out.
        figures: (members, observations) of the posterior.
        prior_indicators: (points, rows of kpis.csv) of the prior.
        indicators: (members, rows of kpis.csv) of the posterior.
        seed: of the errors that figures are repeated with.
    """
    prior_figures = prior_figures[np.isfinite(prior_figures).all(axis=1)]
    return {
        "points": len(prior_figures),
        "members": len(figures),
        "observations": _observations(project.observations, prior_figures, figures, seed),
        "goals": [
            _goal(project.kpis[at], prior_indicators[:, at], indicators[:, at]) for at in city_goals(project)
        ],
    }


def _observations(
    observations: Sequence[Observation], prior: Floats, posterior: Floats, seed: int
) -> list[dict[str, Any]]:
    deviations = np.array([one.deviation for one in observations])
    again = repeated(posterior, deviations, seed)
    return [
        figure_names(one)
        | {
            "value": number(one.value),
            "deviation": number(one.deviation),
            "side": one.side,
            "prior": band(prior[:, at]),
            "posterior": band(posterior[:, at]),
            "repeated": band(again[:, at]),
        }
        for at, one in enumerate(observations)
    ]


def _goal(kpi: Kpi, prior: Floats, posterior: Floats) -> dict[str, Any]:
    before, after = _spread(prior), _spread(posterior)
    return {
        "id": kpi.id,
        "zh": kpi.zh,
        "en": kpi.en,
        "unit": {"zh": kpi.unit_zh, "en": kpi.unit_en},
        "year": kpi.year,
        "target": kpi.target,
        "direction": kpi.direction,
        "prior": band(prior),
        "posterior": band(posterior),
        "narrowed": number(after / before) if before > 0 else None,
    }


def _spread(values: Floats) -> float:
    """Return the standard deviation, of the logarithm where there is one."""
    return float(np.std(np.log(values) if (values > 0).all() else values, ddof=1))
