"""What is measured: the two models, the constants that differ between lanes, the outputs that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["SUBJECTS", "Subject", "changes_of"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Subject:
    """A model. ``varied`` are scalar constants drawn within five per cent of their value, by lane."""

    name: str
    path: Path
    varied: tuple[str, ...]
    outputs: tuple[str, ...]
    cells: tuple[str, ...]
    """The outputs as single cells, as pysimlin names its series."""


SUBJECTS = {
    "changji": Subject(
        "changji",
        ROOT / "model" / "changji.mdl",
        ("general inflation", "regional premium", "wage pass through"),
        ("regional gdp constant", "regional gdp current"),
        tuple(f"regional_gdp_{price}[{r}]" for price in ("constant", "current") for r in ("city", "rest")),
    ),
    "world3": Subject(
        "world3",
        ROOT / "tests" / "models" / "classic" / "world3.mdl",
        ("land yield factor after", "life of industrial capital after", "social adjustment delay"),
        ("industrial capital", "persistent pollution"),
        ("industrial_capital", "persistent_pollution"),
    ),
}


def changes_of(subject: Subject, defaults: dict[str, Any], start: int, stop: int) -> dict[str, Any]:
    """Return the varied constants of lanes ``start`` to ``stop``; lane 0 is the model as it stands."""
    lanes = np.arange(start, stop)
    found = {}
    for place, name in enumerate(subject.varied):
        # Irrational steps fill the interval evenly, and a lane is the same in whatever block it is made.
        share = (lanes * np.sqrt(2.0 + place)) % 1.0
        share[lanes == 0] = 0.5
        found[name] = float(defaults[name]) * (0.95 + 0.1 * share)
    return found
