"""What a drawn chart shows, read back from its lines."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

__all__ = ["Drawn", "axes_of", "drawn_intervals"]


class Drawn(NamedTuple):
    """An interval in a chart: at which height, from where to where, its dot, and whether an arrow ends it."""

    place: float
    low: float
    high: float
    middle: float | None
    arrow: bool


def axes_of(figure: Figure) -> Axes:
    """Return the only axes of a figure."""
    (axes,) = figure.axes
    return axes


def drawn_intervals(figure: Figure) -> list[Drawn]:
    """Return the horizontal lines of a chart, with what is drawn on each, in the order of drawing."""
    lines = axes_of(figure).lines
    bars = [line for line in lines if len(_x(line)) == 2 and _y(line)[0] == _y(line)[1]]
    return [_drawn(bar, [line for line in lines if len(_x(line)) == 1]) for bar in bars]


def _drawn(bar: Line2D, marks: list[Line2D]) -> Drawn:
    (low, high), (place, _) = _x(bar), _y(bar)
    own = [mark for mark in marks if _y(mark)[0] == place and mark.get_color() == bar.get_color()]
    dots = [_x(mark)[0] for mark in own if mark.get_marker() != ">"]
    return Drawn(place, low, high, dots[0] if dots else None, len(dots) < len(own))


def _x(line: Line2D) -> list[float]:
    return [float(one) for one in line.get_xdata(orig=True)]  # type: ignore[union-attr]


def _y(line: Line2D) -> list[float]:
    return [float(one) for one in line.get_ydata(orig=True)]  # type: ignore[union-attr]
