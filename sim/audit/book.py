"""The facts, found by what they are about: scope, indicator, period, side (fact or target)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sim.audit.intervals import unit_base
from sim.spec.facts import Fact

__all__ = ["Book", "Names", "additive", "span"]

LEVELS = frozenset(("observed", "lower_bound", "approximate"))
ADDITIVE_NOT = frozenset(("%", "minutes", "hours", "km"))
PLAIN_PERIOD = re.compile(r"((?:19|20)\d\d)(?:-((?:19|20)\d\d))?")


class Names(NamedTuple):
    """How indicators are named: ``alias`` → the same indicator's usual name; ``marks`` are tails such as
    " (text)" for a second place in one document; ``suffixes`` such as " growth" make a rate's name."""

    alias: Mapping[str, str]
    marks: tuple[str, ...]
    suffixes: tuple[str, ...]

    def of(self, name: str) -> str:
        """Return the usual name of an indicator, for comparison."""
        bare = name.casefold()
        for mark in self.marks:
            bare = bare.removesuffix(mark)
        return self.alias.get(bare, bare)


@dataclass(frozen=True)
class Book:
    """All facts, with the ways in which rules look them up."""

    facts: tuple[Fact, ...]
    names: Names

    @cached_property
    def _groups(self) -> dict[tuple[str, str], tuple[Fact, ...]]:
        found: dict[tuple[str, str], list[Fact]] = {}
        for fact in self.facts:
            found.setdefault((fact.scope, self.name(fact)), []).append(fact)
        return {key: tuple(facts) for key, facts in found.items()}

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """Every scope, in the order of its first fact."""
        return tuple(dict.fromkeys(fact.scope for fact in self.facts))

    def name(self, fact: Fact) -> str:
        """Return the usual name of a fact's indicator."""
        return self.names.of(fact.en)

    def marked(self, fact: Fact) -> bool:
        """Whether the fact is a second place in its document, as " (text)" beside a table."""
        return fact.en.casefold().endswith(self.names.marks)

    def groups(self) -> Iterator[tuple[Fact, ...]]:
        """Yield the facts of each scope and indicator together."""
        yield from self._groups.values()

    def of(self, scope: str, name: str) -> tuple[Fact, ...]:
        """Return the facts on an indicator in a scope."""
        return self._groups.get((scope, self.names.of(name)), ())

    def pick(self, selector: str) -> Fact | None:
        """Return the first fact of "scope | indicator | period", or "… | source"; None if there is none.

        The indicator is the English name as it is written, not its usual name.
        """
        scope, name, *rest = (part.strip() for part in selector.split("|"))
        wanted = (scope, name.casefold(), *rest)
        for fact in self.of(scope, name):
            if (fact.scope, fact.en.casefold(), fact.period, fact.source)[: len(wanted)] == wanted:
                return fact
        return None

    def pick_all(self, selectors: Iterable[str]) -> tuple[Fact, ...]:
        """Return the facts of several selectors, or nothing unless all are there."""
        found = [self.pick(selector) for selector in selectors]
        return tuple(fact for fact in found if fact) if all(found) else ()

    def at(self, scope: str, name: str, year: int, *, targets: bool = False) -> Fact | None:
        """Return the observed level, or the target, of a year (derived figures are never levels)."""
        for fact in self.of(scope, name):
            side = fact.is_target if targets else fact.kind in LEVELS
            if side and fact.year == year:
                return fact
        return None

    def latest(self, target: Fact) -> Fact | None:
        """Return the last observed level of a target's indicator before the target's year, in its unit."""
        if target.year is None:
            return None
        before = [
            fact
            for fact in self.of(target.scope, self.name(target))
            if fact.kind in LEVELS
            and fact.unit == target.unit
            and fact.year is not None
            and fact.year < target.year
        ]
        return max(before, key=lambda fact: fact.year or 0, default=None)

    def rate_of(self, level: Fact, year: int) -> Fact | None:
        """Return the latest stated growth of ``level``'s indicator from ``year`` on."""
        for suffix in self.names.suffixes:
            rates = [
                fact
                for fact in self.of(level.scope, self.name(level) + suffix)
                if fact.kind == "stated_rate" and fact.year is not None and fact.year >= year
            ]
            if rates:
                return max(rates, key=lambda fact: fact.year or 0)
        return None


def additive(fact: Fact) -> bool:
    """Whether values of parts add up to that of the whole."""
    return unit_base(fact) not in ADDITIVE_NOT


def span(fact: Fact) -> tuple[int, int] | None:
    """Return first and last year of a period of whole years such as 2016-2020; None for others."""
    match = PLAIN_PERIOD.fullmatch(fact.period)
    if match is None:
        return None
    return int(match[1]), int(match[2] or match[1])
