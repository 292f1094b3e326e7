"""Figures that calibration is not fitted to: what documents report besides, what statistics could say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sim.errors import did_you_mean
from sim.folders import content
from sim.spec.facts import Fact, check_fact_ids, fact_ids, load_facts
from sim.spec.observations import OPERATORS, Observation, load_observations
from sim.spec.priors import row_reference
from sim.spec.tables import Row, first_repeat, read_table

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
SIDES = frozenset(("both", "at_least", "at_most"))


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
    figures = tuple(_figure(row, row.optional_number("value"), row.choice("side", SIDES)) for row in rows)
    return _once(rows, tuple(_with_parts(row, one, fitted) for row, one in zip(rows, figures, strict=True)))


def load_statistics(path: Path | None = None) -> tuple[Observation, ...]:
    """Load statistics that could be collected (shipped: ``calibration/statistics.csv``).

    Returns:
        observations in form only, ``value`` NaN.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("calibration", "statistics.csv"), FIGURE)
    return _once(rows, tuple(_figure(row, None, "both") for row in rows))


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


def _once(rows: Sequence[Row], figures: tuple[Observation, ...]) -> tuple[Observation, ...]:
    if (at := first_repeat([one.id for one in figures])) is not None:
        raise rows[at].problem("id", f"'{figures[at].id}' is there twice. Give each row its own id.")
    return figures


def _figure(row: Row, value: float | None, side: str) -> Observation:
    operator = row.choice("operator", OPERATORS)
    of = row_reference(row, "of") if row.optional("of") else None
    if (of is None) == (operator == "share"):
        raise row.problem("of", "a share needs the variable it is a share of, and nothing else has one.")
    return Observation(
        id=row.text("id"),
        zh=row.text("zh"),
        en=row.text("en"),
        facts=row.several("facts") if "facts" in row.cells else (),
        variable=row_reference(row, "variable"),
        operator=operator,
        of=of,
        year=row.year("year", 1900, 2100),
        scale=_at_least(row, "scale", above=True),
        value=math.nan if value is None else value,
        unit=row.text("unit"),
        error=_at_least(row, "error", above=True),
        discrepancy=_at_least(row, "discrepancy", above=False),
        side=side,
        group="",
        note=row.optional("note"),
        line=row.line,
    )


def _at_least(row: Row, column: str, *, above: bool) -> float:
    number = row.number(column)
    if number < 0 or (above and number == 0):
        raise row.problem(column, f"{row.text(column)} is not {'above 0' if above else '0 or more'}.")
    return number
