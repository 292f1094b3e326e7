"""Plain lines over time: one panel for each unit, one line for each series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.figures.style import WIDTH, figure_style, save_figure, tidy

__all__ = ["Line", "line_chart", "save_lines"]

# Okabe and Ito (2008), the lighter ones last; more lines than colours also differ in style.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#111111")
STYLES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1, 1)), (0, (6, 1, 1, 1)))


@dataclass(frozen=True)
class Line:
    """One series: its name, its unit and its values, (times,)."""

    name: str
    unit: str
    values: NDArray[np.float64]


def line_chart(time: NDArray[np.float64], lines: Sequence[Line], *, label: str = "") -> Figure:
    """Return one panel for each unit, two abreast, with legends; ``label`` names the time axis."""
    panels: dict[str, list[Line]] = {}
    for line in lines:
        panels.setdefault(line.unit, []).append(line)
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    with figure_style():
        figure = Figure(figsize=(WIDTH, 2.6 * rows))
        grid = figure.subplots(rows, columns, squeeze=False).flatten()
        for axes, (unit, members) in zip(grid, panels.items(), strict=False):
            for place, line in enumerate(members):
                axes.plot(time, line.values, label=line.name, linewidth=1.5, **_look(place))
            axes.set_ylabel(unit)
            axes.set_xlabel(label)
            axes.legend(fontsize=7.5)
            tidy(axes, 8 // columns)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
    return figure


def save_lines(time: NDArray[np.float64], lines: Sequence[Line], output: Path, *, label: str = "") -> None:
    """Write the chart in the format of the extension of ``output`` (.svg, .png or .pdf)."""
    save_figure(line_chart(time, lines, label=label), output)


def _look(place: int) -> Mapping[str, Any]:
    return {
        "color": COLOURS[place % len(COLOURS)],
        "linestyle": STYLES[place // len(COLOURS) % len(STYLES)],
    }
