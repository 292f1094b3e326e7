"""The words of findings, from ``calibration/audit_text.toml``, with every number in its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, NamedTuple

from sim.audit.findings import Finding
from sim.audit.intervals import scale, unit_base
from sim.errors import BadInput
from sim.folders import content
from sim.spec.facts import Fact
from sim.words import Unit, given, unit_of

__all__ = ["LANGUAGES", "FactWords", "Wording", "load_wording"]

LANGUAGES = ("zh", "en")
MONEY = "CNY"
NUMBER_AND_UNIT = re.compile(r"\{(\w+)\}\{(\w)\.unit\}")
"""In a template, a worked-out number followed by the unit of a fact."""

NUMERALS = {
    "zh": {1e4: "万", 1e8: "亿", 1e12: "万亿"},
    "en": {1e4: "10 thousand", 1e8: "100 million", 1e12: "trillion"},
}


class FactWords(NamedTuple):
    """A fact as a template sees it: ``{a.name}``, ``{a.said}``, ``{a.at}`` and so on."""

    name: str
    value: str
    unit: str
    said: str
    source: str
    section: str
    at: str
    period: str
    scope: str


@dataclass(frozen=True)
class Wording:
    """The templates of one language."""

    lang: str
    entries: Mapping[str, Any]

    def rule(self, finding: Finding) -> str:
        """Return the name of the rule."""
        return str(self.entries["rules"][finding.rule][f"name_{self.lang}"])

    def kind_name(self, kind: str) -> str:
        """Return the name of a class by its key."""
        return str(self.entries["classes"][kind][self.lang])

    def importance_name(self, name: str) -> str:
        """Return the word for low, medium or high."""
        return str(self.entries["importance"][name][self.lang])

    def arithmetic(self, finding: Finding) -> str:
        """Return the arithmetic, without words (a few units are English)."""
        return self._filled(finding, "arithmetic")

    def text(self, finding: Finding) -> str:
        """Return one or two sentences, with the reason for the class where there is one."""
        said = self._filled(finding, self.lang)
        note = finding.note.get(self.lang, "")
        joined = said + note if self.lang == "zh" or not note else f"{said} {note}"
        return joined[:1].upper() + joined[1:]

    def _filled(self, finding: Finding, key: str) -> str:
        template = str(self.entries["rules"][finding.rule][key])
        words = [self.fact(fact) for fact in finding.facts]
        facts = dict(zip(ascii_lowercase, words, strict=False))
        values = {**finding.values, **self._in_units(template, finding)}
        return template.format(**values, **facts, others=self._others(words), span=self._span(finding))

    def _in_units(self, template: str, finding: Finding) -> dict[str, str]:
        """Return the worked-out numbers that a template gives in the unit of a fact, in the unit shown."""
        place = dict(zip(ascii_lowercase, finding.facts, strict=False))
        asked = {name: place[letter] for name, letter in NUMBER_AND_UNIT.findall(template)}
        return {
            name: given(float(finding.values[name]), shift=self._shown(fact).shift)
            for name, fact in asked.items()
            if self._shown(fact).shift
        }

    def _shown(self, fact: Fact) -> Unit:
        """Return the unit that money is shown in; other units are written by this table's own words."""
        base, _, _ = unit_base(fact).partition("/")
        return unit_of(fact.unit.partition("/")[0], self.lang) if base == MONEY else Unit("")

    def _others(self, words: list[FactWords]) -> str:
        """Return the facts after the first as a list."""
        said = [
            f"{word.name} {word.said}" if self.lang == "en" else f"{word.name}{word.said}" for word in words
        ]
        return ("、" if self.lang == "zh" else " + ").join(said[1:])

    def _span(self, finding: Finding) -> str:
        years = finding.values.get("years", "")
        return f"{years}年" if self.lang == "zh" else f"{years} year" + ("" if years == "1" else "s")

    def fact(self, fact: Fact) -> FactWords:
        """Return the words of one fact."""
        value, unit = fact.printed or f"{fact.value:g}", self._unit(fact)
        shift = self._shown(fact).shift
        said = given(float(value), shift=shift) if shift else value
        return FactWords(
            name=fact.zh if self.lang == "zh" else fact.en,
            value=value,
            unit=unit,
            said=self._word("bounds", fact.kind, "") + said + unit,
            source=fact.source,
            section=fact.section,
            at=self._place(fact),
            period=self._period(fact.period),
            scope=self._word("scopes", fact.scope, fact.scope),
        )

    def _place(self, fact: Fact) -> str:
        if self.lang == "zh" and fact.section:
            return f"{fact.source}“{fact.section}”"
        return f"{fact.source} {fact.section}".strip()

    def _word(self, group: str, key: str, otherwise: str) -> str:
        return str(self.entries[group].get(key, {}).get(self.lang, otherwise))

    def _period(self, period: str) -> str:
        word = self._word("periods", period, period)
        return f"{word}年" if self.lang == "zh" and word[-4:].isdecimal() else word

    def _unit(self, fact: Fact) -> str:
        """Return the unit as it follows a number, with a space before it in English."""
        base, _, a_year = unit_base(fact).partition("/")
        word = self._word("units", base, base)
        power = fact.unit.partition(" ")[0] if scale(fact) != 1.0 else ""
        many = NUMERALS[self.lang].get(scale(fact), power)
        if self._shown(fact).shift:
            return f" {self._shown(fact).name}" + (" a year" if a_year else "")
        if self.lang == "zh":
            many = f"×{many}" if many and many == power else many
            return f"{many}{word}" + ("/年" if a_year else "")
        if word == "%":
            return "%"
        joined = " ".join(part for part in (f"× {many}" if many else "", word) if part)
        return (f" {joined}" if joined else "") + (" a year" if a_year else "")


def load_wording(lang: str) -> Wording:
    """Return the templates of ``lang``; another language than zh or en is a BadInput."""
    if lang not in LANGUAGES:
        raise BadInput(f"The language {lang!r} is not known. Allowed: {', '.join(LANGUAGES)}.")
    return Wording(lang, _entries())


def _entries() -> dict[str, Any]:
    return tomllib.loads(content("calibration", "audit_text.toml").read_text(encoding="utf-8"))
