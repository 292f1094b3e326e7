"""The sentences of figures and reports, from ``reports/text.<language>.toml``.

Numbers in them are written by :mod:`sim.words`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sim import words
from sim.errors import BadInput, SimError
from sim.folders import content

__all__ = ["LANGUAGES", "Text", "folded", "load_text"]

LANGUAGES = words.LANGUAGES


@dataclass(frozen=True)
class Text:
    """Sentences and words of one language, looked up by dotted key."""

    lang: str
    entries: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)
    """What the place is called: city, prefecture, pole, within."""

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence at ``key`` with ``values`` in its places; a missing key is a SimError."""
        return self.filled(str(self.entry(key)), **values)

    def filled(self, sentence: str, /, **values: object) -> str:
        """Return a sentence with the names of the place and ``values`` in its places."""
        return sentence.format(**{**self.names, **values})

    def about(self, place: Mapping[str, Mapping[str, str]]) -> Text:
        """Return these texts about a place, given as name → language → what it is called."""
        return replace(self, names={name: self.of(called) for name, called in place.items()})

    def entry(self, key: str) -> Any:
        """Return what stands at the dotted ``key``."""
        node: Any = self.entries
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise SimError(f"reports/text.{self.lang}.toml has no entry {key!r}.")
            node = node[part]
        return node

    def word(self, group: str, name: object) -> str:
        """Return the word for ``name`` in a group such as ``words.evidence``, else ``name`` itself."""
        return str(self.entry(group).get(str(name), name))

    def of(self, row: Mapping[str, Any]) -> str:
        """Return the text of ``row`` (keys zh and en) in this language, on one line."""
        chosen = row.get(self.lang) or row.get("zh") or row.get("en") or ""
        return " ".join(str(chosen).split())

    def title(self, row: Mapping[str, Any]) -> str:
        """Return the text of ``row`` with a capital at its start, for the head of a row or a panel."""
        name = self.of(row)
        return name[:1].upper() + name[1:]

    def unit(self, row: Mapping[str, Any]) -> words.Unit:
        """Return the unit to show for the ``unit`` of ``row``."""
        return words.unit_of(row["unit"], self.lang)

    def year(self, value: float | None, horizon: int) -> str:
        """Return the first year that reaches a level (see :func:`sim.words.year`)."""
        return words.year(value, horizon, self.lang)

    def money(self, value: float) -> str:
        """Return a stated amount, stored in 亿元, with its unit."""
        return words.money(value, self.lang)


def load_text(lang: str) -> Text:
    """Return the texts of ``lang``; another language than zh or en is a BadInput."""
    if lang not in LANGUAGES:
        raise BadInput(f"Unknown language {lang!r}. Allowed are: {', '.join(LANGUAGES)}.")
    path = content("reports", f"text.{lang}.toml")
    return Text(lang, tomllib.loads(path.read_text(encoding="utf-8")))


def folded(name: str, wide: int = 36) -> str:
    """Return ``name`` on at most two lines of about ``wide`` Latin letters; Chinese ones count double."""
    first, rest = _cut(name, wide)
    if not rest:
        return name
    second, lost = _cut(rest, wide)
    return f"{first}\n{second[:-1].rstrip() + '…' if lost else second}"


def _cut(words: str, wide: int) -> tuple[str, str]:
    """Split ``words`` where ``wide`` columns are full, at a space if one is near."""
    columns = 0
    for place, letter in enumerate(words):
        columns += 2 if ord(letter) > 0x2E80 else 1
        if columns > wide:
            space = words.rfind(" ", place // 2, place + 1)
            cut = space if space > 0 else place
            return words[:cut].rstrip(), words[cut:].lstrip()
    return words, ""
