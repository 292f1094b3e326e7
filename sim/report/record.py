"""A run record as a report reads it: checked once, then looked up by small functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sim.errors import SimError
from sim.figures import Series, Text, series_from
from sim.spec.places import load_place

__all__ = [
    "Record",
    "checked",
    "created",
    "goal_series",
    "horizon",
    "kpi",
    "place_names",
    "scenario_title",
    "series_by_chart",
]

Record = Mapping[str, Any]

# The charts of city GDP; the first is the name in model/charts.csv.
GOAL_CHARTS = ("goal", "gdp-city")

NEEDED = ("run_id", "created", "seed", "members", "scenario", "goal", "kpis", "series", "assumptions")


def checked(record: Record) -> Record:
    """Return ``record`` if a report can be made from it; a SimError says why not."""
    name = record.get("run_id", "?")
    status = record.get("status", "complete")
    if status != "complete":
        raise SimError(
            f"Run {name} is {status}, so it has no results to report. Run the scenario again, or choose "
            "a complete run: sim runs list."
        )
    missing = [key for key in NEEDED if record.get(key) is None]
    if missing:
        raise SimError(f"The record of run {name} lacks {', '.join(missing)}. Run the scenario again.")
    if record["goal"]["effect"]["p50"] is None:
        raise SimError(f"In run {name} no member has a finite result, so there is nothing to report.")
    if not record["series"]:
        raise SimError(f"The record of run {name} holds no series to draw. Run the scenario again.")
    return record


def created(record: Record) -> datetime:
    """Return the time of the run in UTC; it dates the report, so that the bytes are always the same."""
    try:
        when = datetime.fromisoformat(str(record["created"]))
    except ValueError as error:
        raise SimError(
            f"Run {record['run_id']} has the time {record['created']!r}, which is not ISO 8601."
        ) from error
    return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC).replace(microsecond=0)


def place_names(record: Record) -> Mapping[str, Mapping[str, str]]:
    """Return what the place of the run is called: name → language → words."""
    # Records of before there were studies name no place; all of them are of the shipped one.
    return record.get("place") or load_place().plain()


def horizon(record: Record) -> int:
    """Return the last year of the run."""
    return int(max(row["time"][-1] for row in record["series"]))


def kpi(record: Record, name: str, year: int) -> Record | None:
    """Return the indicator row with this id and year, if there is one."""
    rows: Sequence[Record] = record["kpis"]
    return next((row for row in rows if row["id"] == name and row["year"] == year), None)


def scenario_title(record: Record, text: Text) -> str:
    """Return what the scenario is called, on one line."""
    scenario = record["scenario"]
    if not scenario.get("levers") and not scenario.get("inputs"):
        return text("page.no_lever")
    return text.of(scenario.get("title") or {}) or str(scenario.get("name", ""))


def goal_series(record: Record, text: Text) -> list[Series]:
    """Return the series of city GDP: constant prices first, current prices after them."""
    rows = [row for row in record["series"] if str(row["chart"]).startswith(GOAL_CHARTS)]
    rows.sort(key=lambda row: "current" in str(row["series"]))
    return [series_from(row, text) for row in rows]


def series_by_chart(record: Record, text: Text) -> dict[str, list[Series]]:
    """Return the other series grouped by chart, in the order of the record."""
    charts: dict[str, list[Series]] = {}
    for row in record["series"]:
        if not str(row["chart"]).startswith(GOAL_CHARTS):
            charts.setdefault(str(row["chart"]), []).append(series_from(row, text))
    return charts
