"""Charts of one row per item with an interval: sectors, targets, and the inputs of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures.data import Interval
from sim.figures.style import BASELINE, SCENARIO, TARGET, WIDTH, figure_style, save_figure
from sim.figures.text import Text, folded, load_text

__all__ = ["paired_intervals", "save_tornado", "tornado"]


def paired_intervals(
    baseline: Sequence[Interval],
    scenario: Sequence[Interval],
    label: str,
    text: Text,
    *,
    reference: tuple[float, str] | None = None,
    limit: float | None = None,
) -> Figure:
    """Return two intervals per row (5–95 % line and median dot), baseline above scenario.

    ``reference`` is a vertical line with its name; beyond ``limit`` an interval ends in an arrow.
    """
    with figure_style():
        folds = any("\n" in folded(row.name) for row in baseline)
        figure = Figure(figsize=(WIDTH, 0.8 + (0.27 if folds else 0.215) * len(baseline)))
        axes = figure.subplots()
        for rows, colour, shift, mark in ((baseline, BASELINE, -0.17, "o"), (scenario, SCENARIO, 0.17, "s")):
            for place, row in enumerate(rows):
                _interval(axes, row, place + shift, colour, mark, limit)
        if reference:
            axes.axvline(reference[0], color=TARGET, linewidth=1.0, linestyle=(0, (1, 1)))
        _rows(axes, [row.name for row in baseline])
        axes.set_xlabel(label)
        if limit is not None:
            axes.set_xlim(right=limit)
        keys = [
            Line2D([], [], color=colour, marker=mark, markersize=4, linewidth=1.2)
            for colour, mark in ((BASELINE, "o"), (SCENARIO, "s"))
        ]
        words = [text("figures.baseline"), text("figures.scenario")]
        if reference:
            keys.append(Line2D([], [], color=TARGET, linewidth=1.0, linestyle=(0, (1, 1))))
            words.append(reference[1])
        figure.legend(keys, words, loc="outside upper left", ncols=len(keys))
    return figure


def _interval(axes: Axes, row: Interval, place: float, colour: str, mark: str, limit: float | None) -> None:
    high = row.high if limit is None else min(row.high, limit)
    axes.plot([min(row.low, high), high], [place, place], color=colour, linewidth=1.2, solid_capstyle="butt")
    if limit is not None and row.high > limit:
        axes.plot([limit], [place], marker=">", markersize=4, color=colour, clip_on=False)
    if limit is None or row.middle <= limit:
        axes.plot([row.middle], [place], marker=mark, markersize=3.2, color=colour)


def tornado(rows: Sequence[Interval], label: str, title: str, text: Text) -> Figure:
    """Return bars from zero, the strongest on top, each with the interval of its estimate.

    ``rows`` are strengths such as rank correlations, with their uncertainty; ``label`` names the measure.
    """
    ordered = sorted(rows, key=lambda row: abs(row.middle), reverse=True)
    with figure_style():
        figure = Figure(figsize=(WIDTH, 1.0 + 0.27 * max(len(ordered), 2)))
        axes = figure.subplots()
        middles = np.array([row.middle for row in ordered])
        colours = [SCENARIO if row.middle >= 0 else TARGET for row in ordered]
        axes.barh(np.arange(len(ordered)), middles, height=0.62, color=colours)
        for place, row in enumerate(ordered):
            axes.plot([row.low, row.high], [place, place], color="#222222", linewidth=1.0)
        axes.axvline(0, color="#444444", linewidth=0.8)
        _rows(axes, [row.name for row in ordered])
        axes.set_xlabel(f"{label}\n{text('figures.tornado_note')}")
        axes.set_title(folded(title, 70))
    return figure


def save_tornado(rows: Sequence[Interval], output: Path, *, label: str, title: str, lang: str) -> None:
    """Draw the tornado of a sweep into ``output``, as .svg, .png or .pdf by its extension.

    BadInput for another extension, an unknown language, or a place that cannot be written.
    """
    save_figure(tornado(rows, label, title, load_text(lang)), output)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows, first on top, long names on two lines."""
    axes.set_yticks(np.arange(len(names)), [folded(name) for name in names], fontsize=7.5, linespacing=0.95)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
