"""Ranks, and how closely an outcome goes with each of many inputs."""

from __future__ import annotations

import numpy as np

from sim.ensemble.runner import Floats

__all__ = ["rank_correlations", "ranks"]


def ranks(columns: Floats) -> Floats:
    """Return ranks by column of (rows, columns); ties share their mean rank."""
    result = np.empty(columns.shape)
    for at, column in enumerate(columns.T):
        _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        result[:, at] = (last - (counts - 1) / 2)[place]
    return result


def rank_correlations(inputs: Floats, outcome: Floats) -> Floats:
    """Return (inputs,) Spearman's correlation of each column with the outcome, NaN where one does not vary.

    Args:
        inputs: (rows, inputs).
        outcome: (rows,), finite.
    """
    found = ranks(np.column_stack([inputs, outcome]))
    centred = found - found.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(centred[:, :-1].T @ centred[:, -1] / (spread[:-1] * spread[-1]))
