"""Whether the intervals hold what they say: coverage and ranks over made-up regions.

Coverage: the share of regions whose 90 % interval holds the truth. Ranks: simulation-based calibration
(Talts, Betancourt, Simpson, Vehtari and Gelman 2018, arXiv 1804.06788): the rank of the truth among
independent draws of the posterior is uniform if the posterior is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibrate.naming import constant_names, figure_names, number
from sim.calibrate.predictive import interval
from sim.calibrate.regions import Beliefs, Truths, picked
from sim.ensemble import Project
from sim.ensemble.paired import goal_kpi
from sim.ensemble.runner import Floats

__all__ = ["DRAWS", "Asked", "asked_constants", "coverage", "ranks"]

NOMINAL = 0.9
ALLOWED = (0.87, 0.93)
DRAWS = 19
"""Draws that a truth is ranked among: as many as are nearly independent in the weakest regions."""

EXPECTED = 5
"""Regions to expect in each bin of a chi-square test at least."""

INFORMED, GOAL = 8, 4


@dataclass(frozen=True)
class Asked:
    """Truth and posterior of each quantity: ``truth`` (regions, quantities), ``values`` (regions, particles,
    quantities), ``weights`` (regions, particles), and ``rows``, what each quantity is.
    """

    truth: Floats
    values: Floats
    weights: Floats
    rows: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, project: Project, truths: Truths, beliefs: Beliefs, constants: NDArray[np.intp]) -> Asked:
        """Put figures, the chosen constants and the goal side by side."""
        truth = [truths.cloud.figures, truths.cloud.z[:, constants], truths.goal[:, None]]
        values = [beliefs.figures, beliefs.z, beliefs.goal[:, :, None]]
        return cls(
            np.concatenate(truth, axis=1),
            np.concatenate(values, axis=2),
            beliefs.weights,
            tuple(_rows(project, constants)),
        )


def asked_constants(slopes: Floats, truths: Truths) -> NDArray[np.intp]:
    """Return which constants to ask about: those that the figures tell most of or that the goal moves with.

    ``slopes`` is (priors, observations), the change of the figures in deviations.
    """
    told = np.argsort(-(slopes**2).sum(axis=1), kind="stable")[:INFORMED]
    z, goal = truths.cloud.z, truths.goal - truths.goal.mean()
    moves = np.abs(z.T @ goal) / np.maximum(np.sqrt((z**2).sum(axis=0)), 1e-12)
    moves[told] = -1
    more = np.argsort(-moves, kind="stable")[:GOAL]
    found = np.concatenate([told, more])
    return np.asarray(found[np.sort(np.unique(found, return_index=True)[1])], dtype=np.intp)


def coverage(asked: Asked) -> dict[str, Any]:
    """Return the share of regions whose 90 % interval holds the truth.

    Returns:
        ``rows`` (names, ``kind`` figure, constant or goal, ``coverage``, its standard ``error``,
        ``within``), ``kinds`` (kind → ``coverage``, ``error``, ``quantities``, ``within``; the error counts
        regions, not quantities, since those of a region go together), ``regions``, ``nominal``, ``allowed``
        (low, high), ``met`` (every kind within).
    """
    low, high = interval(asked.values, asked.weights)
    held = (asked.truth >= low) & (asked.truth <= high)
    rows = [row | _share(held[:, at][:, None]) for at, row in enumerate(asked.rows)]
    kinds: dict[str, dict[str, Any]] = {}
    for kind in ("figure", "constant", "goal"):
        which = np.array([row["kind"] == kind for row in asked.rows])
        if which.any():
            kinds[kind] = _share(held[:, which]) | {"quantities": int(which.sum())}
    return {
        "rows": rows,
        "kinds": kinds,
        "regions": len(held),
        "nominal": NOMINAL,
        "allowed": list(ALLOWED),
        "met": all(one["within"] for one in kinds.values()),
        "rows_within": sum(row["within"] for row in rows),
    }


def ranks(asked: Asked, seed: int) -> dict[str, Any]:
    """Return how the truths rank among draws of the posterior.

    Returns:
        ``rows`` (names, ``kind``, ``counts`` per bin, ``chi_square``, ``p``), ``draws``, ``bins``,
        ``regions``, ``smallest`` (p), ``adjusted`` (smallest p times the number of tests, at most 1:
        Bonferroni), ``met`` (adjusted ≥ 0.05).
    """
    from scipy.stats import chi2

    rng = np.random.default_rng([seed, 6])
    regions = len(asked.truth)
    bins = next((count for count in (20, 10, 5, 4) if regions >= EXPECTED * count), 2)
    chosen = picked(asked.weights, DRAWS, rng)
    drawn = asked.values[np.arange(regions)[:, None], chosen]
    rank = (drawn < asked.truth[:, None]).sum(axis=1)
    rows: list[dict[str, Any]] = []
    for at, row in enumerate(asked.rows):
        counts = np.bincount(rank[:, at] * bins // (DRAWS + 1), minlength=bins)
        score = float(((counts - regions / bins) ** 2 / (regions / bins)).sum())
        p = float(chi2.sf(score, bins - 1))
        rows.append(row | {"counts": counts.tolist(), "chi_square": number(score), "p": number(p)})
    smallest = min(float(row["p"]) for row in rows)
    adjusted = min(1.0, smallest * len(rows))
    return {
        "rows": rows,
        "draws": DRAWS,
        "bins": bins,
        "regions": regions,
        "smallest": number(smallest),
        "adjusted": number(adjusted),
        "met": adjusted >= 0.05,
    }


def _rows(project: Project, constants: NDArray[np.intp]) -> Sequence[dict[str, Any]]:
    names, goal = constant_names(project), goal_kpi(project)
    rows = [{"kind": "figure"} | figure_names(one) for one in project.observations]
    rows += [{"kind": "constant", "id": names[at]["constant"], **names[at]} for at in constants]
    last = {"id": goal.id, "zh": goal.zh, "en": goal.en, "year": goal.year, "unit": goal.unit_en}
    return [*rows, {"kind": "goal", **last}]


def _share(held: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the share of truths held (regions, quantities), with the standard error over regions."""
    each = held.mean(axis=1)
    share = float(each.mean())
    error = float(each.std() / np.sqrt(len(each)))
    within = ALLOWED[0] <= share <= ALLOWED[1]
    return {"coverage": number(share), "error": number(error), "within": within}
