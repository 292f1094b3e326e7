"""The interval in which a printed figure's true value lies: rounding, and words such as "more than"."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.spec.facts import Fact

__all__ = ["Interval", "compounded", "growth", "interval_of", "power", "scale", "unit_base"]

WHOLE = ("count", "persons", "beds")
ABOUT = 0.05
"""An "about" (kind approximate) is read as within 5 %: half a unit of two-digit speech ("about 180")."""


@dataclass(frozen=True)
class Interval:
    """All values from ``low`` to ``high``; either may be infinite."""

    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __truediv__(self, other: Interval) -> Interval:
        """Return the quotients of two intervals of positive numbers."""
        return Interval(_ratio(self.low, other.high), _ratio(self.high, other.low))

    def apart(self, other: Interval) -> bool:
        """Whether no value is in both."""
        # A part in 1e9 forgives the rounding of the arithmetic itself.
        slack = 1e-9 * max(1.0, *(abs(end) for end in self._ends(other) if math.isfinite(end)))
        return self.low > other.high + slack or other.low > self.high + slack

    def _ends(self, other: Interval) -> tuple[float, ...]:
        return (self.low, self.high, other.low, other.high)


def interval_of(fact: Fact) -> Interval:
    """Return where the true value lies, in the fact's unit: half a unit of its last printed digit each way.

    Numbers of things are exact. A lower or upper bound is open on one side.
    """
    value, half = fact.value, _half(fact)
    if fact.kind == "lower_bound":
        return Interval(value, math.inf)
    if fact.kind == "upper_bound":
        return Interval(-math.inf, value)
    if fact.kind == "approximate":
        half = max(half, ABOUT * abs(value))
    return Interval(value - half, value + half)


def growth(start: Interval, end: Interval, years: int) -> Interval:
    """Return the growth a year, in %, that leads from ``start`` to ``end``."""
    factor = end / start
    return Interval(_rate(factor.low, years), _rate(factor.high, years))


def power(factor: float, years: int) -> float:
    """Return ``factor`` to the power of ``years``: 0 for one below 0, and never more than e^300."""
    if factor <= 0:
        return 0.0
    return math.exp(min(years * math.log(factor), 300.0))


def compounded(value: float, rate: float, years: int) -> float:
    """Return what ``value`` becomes in ``years`` at a growth of ``rate`` % a year."""
    return value * power(1 + rate / 100, years)


def scale(fact: Fact) -> float:
    """Return what the fact's unit multiplies by: 1e8 for "1e8 CNY"."""
    head = fact.unit.partition(" ")[0]
    return float(head) if head.startswith("1e") else 1.0


def unit_base(fact: Fact) -> str:
    """Return the unit without its power of ten: "CNY" for "1e8 CNY"."""
    head, _, rest = fact.unit.partition(" ")
    return rest if head.startswith("1e") else fact.unit


def _half(fact: Fact) -> float:
    mantissa, _, power = (fact.printed or f"{fact.value:g}").lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if not decimals and not power and unit_base(fact).removesuffix("/yr") in WHOLE and scale(fact) == 1.0:
        return 0.0
    return 0.5 * math.pow(10.0, float(power or 0) - decimals)


def _ratio(top: float, bottom: float) -> float:
    if bottom <= 0 or math.isinf(top):
        return math.inf
    return 0.0 if math.isinf(bottom) else top / bottom


def _rate(factor: float, years: int) -> float:
    if math.isinf(factor):
        return math.inf
    return 100.0 * (math.pow(max(factor, 0.0), 1.0 / years) - 1.0)
