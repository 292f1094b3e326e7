"""Which facts a rule compares, as ``calibration/audit.toml`` says it: one class for each of its tables.

A *name* is an indicator's English name and holds for every scope and period. A *selector* is one fact,
"scope | indicator | period" or "scope | indicator | period | source".
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "Bounded", "Drift", "Exceeds", "Excused", "Falling", "Forecast", "Growth", "Intensity", "Judged", "Pace",
    "Renamed", "Rows", "Same", "Sum", "Whole",
]  # fmt: skip


class Sum(NamedTuple):
    """Parts that add up to the whole: an indicator's name, or a number such as 100."""

    parts: tuple[str, ...]
    whole: str = ""
    total: float = 0.0


class Whole(NamedTuple):
    """A level and its share of a whole, in %: together they imply the whole.

    ``scope`` maps to the scope of the whole where that is another one.
    """

    level: str
    share: str
    whole: str
    scope: str = ""
    kind: str = ""
    zh: str = ""
    en: str = ""


class Growth(NamedTuple):
    """A level and its stated rate where the names do not tell; ``current``: both at current prices."""

    level: str
    rate: str
    current: bool = False


class Pace(NamedTuple):
    """Two levels (selectors) of one quantity and the only growth rate stated for it."""

    start: str
    end: str
    rate: str
    zh: str = ""
    en: str = ""


class Drift(NamedTuple):
    """A share at two times (selectors) and the stated growth of part and of whole in between."""

    start: str
    end: str
    part: str
    whole: str


class Rows(NamedTuple):
    """Two target rows (names): ``part`` measures a part of ``whole``; ``share`` is that part's share."""

    part: str
    whole: str
    share: str


class Falling(NamedTuple):
    """Two target rows (names) whose ratio should not fall, and why."""

    numerator: str
    denominator: str
    zh: str
    en: str


class Same(NamedTuple):
    """Two facts (selectors) that speak of one quantity under different names or years.

    ``context`` are further facts that the reason leans on.
    """

    facts: tuple[str, ...]
    kind: str
    zh: str = ""
    en: str = ""
    context: tuple[str, ...] = ()


class Renamed(NamedTuple):
    """Two facts (selectors) of one family that are counted by different definitions."""

    start: str
    end: str
    zh: str
    en: str


class Bounded(NamedTuple):
    """A numerator over the sum of denominators (selectors), and what it may be."""

    numerator: str
    denominators: tuple[str, ...]
    unit_zh: str
    unit_en: str
    zh: str
    en: str
    low: float = 0.0
    high: float = float("inf")


class Intensity(NamedTuple):
    """Two indicators (names) whose ratio is telling, such as revenue over visits."""

    numerator: str
    denominator: str
    unit_zh: str
    unit_en: str
    zh: str
    en: str


class Exceeds(NamedTuple):
    """A part that cannot exceed the whole (selectors); ``rate`` carries the whole back to the part's year."""

    part: str
    whole: str
    rate: str
    zh: str
    en: str


class Forecast(NamedTuple):
    """A forecast and its outcome (selectors) where their names differ."""

    forecast: str
    outcome: str


class Judged(NamedTuple):
    """The class of what a rule finds about a fact (a selector), with the reason."""

    rule: str
    fact: str
    kind: str
    zh: str
    en: str


class Excused(NamedTuple):
    """What a rule finds about a fact (a selector) and is not to be reported, with the reason."""

    rule: str
    fact: str
    reason: str
