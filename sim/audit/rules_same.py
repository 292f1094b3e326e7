"""Rules on one quantity that stands in two places: two values, two dates, two definitions, a forecast."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from sim.audit.book import Book
from sim.audit.findings import Finding, gap, number
from sim.audit.intervals import interval_of
from sim.audit.settings import Settings
from sim.spec.facts import Fact

__all__ = ["declared_same", "missed_forecast", "renamed", "two_dates", "two_values"]

OUTCOMES = ("observed", "lower_bound", "upper_bound", "approximate")


def two_values(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find one indicator of one period with two values, in one document or in two.

    Rounding and open bounds are allowed for. Facts are compared with facts and targets with targets.
    """
    for group in book.groups():
        for one, other in combinations(group, 2):
            same = (one.period, one.unit, _side(one)) == (other.period, other.unit, _side(other))
            if same and _side(one) and interval_of(one).apart(interval_of(other)):
                rule = "text_table" if one.source == other.source else "two_sources"
                yield Finding(rule, "contradiction", (one, other), gap(one.value, other.value), {})


def two_dates(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a target that one document sets for two years (text and table), or a later plan puts off."""
    for group in book.groups():
        targets = [fact for fact in group if fact.kind == "target" and fact.year is not None]
        for one, other in combinations(sorted(targets, key=lambda fact: fact.year or 0), 2):
            years = (other.year or 0) - (one.year or 0)
            if not years or one.unit != other.unit or other.value > one.value:
                continue
            size = min(years * settings.limits.year_of_delay, 1.0)
            values = {"years": str(years)}
            if one.source != other.source:
                yield Finding("put_off", "older_vintage", (one, other), size, values)
            elif book.marked(one) != book.marked(other) and not _has_twin(one, group, book):
                yield Finding("two_dates", "contradiction", (one, other), size, values)


def declared_same(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two values of what the settings declare to be one quantity."""
    for entry in settings.same:
        found = book.pick_all(entry.facts)
        if len(found) == 2 and interval_of(found[0]).apart(interval_of(found[1])):
            one, other = found
            values = {"difference": number(abs(one.value - other.value))}
            size = gap(one.value, other.value)
            facts = found + book.pick_all(entry.context)
            yield Finding("one_quantity", entry.kind, facts, size, values, {"zh": entry.zh, "en": entry.en})


def renamed(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a pair of definitions between which no growth may be computed, and the growth it would give."""
    for entry in settings.renamed:
        found = book.pick_all((entry.start, entry.end))
        if len(found) == 2 and found[0].unit == found[1].unit and found[0].value > 0:
            one, other = found
            values = {"change": f"{100 * (other.value / one.value - 1):+.0f}%"}
            note = {"zh": entry.zh, "en": entry.en}
            size = gap(one.value, other.value)
            yield Finding("renamed", "differing_definition", found, size, values, note)


def missed_forecast(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a forecast, or a target of a year that is over, which the outcome did not reach."""
    pairs = [book.pick_all((entry.forecast, entry.outcome)) for entry in settings.forecasts]
    for group in book.groups():
        ahead = [fact for fact in group if fact.kind in ("forecast", "target", "target_max")]
        after = [fact for fact in group if fact.kind in OUTCOMES]
        pairs += [(one, other) for one in ahead for other in after if one.period == other.period]
    for pair in pairs:
        if len(pair) == 2 and pair[0].unit == pair[1].unit and _missed(*pair):
            size = gap(pair[0].value, pair[1].value)
            yield Finding("missed_forecast", "missed_forecast", pair, size, {"share": f"{100 * size:.1f}%"})


def _missed(forecast: Fact, outcome: Fact) -> bool:
    if forecast.kind == "target_max":
        return outcome.value > forecast.value
    # "Over 1400" is said where 1500 was not reached: of two round numbers the larger would have been named.
    return outcome.value < forecast.value


def _side(fact: Fact) -> str:
    """Return what may be compared with each other; nothing for figures that are only derived."""
    if fact.is_target:
        return "target"
    if fact.kind in ("derived", "planned_capacity", "forecast"):
        return ""
    return "fact"


def _has_twin(one: Fact, group: tuple[Fact, ...], book: Book) -> bool:
    """Whether text and table agree on the earlier year already."""
    return any(
        fact.is_target and fact.period == one.period and fact.source == one.source
        for fact in group
        if book.marked(fact) != book.marked(one)
    )
