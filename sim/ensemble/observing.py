"""What the model says where there are observations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, series_of
from sim.errors import BadInput
from sim.spec.observations import Observation
from sim.spec.references import Reference

__all__ = ["predictions"]


def predictions(
    project: Project, result: Result, observations: Sequence[Observation] | None = None
) -> Floats:
    """Return (lanes, observations): each observed figure as the model gives it, in its own unit."""
    wanted = project.observations if observations is None else observations
    columns = [_figure(project, result, one) for one in wanted]
    if not columns:
        raise BadInput("There are no observations. Put at least one row in calibration/observations.csv.")
    return np.stack(columns, axis=1)


def _figure(project: Project, result: Result, one: Observation) -> Floats:
    now = _total(project, result, one.variable, one.year)
    with np.errstate(divide="ignore", invalid="ignore"):
        if one.operator == "growth":
            now = now / _total(project, result, one.variable, one.year - 1) - 1
        elif one.operator == "change":
            now = now - _total(project, result, one.variable, one.year - 1)
        elif one.of is not None:
            now = now / _total(project, result, one.of, one.year)
    return now * one.scale


def _total(project: Project, result: Result, reference: Reference, year: int) -> Floats:
    at = int(np.searchsorted(result.time, year - 1e-6))
    if at == len(result.time) or abs(float(result.time[at]) - year) > 1e-6:
        first, last = float(result.time[0]), float(result.time[-1])
        raise BadInput(f"The model saves no values at {year}; it saves {first:g} to {last:g}.")
    return np.asarray(series_of(project.spec, result, reference)[:, at].sum(axis=1))
