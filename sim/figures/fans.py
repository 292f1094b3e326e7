"""Fan charts: bands of baseline and scenario over time, with observed values and targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerBase
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Transform

from sim.figures.data import Band, Point, Series
from sim.figures.style import BASELINE, OBSERVED, SCENARIO, TARGET, WIDTH, figure_style, tidy
from sim.figures.text import Text, folded

__all__ = ["fan_chart", "goal_chart", "small_multiples"]

# Line style, and opacities of the 5–95 and 25–75 bands.
LOOK: dict[str, tuple[str, Any, float, float]] = {
    "baseline": (BASELINE, (0, (4, 2)), 0.16, 0.22),
    "scenario": (SCENARIO, "solid", 0.16, 0.24),
}


# Height of a panel in inches by the number of columns.
PANEL_HEIGHT = {1: 2.45, 2: 2.1, 3: 2.0}


class _FanKey(HandlerBase):
    """A legend key that shows both bands and the median of an arm."""

    def create_artists(
        self, legend: Legend, orig_handle: Artist, xdescent: float, ydescent: float, width: float,
        height: float, fontsize: float, trans: Transform,
    ) -> list[Artist]:  # fmt: skip
        colour, line, light, dark = LOOK[str(orig_handle.get_label())]
        middle = height / 2 - ydescent
        boxes = [
            Rectangle((-xdescent, middle - size * height), width, 2 * size * height, color=colour,
                      alpha=alpha, linewidth=0, transform=trans)
            for size, alpha in ((0.65, light), (0.35, dark))
        ]  # fmt: skip
        ends = ([-xdescent, width - xdescent], [middle, middle])
        return [*boxes, Line2D(*ends, color=colour, linestyle=line, linewidth=1.5, transform=trans)]


def fan_chart(series: Series, text: Text) -> Figure:
    """Return the fan chart of one indicator."""
    return small_multiples([series], text)


def small_multiples(many: Sequence[Series], text: Text) -> Figure:
    """Return one panel per indicator, at most three abreast, with one legend above."""
    many = [series.drawn for series in many]
    columns = min(len(many), 3) if len(many) <= 3 else 2
    rows = math.ceil(len(many) / columns)
    with figure_style():
        figure = Figure(figsize=(WIDTH, 0.45 + PANEL_HEIGHT[columns] * rows))
        panels = figure.subplots(rows, columns, squeeze=False).flatten()
        for axes, series in zip(panels, many, strict=False):
            _panel(axes, series, 8 // columns + (columns > 1))
        for axes in panels[len(many) :]:
            axes.set_axis_off()
        _legend(figure, many, text)
    return figure


def goal_chart(
    many: Sequence[Series], target: float, year: float, chances: Sequence[tuple[str, str]], text: Text
) -> Figure:
    """Return the fans of regional GDP with the goal as a line and its probabilities in words.

    ``target`` is in the stored unit; ``chances`` has, for each series, the written probabilities of baseline
    and scenario.
    """
    target = many[0].unit.drawn(target)
    many = [series.drawn for series in many]
    with figure_style():
        figure = Figure(figsize=(WIDTH, 1.95))
        panels = figure.subplots(1, len(many), squeeze=False, sharey=True).flatten()
        for axes, series, chance in zip(panels, many, chances, strict=True):
            _panel(axes, series, 8 if len(many) == 1 else 5, marks=False)
            axes.axhline(target, color=TARGET, linewidth=1.0, linestyle=(0, (1, 1)))
            axes.plot([year], [target], marker="D", markersize=5, color=TARGET, clip_on=False, zorder=6)
            if axes is not panels[0]:
                axes.set_ylabel("")
            label = text("figures.chance", year=int(year), baseline=chance[0], scenario=chance[1])
            axes.text(
                0.03, 0.97, label, transform=axes.transAxes, va="top", fontsize=8.5, linespacing=1.5,
                bbox={"facecolor": "white", "edgecolor": "#cccccc", "linewidth": 0.5, "pad": 4},
            )  # fmt: skip
        low, high = panels[0].get_ylim()
        panels[0].set_ylim(low, high + 0.22 * (high - low))
        _legend(figure, many, text, target=True)
    return figure


def _panel(axes: Axes, series: Series, ticks: int, *, marks: bool = True) -> None:
    """Draw one indicator: bands, medians, observed values, and targets if ``marks``."""
    for arm in ("baseline", "scenario"):
        _fan(axes, series, getattr(series, arm), arm)
    _marks(axes, series.points_of("observed"), "o", OBSERVED)
    if marks:
        _marks(axes, series.points_of("target"), "D", TARGET)
    axes.set_title(folded(series.name, 8 * ticks - 4))
    axes.set_ylabel(series.unit.name)
    tidy(axes, ticks)


def _marks(axes: Axes, points: Sequence[Point], marker: str, colour: str) -> None:
    if points:  # an empty line that is not clipped would upset the layout
        years, values = [point.year for point in points], [point.value for point in points]
        axes.plot(
            years,
            values,
            linestyle="none",
            marker=marker,
            markersize=4.5,
            color=colour,
            zorder=6,
            clip_on=False,
        )


def _fan(axes: Axes, series: Series, band: Band, arm: str) -> None:
    colour, line, light, dark = LOOK[arm]
    fill: dict[str, Any] = {"color": colour, "linewidth": 0}
    axes.fill_between(series.time, band.p05, band.p95, alpha=light, **fill)
    axes.fill_between(series.time, band.p25, band.p75, alpha=dark, **fill)
    for edge in (band.p05, band.p95):
        axes.plot(series.time, edge, color=colour, linewidth=0.5, linestyle=line)
    axes.plot(series.time, band.p50, color=colour, linewidth=1.5, linestyle=line)


def _legend(figure: Figure, many: Sequence[Series], text: Text, *, target: bool = False) -> None:
    """Put one legend above all panels, with only the marks that are drawn."""
    keys: list[Artist] = [Rectangle((0, 0), 1, 1, label=arm) for arm in ("baseline", "scenario")]
    words = [text("figures.baseline"), text("figures.scenario")]
    dot: dict[str, Any] = {"linestyle": "none", "markersize": 5}
    if any(series.points_of("observed") for series in many):
        keys.append(Line2D([], [], marker="o", color=OBSERVED, **dot))
        words.append(text("figures.observed"))
    if target or any(series.points_of("target") for series in many):
        keys.append(Line2D([], [], marker="D", color=TARGET, **dot))
        words.append(text("figures.target"))
    figure.legend(
        keys, words, loc="outside upper left", ncols=len(keys), handlelength=2.2, columnspacing=1.6,
        handler_map={Rectangle: _FanKey()},
    )  # fmt: skip
