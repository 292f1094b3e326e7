"""What a rule finds: the facts, the arithmetic, its class and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.spec.facts import Fact

__all__ = ["CLASSES", "IMPORTANCE", "Finding", "factor", "gap", "importance", "number"]

CLASSES = (
    "contradiction",
    "older_vintage",
    "differing_definition",
    "missed_forecast",
    "target_against_fact",
    "target_against_target",
    "target_met",
    "physical_sense",
)
"""Every class a finding can have, in the order of the summary; the words stand in audit_text.toml."""

IMPORTANCE = ("high", "medium", "low")


@dataclass(frozen=True)
class Finding:
    """One finding.

    ``size`` is the gap between what stands there and what should, as a share of the larger of the two
    (0 to 1). ``values`` are the numbers of the arithmetic, ready for the templates; ``note`` holds the
    reason for the class, by language, where the settings give one.
    """

    rule: str
    kind: str
    facts: tuple[Fact, ...]
    size: float
    values: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """The facts' ids."""
        return tuple(fact.id for fact in self.facts)


def gap(one: float, other: float) -> float:
    """Return the distance of two numbers as a share of the larger one: 0 (equal) to 1."""
    most = max(abs(one), abs(other))
    return min(abs(one - other) / most, 1.0) if most else 0.0


def importance(size: float, limits: tuple[float, float]) -> str:
    """Return low, medium or high: below, between and from the two ``limits``."""
    return IMPORTANCE[2] if size < limits[0] else IMPORTANCE[1] if size < limits[1] else IMPORTANCE[0]


def factor(rate: float) -> str:
    """Return the yearly factor of a growth rate in %: 1.073 for 7.3."""
    return f"{1 + rate / 100:.5f}".rstrip("0").rstrip(".")


def number(value: float) -> str:
    """Return about four significant digits without trailing zeros."""
    size = abs(value)
    if size >= 1e15:
        return f"{value:.3g}"
    digits = 1 if size >= 10 else 2 if size >= 1 else 3
    written = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
