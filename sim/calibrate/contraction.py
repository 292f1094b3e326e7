"""How much narrower each constant became than its prior, and which constants the posterior ties together."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.calibrate.forward import draws_of
from sim.calibrate.naming import band, constant_names, number
from sim.ensemble import Project
from sim.ensemble.runner import Floats

__all__ = ["CONTRACTED", "CORRELATED", "contraction", "contractions", "correlations"]

CONTRACTED = 0.2
"""A constant whose variance shrank by less than this is not constrained: it must not be called calibrated."""

LARGEST = 40
CORRELATED, PAIRS = 0.3, 30
"""Weakest correlation that is listed, and the most pairs."""


def contractions(z: Floats) -> Floats:
    """Return (priors,): one less the variance of coordinates (members, priors), whose prior variance is 1."""
    return np.asarray(1 - z.var(axis=0, ddof=1))


def contraction(
    project: Project, z: Floats, covariance: Floats, prior: Floats, effective: float
) -> dict[str, Any]:
    """Return what the observations say of each constant.

    Args:
        project: whose sampled priors are the columns.
        z: (members, priors) of the posterior.
        covariance: (priors, priors) of the posterior if the model were linear: free of sampling noise.
        prior: (points, priors) drawn from the prior.
        effective: how many independent draws the members are worth.
    """
    found, linear, shift = contractions(z), 1 - np.diag(covariance), z.mean(axis=0)
    names = constant_names(project)
    order = np.argsort(-found, kind="stable")
    draws, before = draws_of(project, z), draws_of(project, prior)
    largest = [
        names[at]
        | {
            "unit": project.sampled[at].unit,
            "evidence": project.sampled[at].evidence,
            "contraction": number(found[at]),
            "linear": number(linear[at]),
            "shift": number(shift[at]),
            "prior": band(before[:, at]),
            "posterior": band(draws[:, at]),
        }
        for at in order[:LARGEST]
    ]
    return {
        "threshold": CONTRACTED,
        "sampled": len(names),
        "above": int((found > CONTRACTED).sum()),
        "above_linear": int((linear > CONTRACTED).sum()),
        "untouched": int((linear < 1e-6).sum()),
        # The variance of a normal sample's variance is 2 / n: this is where 95 % of the zeros lie.
        "noise": number(float(1.96 * np.sqrt(2 / effective))),
        "largest": largest,
        "all": [
            [
                names[at]["constant"],
                round(float(found[at]), 3),
                round(float(linear[at]), 3),
                round(float(shift[at]), 3),
            ]
            for at in range(len(names))
        ],
    }


def correlations(project: Project, z: Floats, covariance: Floats) -> dict[str, Any]:
    """Return the strongest correlations between constants in the posterior (members, priors)."""
    found = np.atleast_2d(np.corrcoef(z, rowvar=False))
    scale = np.sqrt(np.diag(covariance))
    linear = covariance / np.outer(scale, scale)
    names = constant_names(project)
    first, second = np.triu_indices(len(names), 1)
    strong = np.flatnonzero(np.abs(found[first, second]) > CORRELATED)
    order = strong[np.argsort(-np.abs(found[first[strong], second[strong]]), kind="stable")]
    return {
        "threshold": CORRELATED,
        "above": int(strong.size),
        "pairs": [
            {
                "first": names[one],
                "second": names[other],
                "correlation": number(found[one, other]),
                "linear": number(linear[one, other]),
            }
            for one, other in zip(first[order[:PAIRS]], second[order[:PAIRS]], strict=True)
        ],
    }
