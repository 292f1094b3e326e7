"""One voice: a number has one text, one unit and one verdict, whatever prints it.

Screen, CSV, JSON, PDF and figures take every number's text from here; data stay as they are stored.
"""

from __future__ import annotations

from sim.words.numbers import NONE, band, decimals, fixed, given, number, numbers
from sim.words.shares import BOUNDS, chance, likelihood, percent, points, sampling_error, scale, whole_percent
from sim.words.targets import (
    Verdict,
    ahead,
    assessed,
    past,
    sample_size,
    targets_likely,
    unassessed,
    verdict,
)
from sim.words.units import Unit, money, unit_of
from sim.words.vocabulary import LANGUAGES, word
from sim.words.years import reached, year

__all__ = [
    "BOUNDS",
    "LANGUAGES",
    "NONE",
    "Unit",
    "Verdict",
    "ahead",
    "assessed",
    "band",
    "chance",
    "decimals",
    "fixed",
    "given",
    "likelihood",
    "money",
    "number",
    "numbers",
    "past",
    "percent",
    "points",
    "reached",
    "sample_size",
    "sampling_error",
    "scale",
    "targets_likely",
    "unassessed",
    "unit_of",
    "verdict",
    "whole_percent",
    "word",
    "year",
]
