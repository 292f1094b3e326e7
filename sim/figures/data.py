"""What a figure needs to know: bands over time, and the points beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimError
from sim.figures.text import Text
from sim.words import Unit

__all__ = ["QUANTILES", "Band", "Interval", "Point", "Series", "series_from"]

QUANTILES = ("p05", "p25", "p50", "p75", "p95")


@dataclass(frozen=True)
class Band:
    """Quantiles of one indicator over the members, each of shape (times,)."""

    p05: NDArray[np.float64]
    p25: NDArray[np.float64]
    p50: NDArray[np.float64]
    p75: NDArray[np.float64]
    p95: NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """An observed value or a target at one year."""

    year: float
    value: float
    kind: str


@dataclass(frozen=True)
class Series:
    """One indicator over time in both arms, with its name and unit in the language of the figure.

    Values are as they are stored, for text; a figure draws those of :attr:`drawn`, in ``unit``.
    """

    key: str
    name: str
    unit: Unit
    time: NDArray[np.float64]
    baseline: Band
    scenario: Band
    points: tuple[Point, ...] = ()

    @property
    def drawn(self) -> Series:
        """The series with its values in the unit that is shown."""
        if not self.unit.shift:
            return self
        factor = self.unit.drawn(1.0)
        baseline, scenario = (
            Band(*(getattr(band, name) * factor for name in QUANTILES))
            for band in (self.baseline, self.scenario)
        )
        points = tuple(replace(point, value=point.value * factor) for point in self.points)
        unit = Unit(self.unit.name)
        return replace(self, unit=unit, points=points, baseline=baseline, scenario=scenario)

    def points_of(self, kind: str) -> list[Point]:
        """Return the points of a kind (observed or target) that lie within the time shown."""
        first, last = self.time[0] - 0.5, self.time[-1] + 0.5
        return [point for point in self.points if point.kind == kind and first <= point.year <= last]

    def at(self, year: float, arm: str) -> dict[str, float]:
        """Return the quantiles of an arm (baseline or scenario) at the stored time nearest to ``year``."""
        where = int(np.argmin(np.abs(self.time - year)))
        band: Band = getattr(self, arm)
        return {name: float(getattr(band, name)[where]) for name in QUANTILES}


@dataclass(frozen=True)
class Interval:
    """A labelled middle value with its low and high ends, for one row of a chart."""

    name: str
    low: float
    middle: float
    high: float


def series_from(row: Mapping[str, Any], text: Text) -> Series:
    """Return the series of one entry of a run record; unequal lengths are a SimError."""
    time = _numbers(row["time"])
    arms = {arm: _band(row, arm, len(time)) for arm in ("baseline", "scenario")}
    points = tuple(
        Point(float(point["year"]), float(point["value"]), str(point["kind"]))
        for point in row.get("points", ())
        if point.get("value") is not None
    )
    return Series(str(row["series"]), text.title(row), text.unit(row), time, points=points, **arms)


def _band(row: Mapping[str, Any], arm: str, length: int) -> Band:
    columns = {name: _numbers(row[arm][name]) for name in QUANTILES}
    for name, column in columns.items():
        if len(column) != length:
            raise SimError(
                f"Series {row['series']!r}: {arm} {name} has {len(column)} values for {length} times. "
                "The stored record is damaged; run the scenario again."
            )
    return Band(**columns)


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
