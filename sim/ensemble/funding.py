"""What the levers of a scenario ask of each purse, year by year, what it pays, and what is left unpaid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.ensemble.anchoring import value_at
from sim.ensemble.indicators import quantiles
from sim.ensemble.project import Project
from sim.ensemble.runner import Floats, Result, series_of
from sim.spec.funding import Purse

__all__ = ["funding_paths", "funding_record"]

BAND = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
NOTHING = 1e-9
"""Money of a purse below this is none: a lever that is not pulled asks for exactly nothing."""


def funding_paths(project: Project, result: Result, lanes: slice) -> NDArray[np.float32]:
    """Return (purses, 2, years, lanes): asked and paid in every whole year that was run, in shown units."""
    years = run_years(result.time)
    paths = np.empty((len(project.purses), 2, len(years), lanes.stop - lanes.start), dtype=np.float32)
    for row, purse in enumerate(project.purses):
        for at, variable in enumerate((purse.asked, purse.paid)):
            series = series_of(project.spec, result, variable)[lanes] * purse.scale
            paths[row, at] = [value_at(result.time, series, year)[:, 0] for year in years]
    return paths


def run_years(time: NDArray[np.float64]) -> list[int]:
    """Return the whole years between the first and the last time."""
    return list(range(int(np.ceil(time[0] - 1e-6)), int(time[-1] + 1e-6) + 1))


def funding_record(
    purses: Sequence[Purse], time: NDArray[np.float64], paths: NDArray[np.float32]
) -> list[dict[str, Any]]:
    """Return what the record keeps of each purse that something is asked of.

    A purse has its names and unit; ``years`` from the first in which something is asked; ``asked``, ``paid``,
    ``unpaid`` and ``share`` (paid over asked, None while nothing is asked), each with a list over those years
    for 5, 50 and 95 % of the members; ``total``, the same four over all of those years together; and
    ``worst``, the year with the lowest median share.

    Args:
        purses: rows of funding.csv.
        time: (times,) that were run.
        paths: (purses, 2, years, members) from :func:`funding_paths`, of members that ran through.
    """
    rows = (_purse(purse, run_years(time), path) for purse, path in zip(purses, paths, strict=True))
    return [row for row in rows if row]


def _purse(purse: Purse, years: list[int], path: NDArray[np.float32]) -> dict[str, Any]:
    begun = np.flatnonzero((path[0] > NOTHING).any(axis=1))
    if not begun.size:
        return {}
    known = path[:, begun[0] :].astype(np.float64)
    yearly, total = _four(known[0], known[1]), _four(*known.sum(axis=1))
    shares = [np.inf if share is None else share for share in yearly["share"]["p50"]]
    return {
        "id": purse.id,
        "zh": purse.zh,
        "en": purse.en,
        "unit": {"zh": purse.unit_zh, "en": purse.unit_en},
        "years": years[begun[0] :],
        **yearly,
        "total": total,
        "worst": years[begun[0] + int(np.argmin(shares))],
    }


def _four(asked: Floats, paid: Floats) -> dict[str, Any]:
    """Return the bands of (…, members) asked, paid, unpaid and share."""
    unpaid = np.maximum(asked - paid, 0.0)
    share = np.divide(paid, asked, out=np.full_like(paid, np.nan), where=asked > NOTHING)
    named = {"asked": asked, "paid": paid, "unpaid": unpaid, "share": share}
    return {name: _band(values) for name, values in named.items()}


def _band(values: Floats) -> dict[str, Any]:
    found = quantiles(values, tuple(BAND.values()))
    return {name: _plain(row) for name, row in zip(BAND, found, strict=True)}


def _plain(values: Any) -> Any:
    """Return six significant digits, None for what is not a number."""
    if np.ndim(values):
        return [_plain(value) for value in values]
    return float(f"{values:.6g}") if np.isfinite(values) else None
