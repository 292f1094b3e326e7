"""The limits of what is read, in one table; docs/limits.md is made from it.

A limit stands well above what real models need and well below what would exhaust a small laptop.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import BadInput

__all__ = [
    "ALL_CELLS",
    "ALL_ELEMENTS",
    "ALL_PARTS",
    "AUDIT_FILE",
    "BRACKETS",
    "CELLS",
    "DELAY_STAGES",
    "ELEMENTS",
    "EQUATIONS",
    "EQUATION_PARTS",
    "EQUATION_SIGNS",
    "EQUATION_TEXT",
    "EVIDENCE_FILE",
    "EXTERNAL_FILES",
    "EXTERNAL_NUMBERS",
    "LIMITS",
    "LOOKUP_POINTS",
    "MACRO_CALLS",
    "MODEL_FILE",
    "MODEL_TEXT",
    "POSTERIOR_FILE",
    "TABLE_FILE",
    "TOML_FILE",
    "TREE_DEPTH",
    "UNITS_FILE",
    "Limit",
    "check",
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
            return f"{self.most:_} {self.unit}".replace("_", " ")
        return f"{self.most // 10**6} MB" if self.most >= 10**6 else f"{self.most // 10**3} kB"


def check(limit: Limit, count: int) -> None:
    """Raise BadInput if ``count`` is above the limit."""
    if count > limit.most:
        raise BadInput(f"{count} {limit.unit} are more than {limit}, the most that is read of {limit.of}.")


MODEL_FILE = Limit("a model file", 32_000_000, "bytes")
EXTERNAL_FILES = Limit("the files of data that a model reads, together", 32_000_000, "bytes")
UNITS_FILE = Limit("a file of units", 1_000_000, "bytes")
TABLE_FILE = Limit("a table (.csv)", 4_000_000, "bytes")
TOML_FILE = Limit("a scenario, levers or study file (.toml)", 64_000, "bytes")
AUDIT_FILE = Limit("the settings of the audit (.toml)", 500_000, "bytes")
EVIDENCE_FILE = Limit("the evidence of a calibration (.json)", 16_000_000, "bytes")
POSTERIOR_FILE = Limit("a posterior (.npz), packed and unpacked", 200_000_000, "bytes")

EQUATIONS = Limit("a model, with what calls of macros make", 20_000, "equations")
MODEL_TEXT = Limit("a model, its equations together", 8_000_000, "characters")
EQUATION_TEXT = Limit("an equation", 1_000_000, "characters")
EQUATION_SIGNS = Limit("an equation beside its lookups", 40_000, "words and signs")
BRACKETS = Limit("an equation, brackets inside each other", 200, "levels")
TREE_DEPTH = Limit("an equation, operators and calls inside each other", 500, "levels")
EQUATION_PARTS = Limit("an equation, functions such as TREND written out", 50_000, "parts")
ALL_PARTS = Limit("a model, functions such as TREND written out", 500_000, "parts")
LOOKUP_POINTS = Limit("the lookups of an equation", 50_000, "points")
MACRO_CALLS = Limit("a model, calls of macros written out", 5_000, "calls")
ELEMENTS = Limit("a subscript range", 10_000, "elements")
ALL_ELEMENTS = Limit("the subscript ranges of a model, together", 100_000, "elements")
CELLS = Limit("a variable", 100_000, "cells")
ALL_CELLS = Limit("the variables of a model, together", 1_000_000, "cells")
EXTERNAL_NUMBERS = Limit("the data that a model reads", 5_000_000, "numbers")
DELAY_STAGES = Limit("a smooth or delay", 1_000, "stages")

LIMITS = (
    MODEL_FILE,
    EXTERNAL_FILES,
    UNITS_FILE,
    TABLE_FILE,
    TOML_FILE,
    AUDIT_FILE,
    EVIDENCE_FILE,
    POSTERIOR_FILE,
    EQUATIONS,
    MODEL_TEXT,
    EQUATION_TEXT,
    EQUATION_SIGNS,
    BRACKETS,
    TREE_DEPTH,
    EQUATION_PARTS,
    ALL_PARTS,
    LOOKUP_POINTS,
    MACRO_CALLS,
    ELEMENTS,
    ALL_ELEMENTS,
    CELLS,
    ALL_CELLS,
    EXTERNAL_NUMBERS,
    DELAY_STAGES,
)
"""All limits, in the order of the documentation."""
