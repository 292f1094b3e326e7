"""What calibration calls constants and figures, in both languages, and numbers as its tables keep them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sim.ensemble import Project
from sim.ensemble.indicators import quantiles
from sim.ensemble.runner import Floats
from sim.spec.glossary import Glossary, load_glossary
from sim.spec.observations import Observation
from sim.spec.references import Reference

__all__ = ["BAND", "band", "constant_names", "figure_names", "number"]

BAND = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
DIGITS = 7
"""As many as the record of a run keeps, so that both print the same text."""


def number(value: float) -> float | None:
    """Return a number with :data:`DIGITS` digits, as JSON can hold it: None for NaN and infinities."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def band(values: Floats) -> dict[str, float | None]:
    """Return the 5, 50 and 95 % points of the values (members,)."""
    points = quantiles(values, [share for _, share in BAND])
    return {name: number(float(point)) for (name, _), point in zip(BAND, points, strict=True)}


def constant_names(project: Project) -> list[dict[str, str]]:
    """Return for each sampled prior its name in the model, ``constant``, and its ``zh`` and ``en`` names."""
    path = project.study.find("model", "glossary.csv")
    glossary = load_glossary(path) if path else Glossary({})
    return [_names(project, glossary, prior.constant) for prior in project.sampled]


def figure_names(one: Observation) -> dict[str, Any]:
    """Return what says which figure this is: id, names, year and unit."""
    return {"id": one.id, "zh": one.zh, "en": one.en, "year": one.year, "unit": one.unit}


def _names(project: Project, glossary: Glossary, reference: Reference) -> dict[str, str]:
    variable = project.spec.find(reference.name)
    inside = [_element(glossary, name) for name in reference.elements]
    zh = glossary.zh("variable", variable.name) or variable.name
    return {
        "constant": str(reference),
        "zh": f"{zh}（{'，'.join(inside)}）" if inside else zh,
        "en": str(reference),
    }


def _element(glossary: Glossary, name: str) -> str:
    # An element of years, such as y2025, is its own name.
    known: Sequence[str] = (glossary.zh("element", name), glossary.zh("dimension", name))
    return next((zh for zh in known if zh), name.lstrip("y") if name[1:].isdecimal() else name)
