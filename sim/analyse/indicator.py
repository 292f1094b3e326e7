"""An indicator by name and year: a row of kpis.csv, or a series of charts.csv."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.ensemble.project import Project
from sim.errors import BadInput, did_you_mean
from sim.spec.charts import ChartSeries
from sim.spec.kpis import Kpi
from sim.spec.references import Reference

__all__ = ["Indicator", "find_indicator"]

FIRST_YEAR = 2024
"""Levers change nothing before this year."""

LAST_PAST = 2025
"""Targets of this year and before are past; levers hardly act by then."""


@dataclass(frozen=True)
class Indicator:
    """A model variable × ``scale`` in ``year``, with its names and units."""

    id: str
    zh: str
    en: str
    variable: Reference
    scale: float
    unit_zh: str
    unit_en: str
    year: int

    def described(self) -> dict[str, Any]:
        """Return plain JSON data."""
        unit = {"zh": self.unit_zh, "en": self.unit_en}
        return {"id": self.id, "zh": self.zh, "en": self.en, "year": self.year, "unit": unit}


def find_indicator(project: Project, name: str, year: int | None = None) -> Indicator:
    """Return an indicator in a year (default: its last target's year, or the model's last if that is past).

    An indicator of kpis.csv has the years it stands there with; a series of charts.csv has every
    year from 2024 to the model's end.

    Raises:
        BadInput: there is no such indicator, or not in that year.
    """
    rows: list[Kpi | ChartSeries] = [kpi for kpi in project.kpis if kpi.id == name]
    rows += [chart for chart in project.charts if chart.series == name]
    if not rows:
        known = dict.fromkeys(
            [*(kpi.id for kpi in project.kpis), *(chart.series for chart in project.charts)]
        )
        hint = did_you_mean(name, known) or f" Allowed: {', '.join(known)}."
        raise BadInput(f"There is no indicator '{name}'.{hint} All stand in the output of: sim run")
    row = rows[0]
    chosen = _year(name, year, *_years(project, name))
    return Indicator(name, row.zh, row.en, row.variable, row.scale, row.unit_zh, row.unit_en, chosen)


def _years(project: Project, name: str) -> tuple[list[int], int]:
    """Return the allowed years and the usual one."""
    targets = {kpi.year for kpi in project.kpis if kpi.id == name}
    drawn = any(chart.series == name for chart in project.charts)
    every = range(FIRST_YEAR, int(project.spec.control.final_time) + 1) if drawn else ()
    years = sorted({*targets, *every})
    usual = max(targets, default=years[-1])
    return years, usual if usual > LAST_PAST else years[-1]


def _year(name: str, given: int | None, years: list[int], usual: int) -> int:
    if given is None or given in years:
        return usual if given is None else given
    listed = f"{years[0]} to {years[-1]}" if len(years) > 5 else " and ".join(map(str, years))
    raise BadInput(f"The indicator '{name}' has no year {given}. It has {listed}.")
