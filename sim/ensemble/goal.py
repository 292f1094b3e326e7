"""The goal's part of a run record: probabilities and their errors, the year reached, the paired effect."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.indicators import quantiles, year_by_share
from sim.ensemble.paired import GOAL_CURRENT, Paired, goal_kpi
from sim.ensemble.project import Project
from sim.words import sampling_error

__all__ = ["ARMS", "goal_of", "plain", "summary"]

ARMS = ("baseline", "scenario")
SUMMARY = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


def goal_of(project: Project, paired: Paired, sample: float) -> dict[str, Any]:
    """Return what a record says of the goal, as plain JSON data.

    Each arm has its probability at both price bases with the sampling error (one standard error), and the
    year by which 5, 50 and 95 % of the members reach the goal; ``effect`` and ``change`` are paired.
    ``sample`` is how many independent members the errors are reckoned with.
    """
    constant, current = goal_kpi(project), goal_kpi(project, GOAL_CURRENT)
    at = {"constant": project.kpis.index(constant), "current": project.kpis.index(current)}
    values = paired.indicators[:, paired.kept]
    met = {basis: values[:, :, column] >= (constant.target or 0.0) for basis, column in at.items()}
    moved = {
        basis: bool((values[0, :, column] != values[1, :, column]).any()) for basis, column in at.items()
    }
    change = {
        **{f"probability_{basis}": plain(one[1].mean() - one[0].mean()) for basis, one in met.items()},
        **{f"sampling_error_{basis}": _paired_error(one, moved[basis], sample) for basis, one in met.items()},
    }
    effect = values[1, :, at["constant"]] - values[0, :, at["constant"]]
    arms = {
        name: _chances({basis: one[arm] for basis, one in met.items()}, sample)
        | {"year_reached": _years(paired.reached[arm, paired.kept])}
        for arm, name in enumerate(ARMS)
    }
    goal = {"target": constant.target, "year": constant.year}
    return goal | arms | {"effect": summary(effect), "change": change}


def summary(values: NDArray[np.float64], *, whole: bool = False) -> dict[str, float | None]:
    """Return the 5, 50 and 95 % quantiles of (members,), whole numbers where ``whole``."""
    found = quantiles(values, tuple(SUMMARY.values()), whole=whole)
    return {name: plain(value) for name, value in zip(SUMMARY, found, strict=True)}


def plain(value: float) -> float | None:
    """Return seven significant digits, more than any source has; None for what JSON cannot say."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _chances(met: dict[str, NDArray[np.bool_]], sample: float) -> dict[str, float | None]:
    """Return the shares of members that meet the goal, by price basis, and their sampling errors."""
    shares = {basis: float(one.mean()) for basis, one in met.items()}
    errors = {basis: plain(sampling_error(share, sample)) for basis, share in shares.items()}
    return {
        **{f"probability_{basis}": share for basis, share in shares.items()},
        **{f"sampling_error_{basis}": error for basis, error in errors.items()},
    }


def _years(reached: NDArray[np.float64]) -> dict[str, int | None]:
    return {name: year_by_share(reached, share) for name, share in SUMMARY.items()}


def _paired_error(met: NDArray[np.bool_], moved: bool, sample: float) -> float | None:
    """Return the standard error of the difference of the arms' shares, from (2 arms, members) in pairs.

    Where values ``moved`` and no member changes sides, which no sample shows of all, half a member is taken
    to change.
    """
    change = met[1].astype(np.float64) - met[0]
    if moved and not change.any():
        return plain(sampling_error(0.0, sample))
    return plain(float(change.std()) / math.sqrt(sample))
