"""Amounts of money in the words of a language."""

from __future__ import annotations

from sim.figures import Text

__all__ = ["money", "scale"]


def money(text: Text, value: float) -> str:
    """Return an amount in 1e8 yuan in the words of the language: 1000亿元, 100 billion yuan."""
    return f"{text.number(value)}亿元" if text.lang == "zh" else f"{value * scale(text):.4g} billion yuan"


def scale(text: Text) -> float:
    """Return the factor from 1e8 yuan to the unit of page one: 亿元, or billion yuan in English."""
    return 1.0 if text.lang == "zh" else 0.1
