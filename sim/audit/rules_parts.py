"""Rules on parts and wholes: sums, parts above their whole, and the totals that shares imply."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import NamedTuple

from sim.audit.book import LEVELS, Book, additive
from sim.audit.findings import Finding, factor, gap, number
from sim.audit.intervals import Interval, interval_of, power
from sim.audit.pairings import Sum, Whole
from sim.audit.settings import Settings
from sim.spec.facts import Fact

__all__ = [
    "implied_wholes",
    "part_over_whole",
    "share_drift",
    "sums",
    "whole_carried_back",
    "wholes_overtaken",
]


class Implied(NamedTuple):
    """A whole that a level and its share imply, with the level it came from."""

    entry: Whole
    facts: tuple[Fact, ...]
    interval: Interval
    value: float

    @property
    def said(self) -> str:
        """The arithmetic."""
        level, share = self.facts
        return (
            f"{level.printed or number(level.value)} / {share.printed or number(share.value)}% = {self.shown}"
        )

    @property
    def shown(self) -> str:
        """The whole as a number."""
        return number(self.value)


def sums(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find parts that do not add up to their whole, beyond what rounding allows."""
    for entry in settings.sums:
        for scope in book.scopes:
            for first in book.of(scope, entry.parts[0]):
                yield from _sum(entry, first, book)


def _sum(entry: Sum, first: Fact, book: Book) -> Iterator[Finding]:
    parts = [_beside(name, first, book) for name in entry.parts]
    found = tuple(part for part in parts if part)
    whole = _beside(entry.whole, first, book) if entry.whole else None
    if len(found) < len(entry.parts) or (entry.whole and whole is None):
        return
    total = reduce(add, (interval_of(part) for part in found))
    wanted = interval_of(whole) if whole else Interval(entry.total, entry.total)
    if total.apart(wanted):
        value = math.fsum(part.value for part in found)
        target = whole.value if whole else entry.total
        values = {
            "terms": " + ".join(part.printed or number(part.value) for part in found),
            "sum": number(value),
            "wanted": number(target),
            "parts": str(len(found)),
        }
        facts = (*found, whole) if whole else found
        yield Finding("sums", "contradiction", facts, gap(value, target), values)


def _beside(name: str, first: Fact, book: Book) -> Fact | None:
    """Return the fact on ``name`` of the same scope, period, source, unit and side as ``first``."""
    wanted = (first.period, first.source, first.unit, first.is_target)
    for fact in book.of(first.scope, name):
        if (fact.period, fact.source, fact.unit, fact.is_target) == wanted and fact.kind != "derived":
            return fact
    return None


def part_over_whole(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a scope that has more of something than the scope in which it lies, at the same time."""
    for group in book.groups():
        for part in group:
            if part.kind not in LEVELS or not additive(part):
                continue
            for scope in _above(part.scope, settings):
                for whole in book.of(scope, part.en):
                    same = (whole.period, whole.unit) == (part.period, part.unit) and whole.kind in LEVELS
                    if same and interval_of(part).low > interval_of(whole).high:
                        size = gap(part.value, whole.value)
                        yield Finding("part_over_whole", "contradiction", (part, whole), size, {})


def _above(scope: str, settings: Settings) -> Iterator[str]:
    seen = {scope}
    while (scope := settings.parents.get(scope, "")) and scope not in seen:
        seen.add(scope)
        yield scope


def implied_wholes(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find shares and levels of one year that imply different totals (facts, or targets)."""
    for targets in (False, True):
        for (scope, _, _), group in _implied(book, settings, targets).items():
            yield from _against_level(scope, group, book, targets)
            first, *others = group
            for other in others:
                if other.interval.apart(first.interval):
                    yield _two_wholes(first, other, targets)


def _two_wholes(first: Implied, other: Implied, targets: bool) -> Finding:
    rule = "target_wholes" if targets else "implied_wholes"
    kind = other.entry.kind or ("target_against_target" if targets else "contradiction")
    values = {
        "one": other.said,
        "other": first.said,
        "small": other.shown,
        "large": first.shown,
        # What the first share would be, if the other whole were right.
        "share": f"{100 * first.facts[0].value / other.value:.1f}%",
    }
    size = gap(first.value, other.value)
    return Finding(rule, kind, other.facts + first.facts, size, values, _note(other.entry))


def _against_level(scope: str, group: list[Implied], book: Book, targets: bool) -> Iterator[Finding]:
    """Compare an implied whole with the whole itself, where that is printed."""
    for one in group:
        whole = book.at(scope, one.entry.whole, one.facts[0].year or 0, targets=targets)
        # A level that is its own whole (a city's GDP in a prefecture's) says nothing about itself.
        if whole and whole.value > 0 and whole not in one.facts and one.interval.apart(interval_of(whole)):
            values = {"one": one.said, "small": one.shown, "share": _share(one.facts[0], whole)}
            size = gap(one.value, whole.value)
            kind = one.entry.kind or ("target_against_target" if targets else "contradiction")
            yield Finding("share_of_level", kind, (*one.facts, whole), size, values, _note(one.entry))


def wholes_overtaken(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two targets whose implied total was passed before their year: one of them has lost its meaning."""
    facts = _implied(book, settings, False)
    for (scope, whole, year), group in _implied(book, settings, True).items():
        earlier = [
            one
            for (place, name, then), found in facts.items()
            if (place, name) == (scope, whole) and then < year
            for one in found
        ]
        latest = max(earlier, key=lambda one: one.facts[0].year or 0, default=None)
        for one in group if latest else ():
            if latest and latest.interval.low > one.interval.high:
                yield _overtaken(one, latest)


def _overtaken(one: Implied, latest: Implied) -> Finding:
    level, share = one.facts
    values = {
        "one": one.said,
        "small": one.shown,
        "fact": latest.said,
        "large": latest.shown,
        "year": str(latest.facts[0].year),
        "share": f"{100 * level.value / latest.value:.1f}%",
        "level": number(latest.value * share.value / 100),
    }
    size = gap(one.value, latest.value)
    return Finding("whole_overtaken", "target_against_fact", one.facts + latest.facts, size, values)


def _implied(book: Book, settings: Settings, targets: bool) -> dict[tuple[str, str, int], list[Implied]]:
    """Return all implied wholes by (scope, name, year)."""
    found: dict[tuple[str, str, int], list[Implied]] = {}
    for entry in settings.wholes:
        for scope in book.scopes:
            for level in book.of(scope, entry.level):
                share = _share_of(level, entry, book)
                if share is None or level.year is None or level.value <= 0 or not _usable(level, targets):
                    continue
                interval = interval_of(level) / (_hundredth(interval_of(share)))
                value = 100 * level.value / share.value
                key = (entry.scope or scope, book.names.of(entry.whole), level.year)
                found.setdefault(key, []).append(Implied(entry, (level, share), interval, value))
    return found


def _usable(level: Fact, targets: bool) -> bool:
    return level.kind == "target" if targets else level.kind in LEVELS


def _share_of(level: Fact, entry: Whole, book: Book) -> Fact | None:
    for share in book.of(level.scope, entry.share):
        same = (share.period, share.source, share.is_target) == (level.period, level.source, level.is_target)
        if same and share.unit == "%" and share.value > 0:
            return share
    return None


def share_drift(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a share that moved otherwise than the stated growth of part and whole let it.

    Prices play no part where part and whole have the same: share × ((1 + part) / (1 + whole))^years.
    """
    for entry in settings.drifts:
        found = book.pick_all((entry.start, entry.end, entry.part, entry.whole))
        if len(found) != 4 or min(found[2].value, found[3].value) <= -99:
            continue
        start, end, part, whole = found
        years = (end.year or 0) - (start.year or 0)
        yearly = _plus_one(part) / _plus_one(whole)
        ends = interval_of(start)
        band = Interval(ends.low * power(yearly.low, years), ends.high * power(yearly.high, years))
        if years > 0 and band.apart(interval_of(end)):
            moved = start.value * power((1 + part.value / 100) / (1 + whole.value / 100), years)
            values = {
                "moved": f"{moved:.2f}%",
                "years": str(years),
                "ahead": number(part.value - whole.value),
                "factors": f"{factor(part.value)} / {factor(whole.value)}",
            }
            yield Finding("share_drift", "contradiction", found, gap(moved, end.value), values)


def whole_carried_back(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a part that is larger than its whole, once the whole is carried back by its stated growth."""
    for entry in settings.exceeds:
        found = book.pick_all((entry.part, entry.whole, entry.rate))
        if len(found) != 3 or found[0].unit != found[1].unit or found[2].value <= -99:
            continue
        part, whole, rate = found
        years = (whole.year or 0) - (part.year or 0)
        before = whole.value / power(1 + rate.value / 100, max(years, 0))
        if part.value > before:
            values = {"years": str(years), "before": number(before), "factor": factor(rate.value)}
            note = {"zh": entry.zh, "en": entry.en}
            size = gap(part.value, before)
            yield Finding("whole_carried_back", "differing_definition", found, size, values, note)


def _plus_one(rate: Fact) -> Interval:
    """Return the yearly factor of a growth rate in %."""
    ends = interval_of(rate)
    return Interval(1 + ends.low / 100, 1 + ends.high / 100)


def _share(level: Fact, whole: Fact) -> str:
    return f"{100 * level.value / whole.value:.1f}%"


def _hundredth(interval: Interval) -> Interval:
    return Interval(interval.low / 100, interval.high / 100)


def _note(entry: Whole) -> dict[str, str]:
    return {"zh": entry.zh, "en": entry.en} if entry.zh else {}
