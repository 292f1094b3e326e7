"""The composition of a total: stacked areas over time, one layer per sector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.figures.data import Series
from sim.figures.style import WIDTH, figure_style, tidy
from sim.figures.text import Text
from sim.words import number

__all__ = ["stacked_areas"]

# Neighbouring layers differ in lightness as well as in hue.
LAYERS = (
    "#4d7c2a", "#0072B2", "#7fc4ea", "#004c78", "#a8cfe3", "#3d8fbf", "#E69F00", "#8f5a00", "#f3c96b",
    "#c2571a", "#f0b48a", "#CC79A7", "#7a3b60", "#e3bcd1", "#8a8a8a", "#c9c9c9",
)  # fmt: skip


def stacked_areas(many: Sequence[Series], text: Text) -> Figure:
    """Return the medians of ``many`` stacked, baseline on the left and scenario on the right.

    The layers are medians, which do not sum exactly to the median of the total.
    """
    stored, many = many, [series.drawn for series in many]
    with figure_style():
        figure = Figure(figsize=(WIDTH, 3.4))
        panels = figure.subplots(1, 2, sharey=True, squeeze=False).flatten()
        for axes, arm in zip(panels, ("baseline", "scenario"), strict=True):
            layers = np.array([getattr(series, arm).p50 for series in many])
            colours = [LAYERS[layer % len(LAYERS)] for layer in range(len(many))]
            axes.stackplot(many[0].time, layers, colors=colours, edgecolor="white", linewidth=0.4)
            axes.set_title(text(f"figures.{arm}"))
            tidy(axes, 4)
        panels[0].set_ylabel(many[0].unit.name)
        ends = np.array([series.scenario.p50[-1] for series in many])
        labels = [
            f"{series.name} {number(float(series.scenario.p50[-1]), shift=series.unit.shift)}"
            for series in stored
        ]
        _label_layers(panels[1], ends, many[0].time, labels)
    return figure


def _label_layers(
    axes: Axes, ends: NDArray[np.float64], time: NDArray[np.float64], labels: Sequence[str]
) -> None:
    """Name each layer at its right end, moved apart where layers are thin."""
    tops = np.cumsum(ends)
    total = float(axes.get_ylim()[1])
    wanted = tops - ends / 2
    places = _apart(wanted, total / max(len(labels) + 1, 17), total)
    beside = axes.get_yaxis_transform()
    for layer, (label, at, place) in enumerate(zip(labels, wanted, places, strict=True)):
        colour = LAYERS[layer % len(LAYERS)]
        axes.plot(
            [1.0, 1.03, 1.06],
            [at, place, place],
            color=colour,
            linewidth=0.9,
            clip_on=False,
            transform=beside,
        )
        axes.text(1.07, float(place), label, va="center", fontsize=7.5, color="#222222", transform=beside)
    axes.set_xlim(float(time[0]), float(time[-1]))


def _apart(wanted: NDArray[np.float64], gap: float, top: float) -> NDArray[np.float64]:
    """Return increasing places near ``wanted``, at least ``gap`` apart and below ``top``."""
    places = wanted.copy()
    for layer in range(1, len(places)):
        places[layer] = max(places[layer], places[layer - 1] + gap)
    ceiling = top
    for layer in range(len(places) - 1, -1, -1):
        places[layer] = min(places[layer], ceiling)
        ceiling = places[layer] - gap
    return places
