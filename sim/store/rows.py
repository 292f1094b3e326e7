"""A run record taken apart into table rows, and put together again exactly.

Keys with a column go there; whatever else a record holds is kept as JSON in ``rest``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = [
    "ASSUMPTION_COLUMNS",
    "from_rows",
    "indicator_row",
    "joined",
    "packed",
    "series_row",
    "split",
    "to_json",
]

ASSUMPTION_COLUMNS = ("constant", "unit", "value", "low", "high", "distribution", "evidence", "source")
ARMS = ("baseline", "scenario")
ARM_KEYS = ("p05", "p50", "p95", "probability_met")


def to_json(value: Any) -> str:
    """Return compact JSON; NaN is refused, since other readers cannot parse it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def split(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return ``row`` as the given columns plus ``rest`` (JSON)."""
    cells = {name: row.get(name) for name in columns}
    cells["rest"] = to_json({key: value for key, value in row.items() if key not in columns})
    return cells


def joined(cells: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return what ``split`` was given."""
    return {**{name: cells[name] for name in columns}, **json.loads(cells["rest"])}


def indicator_row(kpi: Mapping[str, Any]) -> dict[str, Any]:
    """Return one indicator as cells: both arms' quantiles get a column each."""
    row = {key: value for key, value in kpi.items() if key not in ARMS}
    cells = split(row, ("id", "year", "target", "direction"))
    for arm in ARMS:
        cells |= {f"{arm}_{key}": kpi[arm].get(key) for key in ARM_KEYS}
    return cells


def packed(values: Any) -> bytes:
    """Return numbers as float64 little-endian bytes; None becomes NaN."""
    return np.asarray(values, dtype="<f8").tobytes()


def series_row(series: Mapping[str, Any]) -> dict[str, Any]:
    """Return one series as cells: time and quantiles as blobs, (2 arms, quantiles, times)."""
    names = list(series["baseline"])
    row = {key: value for key, value in series.items() if key not in (*ARMS, "time")}
    return {
        **split(row, ("chart", "series")),
        "time": packed(series["time"]),
        "quantiles": to_json(names),
        "data": packed([[series[arm][name] for name in names] for arm in ARMS]),
    }


def _numbers(values: np.ndarray[Any, Any]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _indicator(cells: Mapping[str, Any]) -> dict[str, Any]:
    arms = {arm: {key: cells[f"{arm}_{key}"] for key in ARM_KEYS} for arm in ARMS}
    return {**joined(cells, ("id", "year", "target", "direction")), **arms}


def _series(cells: Mapping[str, Any]) -> dict[str, Any]:
    time = np.frombuffer(cells["time"], dtype="<f8")
    names = json.loads(cells["quantiles"])
    data = np.frombuffer(cells["data"], dtype="<f8").reshape(len(ARMS), len(names), len(time))
    bands = {arm: {name: _numbers(data[i, j]) for j, name in enumerate(names)} for i, arm in enumerate(ARMS)}
    return {**joined(cells, ("chart", "series")), "time": _numbers(time), **bands}


def from_rows(
    run: Mapping[str, Any],
    indicators: list[dict[str, Any]],
    series: list[dict[str, Any]],
    assumptions: list[dict[str, Any]],
    tags: list[str],
) -> dict[str, Any]:
    """Return the run record again from its rows; an unfinished run has no results, only what was asked."""
    record: dict[str, Any] = {
        "run_id": run["id"],
        "created": run["created"],
        "status": run["status"],
        "command": json.loads(run["command"]),
        "tags": tags,
        "seed": run["seed"],
        "members": run["members"],
        "scenario": json.loads(run["scenario"]),
    }
    if run["message"]:
        record["message"] = run["message"]
    if run["goal"] is None:
        return record
    return record | {
        **{key: run[key] for key in ("failed_members", "ensemble", "price_basis", "elapsed_s")},
        "goal": json.loads(run["goal"]),
        "provenance": json.loads(run["provenance"]),
        "kpis": [_indicator(row) for row in indicators],
        "series": [_series(row) for row in series],
        "assumptions": [joined(row, ASSUMPTION_COLUMNS) for row in assumptions],
        **json.loads(run["rest"]),
    }
