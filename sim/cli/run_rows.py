"""A run record as CSV: a row for each indicator and year, then the goal, the targets and the run itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.cli.options import write_csv
from sim.words import ahead, assessed, sample_size, sampling_error, targets_likely

__all__ = ["write_rows"]

ARMS = ("baseline", "scenario")
ARM_KEYS = ("p05", "p50", "p95", "probability_met")
COLUMNS = (
    "id", "zh", "en", "year", "target", "direction", "unit_zh", "unit_en",
    *(f"{arm}_{key}" for arm in ARMS for key in ARM_KEYS),
    "assessed", *(f"{arm}_sampling_error" for arm in ARMS), *(f"{arm}_value" for arm in ARMS), "run_id",
)  # fmt: skip
YI = {"unit_zh": "亿元", "unit_en": "100 million yuan"}

Record = Mapping[str, Any]


def write_rows(record: Record) -> None:
    """Write a record as CSV; money is in 亿元, as in the record, and shares are from 0 to 1."""
    rows = (*_indicators(record), *_goal(record), *_counts(record))
    write_csv(COLUMNS, [row | {"run_id": record["run_id"]} for row in rows])


def _indicators(record: Record) -> Iterator[dict[str, Any]]:
    for kpi in record["kpis"]:
        judged = assessed(kpi)
        row = {**kpi, "assessed": "yes" if judged else "no"}
        row |= {f"unit_{lang}": unit for lang, unit in kpi["unit"].items()}
        for arm in ARMS:
            row |= {f"{arm}_{key}": kpi[arm].get(key) for key in ARM_KEYS}
            row |= _error(record, arm, kpi[arm].get("probability_met")) if judged else {}
        yield row


def _goal(record: Record) -> Iterator[dict[str, Any]]:
    goal = record["goal"]
    head = {"year": goal["year"], "target": goal["target"]}
    for basis in ("constant", "current"):
        row = {"id": f"goal-{basis}-prices", "zh": "目标", "en": "goal", **head, "direction": "reach", **YI}
        for arm in ARMS:
            share = goal[arm][f"probability_{basis}"]
            row |= {f"{arm}_probability_met": share} | _error(record, arm, share)
        yield row
    year = {"id": "goal-year", "zh": "首次达到目标的年份", "en": "first year that reaches the goal"}
    for arm in ARMS:
        year |= {f"{arm}_{name}": value for name, value in goal[arm]["year_reached"].items()}
    yield year | head
    change = {f"scenario_{name}": value for name, value in goal["effect"].items()}
    difference = {"id": "goal-difference", "zh": "与基线之差", "en": "difference from the baseline"}
    yield difference | head | YI | change


def _error(record: Record, arm: str, share: float | None) -> dict[str, Any]:
    if share is None:
        return {}
    return {f"{arm}_sampling_error": float(f"{sampling_error(share, sample_size(record)):.7g}")}


def _counts(record: Record) -> Iterator[dict[str, Any]]:
    likely = {f"{arm}_value": targets_likely(record, arm) for arm in ARMS}
    names = {"zh": "较可能达到的规划指标", "en": "targets at least likely to be met"}
    yield {"id": "targets-likely", **names, "target": len(ahead(record)), **likely}
    failed = record["failed_members"]
    for name, zh, count in (("members", "成员", record["members"]), ("failed-members", "失败的成员", failed)):
        yield {"id": name, "zh": zh, "en": name.replace("-", " "), **{f"{arm}_value": count for arm in ARMS}}
    for lever in record["scenario"]["levers"]:
        row = {"zh": lever["zh"], "en": lever["en"], "year": lever["start"]}
        yield row | {"id": f"lever-{lever['id']}", "scenario_value": lever["intensity"]}
        yield row | YI | {"id": f"lever-cost-{lever['id']}", "scenario_value": lever["annual_cost"]}
