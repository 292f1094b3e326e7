"""Figures from plain data: fan charts, stacked areas, intervals and tornados, as SVG, PNG or PDF bytes."""

from __future__ import annotations

from sim.figures.data import Band, Interval, Point, Series, series_from
from sim.figures.fans import fan_chart, goal_chart, small_multiples
from sim.figures.files import check_output, write_atomically
from sim.figures.intervals import paired_intervals, save_tornado, tornado
from sim.figures.stacks import stacked_areas
from sim.figures.style import figure_bytes, font_files, save_figure
from sim.figures.text import LANGUAGES, Text, load_text

__all__ = [
    "LANGUAGES",
    "Band",
    "Interval",
    "Point",
    "Series",
    "Text",
    "check_output",
    "fan_chart",
    "figure_bytes",
    "font_files",
    "goal_chart",
    "load_text",
    "paired_intervals",
    "save_figure",
    "save_tornado",
    "series_from",
    "small_multiples",
    "stacked_areas",
    "tornado",
    "write_atomically",
]
