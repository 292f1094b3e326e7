"""All rules over all facts: what is excused is left out, what is judged gets its class, and order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sim.audit.book import Book
from sim.audit.findings import CLASSES, Finding, importance
from sim.audit.rules_growth import falling_ratio, needed_pace, pace, rows_apart, spending, stated_rates
from sim.audit.rules_parts import (
    implied_wholes,
    part_over_whole,
    share_drift,
    sums,
    whole_carried_back,
    wholes_overtaken,
)
from sim.audit.rules_same import declared_same, missed_forecast, renamed, two_dates, two_values
from sim.audit.rules_targets import bounded_ratios, met_already, met_by_part
from sim.audit.settings import Settings, load_settings
from sim.audit.wording import LANGUAGES, Wording, load_wording
from sim.spec.facts import Fact

__all__ = ["RULES", "audit", "findings_for_record"]

Rule = Callable[[Book, Settings], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    two_values, two_dates, declared_same, missed_forecast, renamed,
    sums, part_over_whole, implied_wholes, wholes_overtaken, share_drift, whole_carried_back,
    stated_rates, pace, needed_pace, rows_apart, falling_ratio, spending,
    met_already, met_by_part, bounded_ratios,
)  # fmt: skip


def audit(facts: Iterable[Fact], settings: Settings | None = None) -> tuple[Finding, ...]:
    """Return what the rules find, by class and with the largest gaps of each first.

    Args:
        facts: the facts to hold against each other; they may be of another region.
        settings: limits and pairings (default: the shipped ones).

    Raises:
        BadInput: the settings cannot be read.
    """
    settings = settings or load_settings()
    book = Book(tuple(facts), settings.names)
    found = [_judged(one, settings, book) for rule in RULES for one in rule(book, settings)]
    kept = [one for one in found if not _excused(one, settings, book)]
    return tuple(sorted(kept, key=_order))


def findings_for_record(facts: Iterable[Fact], settings: Settings | None = None) -> list[dict[str, Any]]:
    """Return the findings as plain JSON data in both languages, as a run record keeps them.

    Each has ``rule``, ``class``, ``importance``, ``size``, ``arithmetic``, the ``facts`` with their
    places, and ``zh`` and ``en``: the words of rule, class and finding.
    """
    settings = settings or load_settings()
    wordings = {lang: load_wording(lang) for lang in LANGUAGES}
    return [_plain(one, settings, wordings) for one in audit(facts, settings)]


def _plain(finding: Finding, settings: Settings, wordings: Mapping[str, Wording]) -> dict[str, Any]:
    level = importance(finding.size, settings.limits.importance)
    words = {
        lang: {
            "rule": wording.rule(finding),
            "class": wording.kind_name(finding.kind),
            "importance": wording.importance_name(level),
            "text": wording.text(finding),
        }
        for lang, wording in wordings.items()
    }
    return {
        "rule": finding.rule,
        "class": finding.kind,
        "importance": level,
        "size": round(finding.size, 4),
        "arithmetic": wordings["en"].arithmetic(finding),
        "facts": [_plain_fact(fact) for fact in finding.facts],
        **words,
    }


def _plain_fact(fact: Fact) -> Mapping[str, Any]:
    names = ("id", "source", "section", "scope", "period", "value", "unit", "kind", "zh", "en")
    return {name: getattr(fact, name) for name in names}


def _judged(finding: Finding, settings: Settings, book: Book) -> Finding:
    for entry in settings.judged:
        if entry.rule == finding.rule and book.pick(entry.fact) in finding.facts:
            return replace(finding, kind=entry.kind, note={"zh": entry.zh, "en": entry.en})
    return finding


def _excused(finding: Finding, settings: Settings, book: Book) -> bool:
    return any(
        entry.rule == finding.rule and book.pick(entry.fact) in finding.facts for entry in settings.excused
    )


def _order(finding: Finding) -> tuple[int, float, tuple[str, ...]]:
    return CLASSES.index(finding.kind), -round(finding.size, 6), finding.ids
