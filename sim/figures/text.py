"""The words of figures and reports, from ``reports/text.<language>.toml``, and how numbers are written."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sim.errors import BadInput, SimError
from sim.folders import content

__all__ = ["LANGUAGES", "Text", "folded", "load_text"]

LANGUAGES = ("zh", "en")


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
        return replace(self, names={name: self.of(words) for name, words in place.items()})

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
        words = self.of(row)
        return words[:1].upper() + words[1:]

    def number(self, value: float | None, *, sign: bool = False) -> str:
        """Return ``value`` with about three significant digits; – where there is none."""
        return self.numbers(value, sign=sign)[0]

    def numbers(self, *values: float | None, sign: bool = False) -> list[str]:
        """Return ``values`` with the same number of decimals, as the largest of them needs."""
        sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
        whole = all(size == int(size) for size in sizes)
        digits = 0 if whole else _decimals(max(sizes))
        return [self._written(value, digits, "+" if sign else "") for value in values]

    def _written(self, value: float | None, digits: int, sign: str) -> str:
        if value is None or not math.isfinite(value):
            return "–"
        if abs(value) >= 1e7:
            return f"{value:{sign}.3g}".replace("-", "−")
        grouping = "," if self.lang == "en" and abs(value) >= 10_000 else ""
        return f"{value:{sign}{grouping}.{digits}f}".replace("-", "−")

    def band(self, low: float | None, middle: float | None, high: float | None, *, sign: bool = False) -> str:
        """Return ``middle (low–high)`` with equal decimals; ``sign`` shows a plus before the middle."""
        if middle is None:
            return "–"
        ends = self.numbers(low, middle, high)
        joint = "–" if low is None or low >= 0 else " – "
        plus = "+" if sign and middle > 0 else ""
        return f"{plus}{ends[1]} ({ends[0]}{joint}{ends[2]})"

    def percent(self, share: float | None) -> str:
        """Return a probability as a percentage; never 0 % or 100 %, which a sample cannot show."""
        if share is None or not math.isfinite(share):
            return "–"
        whole = round(100 * share)
        return "<1%" if whole < 1 else ">99%" if whole > 99 else f"{whole}%"

    def year(self, value: float | None, horizon: int) -> str:
        """Return the calendar year of a point in time; "after the horizon" where there is none."""
        if value is None or not math.isfinite(value):
            return self("words.later", year=horizon)
        return f"{math.floor(value + 1e-6):d}"


def _decimals(size: float) -> int:
    """Return the decimals that show about three significant digits of ``size``."""
    if size >= 99.95:
        return 0
    return 1 if size >= 9.995 else 2 if size >= 0.0995 else 4


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
