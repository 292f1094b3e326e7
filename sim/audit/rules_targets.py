"""Rules on targets that are met already, and on ratios that make no physical sense."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.audit.book import LEVELS, Book, additive
from sim.audit.findings import Finding, gap, number
from sim.audit.intervals import scale
from sim.audit.settings import Settings
from sim.spec.facts import Fact

__all__ = ["bounded_ratios", "met_already", "met_by_part"]


def met_already(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a target that the latest fact before its year meets."""
    for group in book.groups():
        for target in group:
            # One year's growth does not meet a target for the mean of several years.
            rate = book.name(target).endswith(book.names.suffixes)
            base = book.latest(target) if target.is_target and not rate else None
            if base and _meets(base, target):
                size = gap(base.value, target.value)
                yield Finding("met_already", "target_met", (target, base), size, {})


def met_by_part(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a scope's targets that a scope inside it meets alone."""
    for group in book.groups():
        for part in group:
            if part.kind not in LEVELS or not additive(part):
                continue
            whole = settings.parents.get(part.scope, "")
            met = [
                fact
                for fact in book.of(whole, part.en)
                if fact.kind == "target"
                and fact.unit == part.unit
                and _later(fact, part)
                and _meets(part, fact)
            ]
            if met:
                size = gap(part.value, min(fact.value for fact in met))
                values = {"many": str(len(met)), "targets": ", ".join(_target(fact) for fact in met)}
                yield Finding("met_by_part", "target_met", (part, *met), size, values)


def bounded_ratios(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a ratio outside what is possible or plausible, such as a mean haul or a use of capacity."""
    for entry in settings.bounded:
        above, below = book.pick(entry.numerator), book.pick_all(entry.denominators)
        bottom = math.fsum(fact.value * scale(fact) for fact in below)
        if above is None or bottom <= 0:
            continue
        ratio = above.value * scale(above) / bottom
        if entry.low <= ratio <= entry.high:
            continue
        limit = entry.low if ratio < entry.low else entry.high
        values = {
            "terms": _terms(below),
            "ratio": number(ratio),
            "limit": number(limit),
            "sign": "<" if ratio < entry.low else ">",
            "unit_zh": entry.unit_zh,
            "unit_en": f" {entry.unit_en}" if entry.unit_en else "",
        }
        note = {"zh": entry.zh, "en": entry.en}
        yield Finding("bounded", "physical_sense", (above, *below), gap(ratio, limit), values, note)


def _terms(facts: tuple[Fact, ...]) -> str:
    terms = " + ".join(fact.printed or number(fact.value) for fact in facts)
    return f"({terms})" if len(facts) > 1 else terms


def _target(fact: Fact) -> str:
    return f"{fact.value:g} ({fact.source}, {fact.period})"


def _meets(base: Fact, target: Fact) -> bool:
    if target.kind == "target_max":
        return base.value <= target.value and base.kind != "lower_bound"
    return base.value >= target.value


def _later(target: Fact, base: Fact) -> bool:
    return target.year is not None and base.year is not None and target.year > base.year
