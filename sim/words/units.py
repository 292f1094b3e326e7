"""Units as people read them; money is 亿元 in Chinese and billion yuan in English, everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.words.numbers import given
from sim.words.vocabulary import units, word

__all__ = ["Unit", "money", "unit_of"]

YI = "100 million yuan"
"""The unit that data keep money in."""


@dataclass(frozen=True)
class Unit:
    """A unit in one language: its name, and the power of ten from the stored to the shown number."""

    name: str
    shift: int = 0

    def drawn(self, value: float) -> float:
        """Return a stored value in this unit, for an axis; text takes ``shift``, which is exact."""
        return value * 10.0**self.shift if self.shift else value


def unit_of(stored: str | Mapping[str, str], lang: str) -> Unit:
    """Return the unit to show for a unit as data have it: a plain name, or {"zh": …, "en": …}."""
    name = stored if isinstance(stored, str) else stored.get("en", "")
    entry = units().get(name)
    if entry is None:
        return Unit(stored if isinstance(stored, str) else stored.get(lang) or name)
    if lang != "en" and not isinstance(stored, str):
        return Unit(stored.get(lang) or str(entry[lang]))
    return Unit(str(entry[lang]), int(entry.get(f"shift_{lang}", 0)))


def money(value: float, lang: str) -> str:
    """Return a stated amount of money, stored in 亿元, with its unit: 1000亿元, 100 billion yuan."""
    return word(lang, "money", amount=given(value, shift=unit_of(YI, lang).shift))
