"""The series that a run keeps for its figures, with the facts drawn beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.folders import content
from sim.spec.facts import Fact, load_facts
from sim.spec.kpis import nonzero, plain_id
from sim.spec.priors import row_reference
from sim.spec.references import Reference
from sim.spec.tables import Row, first_repeat, read_table

__all__ = ["ChartPoint", "ChartSeries", "load_charts"]

COLUMNS = ("chart", "series", "zh", "en", "variable", "scale", "unit_zh", "unit_en", "fact")


@dataclass(frozen=True)
class ChartPoint:
    """A fact drawn on a chart, in the chart's unit."""

    year: int
    value: float
    kind: str
    fact: str


@dataclass(frozen=True)
class ChartSeries:
    """One series of one chart: ``variable`` × ``scale``, in the named unit."""

    chart: str
    series: str
    zh: str
    en: str
    variable: Reference
    scale: float
    unit_zh: str
    unit_en: str
    points: tuple[ChartPoint, ...]
    line: int


def load_charts(path: Path | None = None, facts: Iterable[Fact] | None = None) -> tuple[ChartSeries, ...]:
    """Load the chart series (shipped: ``model/charts.csv``).

    A fact given in another unit than the chart's carries the factor: ``F034*0.01;F101``.

    Raises:
        BadInput: names the file, row and column of the first mistake.
    """
    rows = read_table(path or content("model", "charts.csv"), COLUMNS)
    known = {fact.id: fact for fact in (load_facts() if facts is None else facts)}
    charts = tuple(_series(row, known) for row in rows)
    if (at := first_repeat([(chart.chart, chart.series) for chart in charts])) is not None:
        raise rows[at].problem("series", f"'{charts[at].series}' is there twice in '{charts[at].chart}'.")
    return charts


def _series(row: Row, facts: dict[str, Fact]) -> ChartSeries:
    return ChartSeries(
        chart=plain_id(row, "chart"),
        series=plain_id(row, "series"),
        zh=row.text("zh"),
        en=row.text("en"),
        variable=row_reference(row, "variable"),
        scale=nonzero(row, "scale"),
        unit_zh=row.text("unit_zh"),
        unit_en=row.text("unit_en"),
        points=tuple(_point(row, part, facts) for part in row.several("fact")),
        line=row.line,
    )


def _point(row: Row, given: str, facts: dict[str, Fact]) -> ChartPoint:
    name, star, factor = (part.strip() for part in given.partition("*"))
    fact = facts.get(name)
    if fact is None:
        raise row.problem("fact", f"the fact '{name}' is not known. Allowed: ids in facts.csv, such as F001.")
    if fact.year is None:
        raise row.problem("fact", f"the fact '{name}' has no year ('{fact.period}') and cannot be drawn.")
    kind = "target" if fact.is_target else "observed"
    return ChartPoint(fact.year, fact.value * _factor(row, factor if star else "1"), kind, name)


def _factor(row: Row, given: str) -> float:
    try:
        factor = float(given)
    except ValueError:
        factor = math.nan
    if not math.isfinite(factor) or factor == 0:
        raise row.problem("fact", f"'{given}' is not a factor. Write F034 or F034*0.01.")
    return factor
