"""The limits of what is read, in one table; docs/limits.md is made from it.

A limit stands well above what real models need and well below what would exhaust a small laptop.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AUDIT_FILE",
    "CELLS",
    "ELEMENTS",
    "EQUATIONS",
    "EQUATION_DEPTH",
    "EQUATION_LENGTH",
    "EQUATION_SIGNS",
    "EVIDENCE_FILE",
    "EXTERNAL_FILE",
    "LIMITS",
    "LOOKUP_POINTS",
    "MODEL_FILE",
    "POSTERIOR_FILE",
    "TABLE_FILE",
    "TOML_FILE",
    "UNITS_FILE",
    "Limit",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of something, as a whole number of ``unit``; ``of`` says what is counted."""

    of: str
    most: int
    unit: str

    def __str__(self) -> str:
        """Return the number with its unit; bytes as kB or MB."""
        if self.unit != "bytes":
            return f"{self.most:,} {self.unit}".replace(",", " ")
        return f"{self.most // 10**6} MB" if self.most >= 10**6 else f"{self.most // 10**3} kB"


MODEL_FILE = Limit("a model file", 64_000_000, "bytes")
EXTERNAL_FILE = Limit("a file of data that a model reads", 64_000_000, "bytes")
UNITS_FILE = Limit("a file of units", 1_000_000, "bytes")
TABLE_FILE = Limit("a table (.csv)", 4_000_000, "bytes")
TOML_FILE = Limit("a scenario, levers or study file (.toml)", 64_000, "bytes")
AUDIT_FILE = Limit("the settings of the audit (.toml)", 500_000, "bytes")
EVIDENCE_FILE = Limit("the evidence of a calibration (.json)", 16_000_000, "bytes")
POSTERIOR_FILE = Limit("a posterior (.npz), packed and unpacked", 200_000_000, "bytes")

EQUATIONS = Limit("a model", 50_000, "equations")
EQUATION_LENGTH = Limit("an equation", 1_000_000, "characters")
EQUATION_SIGNS = Limit("an equation beside its lookups", 40_000, "operators, commas and brackets")
EQUATION_DEPTH = Limit("an equation", 200, "levels of brackets")
LOOKUP_POINTS = Limit("the lookups of an equation", 50_000, "points")
ELEMENTS = Limit("a subscript range", 10_000, "elements")
CELLS = Limit("a variable", 100_000, "cells")

LIMITS = (
    MODEL_FILE,
    EXTERNAL_FILE,
    UNITS_FILE,
    TABLE_FILE,
    TOML_FILE,
    AUDIT_FILE,
    EVIDENCE_FILE,
    POSTERIOR_FILE,
    EQUATIONS,
    EQUATION_LENGTH,
    EQUATION_SIGNS,
    EQUATION_DEPTH,
    LOOKUP_POINTS,
    ELEMENTS,
    CELLS,
)
"""All limits, in the order of the documentation."""
