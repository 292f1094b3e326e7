"""Figures that calibration is not fitted to: what documents report besides, what statistics could say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sim.errors import did_you_mean
from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids, load_facts
from sim.spec.observations import SIDES, Observation, distinct, load_observations, read_figure
from sim.spec.tables import Row, read_table

__all__ = ["load_reported", "load_statistics"]

FIGURE = (
    "id",
    "zh",
    "en",
    "variable",
    "operator",
    "of",
    "year",
    "scale",
    "unit",
    "error",
    "discrepancy",
    "note",
)
COLUMNS = (*FIGURE, "facts", "value", "side", "parts")


def load_reported(
    path: Path | None = None,
    facts: Sequence[Fact] | None = None,
    observations: Sequence[Observation] | None = None,
) -> tuple[Observation, ...]:
    """Load reported figures that anchors meet or that come out of the model.

    Args:
        path: the file (shipped: ``calibration/reported.csv``).
        facts: what the rows may name (default: the shipped facts).
        observations: what a figure may be the product or quotient of, its ``parts`` (default: the shipped
            ones); its discrepancy is then theirs taken together.

    Returns:
        observations in form only: none is fitted. ``value`` is NaN where no document gives the figure.

    Raises:
        BadInput: names the file, row and column of the first mistake; a plan's target is refused.
    """
    rows = read_table(path or content("calibration", "reported.csv"), COLUMNS)
    known = load_facts() if facts is None else facts
    for row in rows:
        _check_facts(row, known)
    fitted = {
        one.id: one for one in (load_observations(facts=facts) if observations is None else observations)
    }
    figures = tuple(_reported(row) for row in rows)
    return distinct(
        rows, tuple(_with_parts(row, one, fitted) for row, one in zip(rows, figures, strict=True))
    )


def load_statistics(path: Path | None = None) -> tuple[Observation, ...]:
    """Load statistics that could be collected (shipped: ``calibration/statistics.csv``).

    Returns:
        observations in form only, ``value`` NaN.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "statistics.csv"), FIGURE)
    return distinct(rows, tuple(read_figure(row, value=math.nan) for row in rows))


def _reported(row: Row) -> Observation:
    value = row.optional_number("value")
    known = math.nan if value is None else value
    return read_figure(row, facts=row.several("facts"), value=known, side=row.choice("side", SIDES))


def _check_facts(row: Row, facts: Sequence[Fact]) -> None:
    cited = row.several("facts")
    check_fact_ids(row, "facts", cited, fact_ids(facts))
    for fact in facts:
        if fact.id in cited and (fact.is_target or fact.kind == "forecast"):
            raise row.problem("facts", f"{fact.id} ({fact.en}) is hoped for, not reported. Remove the row.")


def _with_parts(row: Row, one: Observation, fitted: Mapping[str, Observation]) -> Observation:
    names = row.several("parts")
    if not names:
        return one
    for name in names:
        if name not in fitted:
            raise row.problem("parts", f"'{name}' is not an observation.{did_you_mean(name, fitted)}")
    relative = math.hypot(*(fitted[name].deviation / fitted[name].value for name in names))
    return replace(one, discrepancy=math.hypot(one.discrepancy, abs(one.value) * relative))
