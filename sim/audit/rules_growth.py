"""Rules on growth: stated rates against levels, targets against the pace so far, rows against rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from sim.audit.book import LEVELS, Book, span
from sim.audit.findings import Finding, factor, gap, number
from sim.audit.intervals import Interval, compounded, growth, interval_of, scale, unit_base
from sim.audit.settings import Settings
from sim.spec.facts import Fact

__all__ = ["falling_ratio", "needed_pace", "pace", "rows_apart", "spending", "stated_rates"]

MONEY = ("CNY", "USD", "CNY/yr", "USD/yr")


def stated_rates(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a stated growth rate that differs from the one its levels imply.

    A rate at constant prices may differ from levels at current prices by ``price_drift`` points a year.
    """
    for rate in book.facts:
        if rate.unit != "%" or rate.kind not in ("stated_rate", "lower_bound", "target"):
            continue
        level, current = _level_of(rate, book, settings)
        ends = _ends(rate, level, book) if level else None
        if ends:
            yield from _against_rate(ends[0], ends[1], rate, ends[2], settings, current=current)


def _against_rate(
    start: Fact, end: Fact, rate: Fact, years: int, settings: Settings, *, current: bool
) -> Iterator[Finding]:
    implied = growth(interval_of(start), interval_of(end), years)
    room = 0.0 if current or unit_base(start) not in MONEY else settings.limits.price_drift
    stated = interval_of(rate)
    if implied.apart(Interval(stated.low - room, stated.high + room)):
        rule, kind = "stated_rates_money" if room else "stated_rates", "contradiction"
        if end.is_target and rate.is_target:
            rule, kind = "target_rates", "target_against_target"
        size = gap(_carried(start, rate, years), end.value)
        values = _rate_values(start, end, rate, years)
        yield Finding(rule, kind, (start, end, rate), size, values)


def pace(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two levels that are further apart than the only growth stated for the quantity explains."""
    for entry in settings.paces:
        found = book.pick_all((entry.start, entry.end, entry.rate))
        if len(found) != 3 or found[0].value <= 0:
            continue
        start, end, rate = found
        years = (end.year or 0) - (start.year or 0)
        if years <= 0:
            continue
        implied = _needed(start.value, end.value, years)
        if abs(implied - rate.value) > settings.limits.price_drift:
            size = gap(_carried(start, rate, years), end.value)
            note = {"zh": entry.zh, "en": entry.en}
            values = _rate_values(start, end, rate, years)
            yield Finding("pace", "differing_definition", found, size, values, note)


def needed_pace(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find a target whose needed growth is far from the growth stated so far, or steep where none is.

    Of several target years of one document the last is taken. Shares are left out: they have a ceiling.
    """
    for target in _last_targets(book):
        base = book.latest(target)
        if base is None or target.unit == "%" or base.value <= 0 or target.value <= base.value:
            continue
        years = (target.year or 0) - (base.year or 0)
        needed = _needed(base.value, target.value, years)
        rate = book.rate_of(base, base.year or 0)
        if rate is None:
            yield from _steep(base, target, needed, years, settings)
        elif _far(needed, rate.value, settings):
            rule = "too_fast" if needed > rate.value else "too_slow"
            values = _rate_values(base, target, rate, years)
            size = gap(_carried(base, rate, years), target.value)
            yield Finding(rule, "target_against_fact", (base, target, rate), size, values)


def _steep(base: Fact, target: Fact, needed: float, years: int, settings: Settings) -> Iterator[Finding]:
    limits = settings.limits
    many = base.unit != "count" or base.value >= limits.fewest
    times = target.value / base.value
    if many and needed >= limits.steep_rate and times >= limits.steep_factor:
        values = {"needed": number(needed), "years": str(years), "times": number(times)}
        yield Finding("steep", "target_against_fact", (base, target), gap(base.value, target.value), values)


def _far(needed: float, stated: float, settings: Settings) -> bool:
    fast, slow = max(needed, stated), min(needed, stated)
    return fast - slow >= settings.limits.pace_points and fast > settings.limits.pace_ratio * slow


def rows_apart(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two rows of targets that leave no room for the rest: the part's growth alone exceeds the whole's.

    If the part's value added grew as its row does, share × growth would be more than the whole grows.
    """
    for entry in settings.rows:
        for scope in book.scopes:
            share = max(
                (fact for fact in book.of(scope, entry.share) if fact.kind in LEVELS),
                key=lambda fact: fact.year or 0,
                default=None,
            )
            parts = {fact.year: fact for fact in book.of(scope, entry.part) if fact.kind == "target"}
            for one, other in pairwise(sorted(parts, key=lambda year: year or 0)):
                wholes = [book.at(scope, entry.whole, year or 0, targets=True) for year in (one, other)]
                if share and wholes[0] and wholes[1]:
                    facts = (parts[one], parts[other], wholes[0], wholes[1], share)
                    if all(fact.value > 0 for fact in facts) and share.value < 100:
                        yield from _row_pair(facts, (other or 0) - (one or 0))


def _row_pair(facts: tuple[Fact, Fact, Fact, Fact, Fact], years: int) -> Iterator[Finding]:
    part = _needed(facts[0].value, facts[1].value, years)
    whole = _needed(facts[2].value, facts[3].value, years)
    share = facts[4].value / 100
    if share * part > whole:
        values = {
            "years": str(years),
            "part": number(part),
            "whole": number(whole),
            "points": number(share * part),
            "rest": number((whole - share * part) / (1 - share)),
        }
        size = gap(facts[1].value / facts[0].value, facts[3].value / facts[2].value)
        yield Finding("rows_apart", "target_against_target", facts, size, values)


def falling_ratio(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two rows of targets whose ratio falls although the plan wants it to rise."""
    for entry in settings.falling:
        for scope in book.scopes:
            above = {fact.year: fact for fact in book.of(scope, entry.numerator) if fact.kind == "target"}
            below = {fact.year: fact for fact in book.of(scope, entry.denominator) if fact.kind == "target"}
            years = sorted((year for year in above if year and year in below), key=int)
            for one, other in pairwise(years):
                facts = (above[one], below[one], above[other], below[other])
                if min(fact.value for fact in facts) <= 0:
                    continue
                first = interval_of(facts[0]) / interval_of(facts[1])
                last = interval_of(facts[2]) / interval_of(facts[3])
                if last.high < first.low:
                    ratios = (facts[0].value / facts[1].value, facts[2].value / facts[3].value)
                    values = {"first": f"{100 * ratios[0]:.1f}%", "last": f"{100 * ratios[1]:.1f}%"}
                    note = {"zh": entry.zh, "en": entry.en}
                    yield Finding("falling_ratio", "target_against_target", facts, gap(*ratios), values, note)


def spending(book: Book, settings: Settings) -> Iterator[Finding]:
    """Find two targets whose ratio (such as spending per visit) is far from the latest fact's."""
    for entry in settings.intensities:
        for scope in book.scopes:
            for above in book.of(scope, entry.numerator):
                below = book.at(scope, entry.denominator, above.year or 0, targets=True)
                base = book.latest(above) if above.kind == "target" and below else None
                under = book.at(scope, entry.denominator, base.year or 0) if base else None
                if not (below and base and under and below.unit == under.unit):
                    continue
                if min(below.value, base.value, under.value) <= 0:
                    continue
                wanted, fact = _per(above, below), _per(base, under)
                if abs(wanted / fact - 1) > settings.limits.intensity:
                    values = {
                        "wanted": number(wanted),
                        "fact": number(fact),
                        "change": f"{100 * (wanted / fact - 1):+.0f}%",
                        "name_zh": entry.zh, "name_en": entry.en,
                        "unit_zh": entry.unit_zh, "unit_en": entry.unit_en,
                    }  # fmt: skip
                    facts = (above, below, base, under)
                    yield Finding("spending", "target_against_fact", facts, gap(wanted, fact), values)


def _per(above: Fact, below: Fact) -> float:
    return above.value * scale(above) / (below.value * scale(below))


def _level_of(rate: Fact, book: Book, settings: Settings) -> tuple[str, bool]:
    """Return the indicator whose growth ``rate`` is, and whether the rate is at current prices."""
    name = book.name(rate)
    for entry in settings.growth:
        if book.names.of(entry.rate) == name:
            return entry.level, entry.current
    for suffix in book.names.suffixes:
        if name.endswith(suffix):
            return name.removesuffix(suffix), False
    return "", False


def _ends(rate: Fact, level: str, book: Book) -> tuple[Fact, Fact, int] | None:
    """Return the levels at both ends of a rate's period, and the years between.

    A period of several years starts from the year before it, as five-year plans count; if there is no
    level of that year, from its own first year.
    """
    period = span(rate)
    if period is None:
        return None
    end = book.at(rate.scope, level, period[1], targets=rate.is_target)
    for first in (period[0] - 1, period[0]):
        start = book.at(rate.scope, level, first)
        if start and end and start.unit == end.unit and start.value > 0 and period[1] > first:
            return start, end, period[1] - first
    return None


def _last_targets(book: Book) -> Iterator[Fact]:
    for group in book.groups():
        last: dict[str, Fact] = {}
        for fact in group:
            known = last.get(fact.source)
            if fact.kind == "target" and fact.year and (known is None or fact.year > (known.year or 0)):
                last[fact.source] = fact
        yield from last.values()


def _needed(start: float, end: float, years: int) -> float:
    if start <= 0:
        return math.inf
    return 100 * (math.pow(max(end / start, 0.0), 1 / years) - 1)


def _carried(start: Fact, rate: Fact, years: int) -> float:
    return compounded(start.value, rate.value, years)


def _rate_values(start: Fact, end: Fact, rate: Fact, years: int) -> dict[str, str]:
    return {
        "years": str(years),
        "needed": number(_needed(start.value, end.value, years)),
        "carried": number(_carried(start, rate, years)),
        "factor": factor(rate.value),
    }
