"""Members of a posterior taken over for another model or other data.

Where priors changed the members are reweighted by the ratio of new to old prior (importance sampling) and
then resampled systematically (Kitagawa 1996, Journal of Computational and Graphical Statistics 5(1)), so that
all that reads members goes on without weights. Constants that the posterior lacks are drawn from their prior,
each row anew, and the anchors are solved again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.distributions import Range, log_density, range_of, support
from sim.ensemble.identity import Computed, differences, spelled
from sim.ensemble.members import Adapted, Members, anchor_draws, median_start
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats
from sim.ensemble.sampling import prior_draws, uniforms
from sim.errors import BadInput

__all__ = ["LEAST_EFFECTIVE", "adapt", "effective_size", "log_weights", "systematic"]

LEAST_EFFECTIVE = 200
"""Fewer independent members than this say little of a band's ends: a posterior worth less is refused."""

SINGLE = 1.2e-7
"""Relative rounding of the file's draws."""

SHOWN = 3


def adapt(
    project: Project, priors: Mapping[str, Range], draws: Floats, made_from: Computed, seed: int
) -> tuple[Members, Adapted]:
    """Return as many members as a posterior has, and how they were taken over.

    Args:
        project: the model and data of now.
        priors: those of the posterior, one for each column of ``draws``.
        draws: (members, priors) of the posterior.
        made_from: digests of what the posterior was made from, by part and name.
        seed: of the resampling and of constants that the posterior lacks.

    Raises:
        BadInput: the priors changed so much that under 200 effective members are left.
        SimError: more than 5 % of the members cannot be anchored.
    """
    now = {spelled(prior.constant): range_of(prior) for prior in project.sampled}
    weights = log_weights(priors, draws, now)
    total = sum(weights.values(), np.zeros(len(draws)))
    effective = effective_size(total)
    if weights and effective < LEAST_EFFECTIVE:
        raise BadInput(_too_few(weights, effective, len(draws)))
    shift = float(uniforms("resampling", seed, 1)[0])
    rows = systematic(total, shift) if weights else np.arange(len(draws))
    column = {name: at for at, name in enumerate(priors)}
    found = prior_draws(project.sampled, len(rows), seed)
    for at, name in enumerate(now):
        if name in column:
            found[:, at] = draws[rows, column[name]]
    solved = anchor_draws(project, found, median_start(project))
    adapted = Adapted(
        differs=differences(made_from, project.computed),
        changed=tuple(weights),
        added=tuple(name for name in now if name not in column),
        lost=tuple(name for name in column if name not in now),
        effective=effective,
    )
    return Members(seed, found, solved.logs, solved.hit, "posterior", rows=rows), adapted


def log_weights(priors: Mapping[str, Range], draws: Floats, now: Mapping[str, Range]) -> dict[str, Floats]:
    """Return for each constant with another prior now the (members,) log ratio of new to old density."""
    found: dict[str, Floats] = {}
    for at, (name, before) in enumerate(priors.items()):
        after = now.get(name)
        if after is not None and _density(after) != _density(before):
            x = _inside(before, draws[:, at])
            found[name] = log_density(after, x) - log_density(before, x)
    return found


def effective_size(log: Floats) -> float:
    """Return what members with these log weights are worth: squared sum over sum of squares (Kish 1965)."""
    best = log.max()
    if not np.isfinite(best):
        return 0.0
    weights = np.exp(log - best)
    return float(weights.sum() ** 2 / (weights**2).sum())


def systematic(log: Floats, shift: float) -> NDArray[np.intp]:
    """Return as many rows as there are weights, each as often as its weight says but for less than one."""
    weights = np.exp(log - log.max())
    edges = np.cumsum(weights) / weights.sum()
    places = (shift + np.arange(len(log))) / len(log)
    # A row without weight is never chosen: the last edge is that of the last row that has any.
    return np.asarray(
        np.minimum(np.searchsorted(edges, places, "right"), np.flatnonzero(weights)[-1]), dtype=np.intp
    )


def _density(given: Range) -> tuple[object, ...]:
    """Return what the density depends on: the value only where it is the mode."""
    kind, low, value, high = given
    return (kind, low, value, high) if kind in ("triangular", "pert") else (kind, low, high)


def _inside(given: Range, x: Floats) -> Floats:
    """Return draws moved inside the support that they were drawn from, as far as rounding took them out."""
    low, high = support(given)
    edge = 1e-6 * (high - low) + SINGLE * max(abs(low), abs(high))
    return np.clip(x, low + edge, high - edge)


def _too_few(weights: Mapping[str, Floats], effective: float, members: int) -> str:
    worst = sorted(weights, key=lambda name: effective_size(weights[name]))[:SHOWN]
    each = ", ".join(f"{name} ({effective_size(weights[name]):.0f} by itself)" for name in worst)
    return (
        f"The priors have changed too much since the calibration: its {members} members are worth "
        f"{effective:.0f} under the priors of now, fewer than the {LEAST_EFFECTIVE} that are needed. Most is "
        f"lost by {each}. Calibrate again with sim calibrate, or run with --ensemble=prior."
    )
